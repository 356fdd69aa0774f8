"""Flags -> settings -> a matcher, with the log set up on the way."""

from __future__ import annotations

import logging
import shlex
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from swapmatch.errors import ConfigurationError, EncoderMismatchError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from swapmatch.matcher import Matcher
    from swapmatch.settings import Settings


def read_settings(**flags: object) -> Settings:
    """Return the settings with these flags, and log to stderr as they say. Raises ConfigurationError."""
    from swapmatch.settings import load_settings

    settings = load_settings(**flags)
    log = logging.getLogger("swapmatch")
    if not any(isinstance(handler, _ToStderr) for handler in log.handlers):
        log.addHandler(_ToStderr())
    log.setLevel(settings.log_level.upper())
    return settings


@contextmanager
def open_matcher(settings: Settings) -> Iterator[Matcher]:
    """Open a matcher over people who are there already; to make a new database, use `make_matcher`."""
    check_there(settings)
    with make_matcher(settings) as matcher:
        yield matcher


@contextmanager
def make_matcher(settings: Settings) -> Iterator[Matcher]:
    """Open a matcher, with a new database if there is none."""
    from swapmatch.wiring import build_matcher

    try:
        with build_matcher(settings) as matcher:
            yield matcher
    except EncoderMismatchError as error:
        message = f"{error}\nFor this database: {reindex_command(settings)}"
        raise EncoderMismatchError(message) from error


def reindex_command(settings: Settings) -> str:
    """Return the command that embeds everybody of this database anew with this encoder, for a shell."""
    return shlex.join(["swapmatch", "reindex", "--db", settings.db, "--encoder", settings.encoder])


def check_there(settings: Settings) -> None:
    """Make sure that there is a database to read, rather than make an empty one of a mistyped path.

    Raises:
        ConfigurationError: There is no such file, or nothing in it.
    """
    path = database_file(settings.db)
    if path is not None and not is_there(path):
        message = f"there is no database {path}: fill it with swapmatch import, or name another one with --db"
        raise ConfigurationError(message)


def database_file(db: str) -> Path | None:
    """Return the file that a database's name stands for, or None where it is no file."""
    scheme, colon, rest = db.partition(":")
    if not colon or len(scheme) == 1:  # a drive letter is no scheme
        return Path(db).expanduser()
    if scheme.lower() == "sqlite":
        return Path(rest.removeprefix("///")).expanduser()
    return None


def is_there(path: Path) -> bool:
    """Whether there is a file with something in it: an empty one is a database that is yet to be made."""
    return path.exists() and not (path.is_file() and path.stat().st_size == 0)


class _ToStderr(logging.Handler):
    """Writes to what is stderr now, in one line a record."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        from swapmatch.cli.output import visible

        typer.echo(f"{record.levelname.lower()}: {visible(record.getMessage())}", err=True)
