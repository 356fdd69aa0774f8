"""`swapmatch match`: the best two-way matches of a person, of a text, or of everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from swapmatch.cli import options
from swapmatch.errors import InvalidQueryError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from swapmatch.matcher import Matcher
    from swapmatch.models import Match

PAIR_COLUMNS: dict[str, type] = {
    "uid_a": str,
    "uid_b": str,
    "score": float,
    "receives": float,
    "gives": float,
    "explanation": str,
}


def command(
    *,
    uid: Annotated[str | None, typer.Option("--uid", help="Match this stored person.")] = None,
    offer: Annotated[str | None, typer.Option("--offer", help="Match somebody who offers this.")] = None,
    need: Annotated[str | None, typer.Option("--need", help="... and needs this.")] = None,
    is_all: Annotated[bool, typer.Option("--all", help="Match everybody, one line a pair.")] = False,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="With --all: write .jsonl, .json, .csv, .tsv or .parquet."),
    ] = None,
    limit: options.Limit = 10,
    where: options.Where = None,
    exclude: options.Exclude = None,
    as_json: options.AsJson = False,
    db: options.Db = None,
    encoder: options.Encoder = None,
    vectors: options.Vectors = None,
) -> None:
    """Print the best two-way matches, each with its score and why.

    Scores are between 0 and 1. "receives" says how well they offer what is needed, "gives" how well the seeker
    offers what they need.
    """
    _check_who(uid=uid, offer=offer, need=need, is_all=is_all, output=output, exclude=exclude)
    condition = options.facets(where)
    from swapmatch.cli.opening import open_matcher, read_settings
    from swapmatch.people_files.writing import target_format

    if output is not None:
        target_format(output, None)
    with open_matcher(read_settings(db=db, encoder=encoder, vectors=vectors)) as matcher:
        if is_all:
            _match_all(matcher, limit, condition, output=output, as_json=as_json)
        elif uid is not None:
            _show(matcher.match(uid, limit=limit, where=condition, exclude=exclude or ()), as_json=as_json)
        else:
            found = matcher.match_text(
                offer=offer or "", need=need or "", limit=limit, where=condition, exclude=exclude or ()
            )
            _show(found, as_json=as_json)


def _check_who(
    *, uid: str | None, offer: str | None, need: str | None, is_all: bool, output: str | None, exclude: list[str] | None
) -> None:
    is_text = offer is not None or need is not None
    if [uid is not None, is_text, is_all].count(True) != 1:
        message = "say whom to match: --uid UID, or --offer TEXT with --need TEXT, or --all"
        raise InvalidQueryError(message)
    if is_text and (offer is None or need is None):
        message = "--offer and --need go together: a match works both ways"
        raise InvalidQueryError(message)
    if output is not None and not is_all:
        message = "--output goes with --all"
        raise InvalidQueryError(message)
    if is_all and exclude:
        message = "--exclude goes with --uid, or with --offer and --need"
        raise InvalidQueryError(message)


def _show(found: list[Match], *, as_json: bool) -> None:
    from swapmatch.cli.output import show

    columns = {
        "uid": lambda match: match.profile.uid,
        "name": lambda match: match.profile.display_name,
        "score": lambda match: match.score,
        "receives": lambda match: match.receives,
        "gives": lambda match: match.gives,
        "explanation": lambda match: match.explanation,
    }
    show(found, columns, as_json=as_json)


def _match_all(matcher: Matcher, limit: int, where: dict[str, list[str]], *, output: str | None, as_json: bool) -> None:
    from swapmatch.asking import check_limit
    from swapmatch.cli.output import print_json, print_lines, visible
    from swapmatch.people_files import write_table

    check_limit(limit)
    pairs = _pairs(matcher, limit, where)
    if output is not None:
        count = write_table(pairs, PAIR_COLUMNS, output)
        typer.echo(f"{count:,} pairs written to {output}", err=True)
    elif as_json:
        for pair in pairs:
            print_json(pair)
    else:
        print_lines([list(PAIR_COLUMNS)])
        print_lines([visible(str(value)) for value in pair.values()] for pair in pairs)


def _pairs(matcher: Matcher, limit: int, where: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    for uid, found in matcher.match_all(limit=limit, where=where):
        for match in found:
            yield {
                "uid_a": uid,
                "uid_b": match.profile.uid,
                "score": match.score,
                "receives": match.receives,
                "gives": match.gives,
                "explanation": match.explanation,
            }
