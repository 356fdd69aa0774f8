"""`swapmatch import`: files of people -> the database."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from swapmatch.cli import options
from swapmatch.cli.errors import REJECTS

if TYPE_CHECKING:
    from swapmatch.cli.importing import Summary
    from swapmatch.people_files import Format

TOLD = 3  # rejects that are printed, of all


def command(
    files: Annotated[list[str], typer.Argument(help="Files of people, or - for stdin; .gz is decompressed.")],
    *,
    format: options.Format = None,  # noqa: A002 - the flag's name
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="FIELD=COLUMN,...",
            help="Which column holds which field: uid=id,skills_to_offer=can_teach,facets.country=country",
        ),
    ] = None,
    rejects: Annotated[
        str | None,
        typer.Option("--rejects", metavar="FILE", help="Where rejects go. [default: FILE.rejects.jsonl, here]"),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad row.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, write nothing.")] = False,
    as_json: options.AsJson = False,
    db: options.Db = None,
    encoder: options.Encoder = None,
    vectors: options.Vectors = None,
) -> None:
    """Import people from CSV, TSV, JSON, JSON Lines or Parquet.

    A bad row is put aside with its number and the reason, and the rest goes on; the exit code is then 3. Whoever is
    stored like this already costs nothing, so an interrupted import may simply be run again.

    A row replaces all that is stored of its person: what the file has no column for is blank afterwards.
    """
    from swapmatch.cli.importing import Import, Rejects, rejects_files
    from swapmatch.cli.opening import make_matcher, read_settings
    from swapmatch.people_files import PeopleFile

    settings = read_settings(db=db, encoder=encoder, vectors=vectors)
    sources = [PeopleFile(file, format=_checked(format), columns=columns) for file in files]
    targets = rejects_files(files, rejects, settings.db)
    for source in sources:
        source.check()  # before a database is made for it
    shared = None if rejects is None else Rejects(rejects, is_shared=len(files) > 1)
    has_rejects = False
    with nullcontext(None) if dry_run else make_matcher(settings) as matcher:
        for file, source, target in zip(files, sources, targets, strict=True):
            own = shared or Rejects(None if dry_run else target)
            try:
                summary = Import(file, source, matcher, own, is_strict=strict).run()
            finally:
                if own is not shared:
                    own.close()
            _tell(summary, as_json=as_json, is_dry=dry_run)
            has_rejects = has_rejects or summary.rejected > 0
            if strict and has_rejects:
                break
    if shared:
        shared.close()
    if has_rejects:
        raise typer.Exit(REJECTS)


def _checked(name: str | None) -> Format | None:
    from swapmatch.people_files.sources import checked_format

    return None if name is None else checked_format(name)


def _tell(summary: Summary, *, as_json: bool, is_dry: bool) -> None:
    from swapmatch.cli.output import print_json, visible

    for reject in summary.first_rejects[:TOLD]:
        typer.echo(f"{visible(summary.file)}, row {reject.row}: {visible(reject.reason)}", err=True)
    if summary.rejected > TOLD:
        typer.echo(f"... and {summary.rejected - TOLD:,} more", err=True)
    if summary.absent_skills:
        absent = f"{summary.absent_skills} is absent: it {'would be' if is_dry else 'is now'} blank"
        typer.echo(f"{visible(summary.file)}: {absent} for everybody in this file", err=True)
    if as_json:
        print_json(summary.as_json())
        return
    told = f"{summary.valid:,} people could be imported" if is_dry else _stored(summary)
    where = f" (see {summary.rejects_file})" if summary.rejects_file else ""
    rejected = f", {summary.rejected:,} rejected{where}"
    rate = f", {summary.seconds:.1f} s, {summary.people_per_s:,.0f} people/s"
    typer.echo(f"{visible(summary.file)}: {told}{rejected}{rate}")
    sys.stdout.flush()


def _stored(summary: Summary) -> str:
    return f"{summary.written:,} written, {summary.unchanged:,} unchanged, {summary.embedded:,} skills embedded"
