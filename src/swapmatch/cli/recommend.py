"""`swapmatch recommend`: skills that people with these skills also have or want."""

from __future__ import annotations

from typing import Annotated

import typer

from swapmatch.cli import options


def command(
    skills: Annotated[str, typer.Argument(help="The skills somebody has now, in any words.")],
    *,
    limit: options.Limit = 5,
    as_json: options.AsJson = False,
    db: options.Db = None,
    encoder: options.Encoder = None,
    vectors: options.Vectors = None,
) -> None:
    """Name skills that people with these skills also have or want."""
    from swapmatch.cli.opening import open_matcher, read_settings
    from swapmatch.cli.output import show

    with open_matcher(read_settings(db=db, encoder=encoder, vectors=vectors)) as matcher:
        found = matcher.recommend_skills(skills, limit=limit)
    columns = {
        "skill": lambda one: one.skill,
        "score": lambda one: one.score,
        "reason": lambda one: one.reason,
    }
    show(found, columns, as_json=as_json)
