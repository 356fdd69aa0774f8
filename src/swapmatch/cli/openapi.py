"""`swapmatch openapi`: the description of the REST API."""

from __future__ import annotations

import typer


def command() -> None:
    """Print the OpenAPI description of the REST API as JSON."""
    import json

    from swapmatch.api import create_app
    from swapmatch.matcher import Matcher

    with Matcher.open("memory:", encoder="hashing:") as matcher:  # describes only: nothing is embedded
        schema = create_app(matcher).openapi()
    typer.echo(json.dumps(schema, indent=2, ensure_ascii=False))
