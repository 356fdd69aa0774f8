"""The command line: one module a command, each a thin adapter over the library.

Results go to stdout, everything else to stderr. The modules import typer alone at their top, and what they need when
they run, so that `swapmatch --help` answers at once; for the same reason it is not drawn with rich.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer
from typer.main import get_command

from swapmatch.cli import (
    calibrate,
    demo,
    doctor,
    evaluate,
    export_people,
    import_people,
    match,
    model,
    openapi,
    recommend,
    reindex,
    search,
    serve,
)
from swapmatch.cli.errors import CLOSED_PIPE, EXIT_CODES_HELP, tell, unwritten
from swapmatch.errors import SwapMatchError

if TYPE_CHECKING:
    from collections.abc import Sequence

DEBUG = "--debug"

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, epilog=EXIT_CODES_HELP)
models = typer.Typer(no_args_is_help=True, help="Make a model for the fast encoder.")
models.command("export")(model.export)

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
app.command("calibrate")(calibrate.command)
app.add_typer(models, name="model")
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
        code = _run([arg for arg in args if arg != DEBUG])
        sys.stdout.flush()  # here, where a closed pipe or a full disk is no trouble yet
    except SwapMatchError as error:
        return tell(error, is_debugging=is_debugging)
    except BrokenPipeError:  # whoever read the results has enough of them
        _forget_stdout()
        return CLOSED_PIPE
    except OSError as error:
        _forget_stdout()
        return tell(unwritten(error), is_debugging=is_debugging)
    return code


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


def _run(args: list[str]) -> int:
    try:
        get_command(app).main(args=args, prog_name="swapmatch")
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # which Typer takes for a failure
            raise end.__context__ from None
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _forget_stdout() -> None:
    """Send what is still to be written nowhere: Python would try once more, and complain, when it ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _accept_any_letter() -> None:
    """Write what a terminal cannot show as an escape, instead of failing in the middle of the results."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
