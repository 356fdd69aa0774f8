"""`swapmatch export`: everybody in the database -> a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from swapmatch.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from swapmatch.models import Profile
    from swapmatch.ports import ProfileStore


def command(
    file: Annotated[str, typer.Argument(help="Where to: a path (.gz compresses), or - for stdout.")],
    *,
    format: options.Format = None,  # noqa: A002 - the flag's name
    db: options.Db = None,
) -> None:
    """Write everybody to a file that swapmatch import reads back.

    Cells are written as they are. Whoever opens an exported CSV file in a spreadsheet program should import its columns
    as text: such programs run cells that begin with = + - or @ as formulas, and others wrote these cells.
    """
    from swapmatch import registry
    from swapmatch.cli.opening import check_there, read_settings
    from swapmatch.people_files import write_people
    from swapmatch.people_files.writing import target_format

    chosen = target_format(file, format)
    settings = read_settings(db=db)
    check_there(settings)
    store = registry.open_profile_store(settings.db)  # no encoder and no index: nothing is matched
    try:
        count = write_people(_people(store), file, format=chosen)
    finally:
        store.close()
    typer.echo(f"{count:,} people written", err=True)


def _people(store: ProfileStore) -> Iterator[Profile]:
    """Go through everybody once; who changes meanwhile comes as they first were."""
    seen: set[str] = set()
    cursor, more = None, True
    while more:
        page = store.changes(cursor)
        cursor, more = page.cursor, page.more
        for change in page.items:
            if change.stored is not None and change.uid not in seen:
                seen.add(change.uid)
                yield change.stored.profile
