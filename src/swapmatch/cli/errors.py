"""What an error becomes on the command line: a message on stderr and an exit code, by one table."""

from __future__ import annotations

import traceback

import typer

from swapmatch.errors import (
    ConfigurationError,
    EncoderError,
    InvalidProfileError,
    InvalidQueryError,
    NotIndexedError,
    PeopleFileError,
    ProfileNotFoundError,
    StoreError,
    SwapMatchError,
)

REJECTS = 3  # not an error: some people were not taken
CLOSED_PIPE = 141  # what a shell gives for a program that SIGPIPE ended: `swapmatch ... | head`

# The most specific class decides. 2 is also what Typer gives for a wrong flag; 130 is an interruption.
EXIT_CODES: dict[type[SwapMatchError], int] = {
    SwapMatchError: 1,
    ConfigurationError: 2,
    InvalidQueryError: 2,
    InvalidProfileError: 2,
    ProfileNotFoundError: 4,
    StoreError: 5,
    EncoderError: 6,
}
EXIT_CODES_HELP = (
    "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 some people were rejected, "
    "4 not found, 5 store trouble, 6 encoder trouble."
)


def exit_code(error: SwapMatchError) -> int:
    """Return the exit code of an error; who is stored but not indexed failed for the reason behind it."""
    if isinstance(error, NotIndexedError) and isinstance(error.__cause__, SwapMatchError):
        error = error.__cause__
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)


def unwritten(error: OSError) -> PeopleFileError:
    """Return our own error for the one of the standard output: nothing else is left to the outermost place."""
    reason = error.strerror or str(error)
    ours = PeopleFileError(f"cannot write the results: {reason}" if error.filename is None else str(error))
    ours.__cause__ = error
    return ours


def tell(error: SwapMatchError, *, is_debugging: bool) -> int:
    """Print an error to stderr, with its traceback if asked for, and return its exit code."""
    from swapmatch.cli.output import visible

    if is_debugging:
        typer.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    typer.echo(f"error: {visible(str(error), is_one_line=False)}", err=True)
    return exit_code(error)
