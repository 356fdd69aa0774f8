"""The command line: one module a command, each a thin adapter over the library.

Results go to stdout, everything else to stderr. The modules import typer alone at their top, and what they need when
they run, so that `swapmatch --help` answers at once; for the same reason it is not drawn with rich.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from typer.main import get_command

from swapmatch.cli import (
    demo,
    doctor,
    evaluate,
    export_people,
    import_people,
    match,
    openapi,
    recommend,
    reindex,
    search,
    serve,
)
from swapmatch.cli.errors import EXIT_CODES_HELP, tell
from swapmatch.errors import SwapMatchError

if TYPE_CHECKING:
    from collections.abc import Sequence

DEBUG = "--debug"

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, epilog=EXIT_CODES_HELP)
app.command("demo")(demo.command)
app.command("import")(import_people.command)
app.command("export")(export_people.command)
app.command("match")(match.command)
app.command("search")(search.command)
app.command("recommend")(recommend.command)
app.command("serve")(serve.command)
app.command("doctor")(doctor.command)
app.command("reindex")(reindex.command)
app.command("eval")(evaluate.command)
app.command("openapi")(openapi.command)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        from swapmatch import __version__

        typer.echo(f"swapmatch {__version__}")
        raise typer.Exit


def run(args: Sequence[str]) -> int:
    """Run one command and return its exit code; the outermost place where errors are caught.

    Args:
        args: The command with its arguments and flags.
    """
    _accept_any_letter()
    is_debugging = DEBUG in args
    try:
        get_command(app).main(args=[arg for arg in args if arg != DEBUG], prog_name="swapmatch")
        sys.stdout.flush()  # here, where a closed pipe is no trouble yet
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except SwapMatchError as error:
        return tell(error, is_debugging=is_debugging)
    return 0


@app.callback()
def _swapmatch(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option(DEBUG, help="Print a traceback with an error.")] = False,
) -> None:
    """Find people who can help each other: two-way matches between what people offer and what they need.

    Start with: swapmatch demo
    """
    del version, debug  # the one has its callback, the other is read by `run`: it may stand anywhere


def _accept_any_letter() -> None:
    """Write what a terminal cannot show as an escape, instead of failing in the middle of the results."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
