"""`swapmatch search`: people by the meaning of their skills."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from swapmatch.cli import options

if TYPE_CHECKING:
    from swapmatch.models import Mode


def command(
    query: Annotated[str, typer.Argument(help="One skill or several, in any words.")],
    *,
    mode: Annotated[
        str,
        typer.Option("--mode", metavar="MODE", help="Look at what people offer, need, or both: offers, needs, both."),
    ] = "offers",
    limit: options.Limit = 10,
    threshold: Annotated[
        float, typer.Option("--threshold", metavar="X", help="The lowest score wanted, 0 to 1.")
    ] = 0.0,
    where: options.Where = None,
    exclude: options.Exclude = None,
    as_json: options.AsJson = False,
    db: options.Db = None,
    encoder: options.Encoder = None,
    vectors: options.Vectors = None,
) -> None:
    """Find people whose skills mean what you ask for."""
    condition = options.facets(where)
    from swapmatch.cli.opening import open_matcher, read_settings
    from swapmatch.cli.output import show

    with open_matcher(read_settings(db=db, encoder=encoder, vectors=vectors)) as matcher:
        found = matcher.search(
            query,
            mode=cast("Mode", mode),  # the matcher refuses what is none
            limit=limit,
            threshold=threshold,
            where=condition,
            exclude=exclude or (),
        )
    columns = {
        "uid": lambda hit: hit.profile.uid,
        "name": lambda hit: hit.profile.display_name,
        "score": lambda hit: hit.score,
        "side": lambda hit: hit.side,
        "skills": lambda hit: "; ".join(hit.skills),
    }
    show(found, columns, as_json=as_json)
