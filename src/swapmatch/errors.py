"""Every error that swapmatch raises, and the one place that turns a driver's errors into them.

SwapMatchError
├── ConfigurationError             a setting, name or URL that cannot work
│   ├── MissingExtraError          a package is not installed (also ImportError)
│   └── EncoderMismatchError       vectors of one encoder met those of another
├── InvalidProfileError            a profile or text that cannot be taken (also ValueError)
├── InvalidQueryError              a limit, mode, threshold or query that cannot be answered (also ValueError)
├── ProfileNotFoundError           nobody has this uid or e-mail (also LookupError)
├── ConflictError                  the profile changed since it was read
├── PeopleFileError                a file of people that cannot be read or written
├── EncoderError                   the model failed
│   └── EncoderBusyError           too many wait for it: trying again later may work
└── StoreError                     a store answered with an error
    ├── StoreUnavailableError      a store did not answer: trying again later may work
    └── NotIndexedError            the profile is stored, but the index could not take it yet
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class SwapMatchError(Exception):
    """Whatever swapmatch raises on purpose."""


class ConfigurationError(SwapMatchError):
    """A setting, name or URL cannot work; the message says which and what would."""


class MissingExtraError(ConfigurationError, ImportError):
    """An optional package is not installed; the message ends with the pip command."""


class EncoderMismatchError(ConfigurationError):
    """A store holds vectors of another encoder; the message names both and the way out."""


class InvalidProfileError(SwapMatchError, ValueError):
    """A profile cannot be taken as it is.

    Attributes:
        field: The name of the field at fault, or None where it is the profile as a whole.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        """Keep the name of the field beside the message."""
        super().__init__(message)
        self.field = field


class InvalidQueryError(SwapMatchError, ValueError):
    """A question cannot be answered as asked: its limit, mode, threshold or text.

    Attributes:
        field: The name of the argument at fault.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        """Keep the name of the argument beside the message."""
        super().__init__(message)
        self.field = field


class ProfileNotFoundError(SwapMatchError, LookupError):
    """Nobody has this uid or e-mail."""


class ConflictError(SwapMatchError):
    """The profile changed since it was read: read it again, then write."""


class PeopleFileError(SwapMatchError):
    """A file of people cannot be read or written at all (a bad row is a reject instead)."""


class EncoderError(SwapMatchError):
    """The model could not turn texts into vectors."""


class EncoderBusyError(EncoderError):
    """Too many texts wait for the model already: the same call may work in a moment."""


class StoreError(SwapMatchError):
    """A store answered with an error."""


class StoreUnavailableError(StoreError):
    """A store did not answer in time or at all: the same call may work later."""


class NotIndexedError(StoreError):
    """The profile is stored, but cannot be found yet: the index or the encoder failed.

    Nothing is lost and nothing need be sent again: the index catches up when it next follows the change feed.
    """


@contextmanager
def translate(table: Mapping[type[Exception], type[SwapMatchError]], doing: str) -> Iterator[None]:
    """Raise our own error in place of a driver's, with the driver's as its cause.

    Args:
        table: Driver error -> our error; of several that fit, the most specific one wins.
        doing: What was tried, for the message: "write to people.db".
    """
    try:
        yield
    except tuple(table) as error:
        ours = next(table[base] for base in type(error).__mro__ if base in table)
        message = f"could not {doing}: {error}"
        raise ours(message) from error
