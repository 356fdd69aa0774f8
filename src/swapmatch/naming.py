"""Names with options, such as `fastembed:FOLDER?threads=2`: one place to read them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qsl

from swapmatch.errors import ConfigurationError
from swapmatch.relevance import Relevance

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Number = TypeVar("Number", int, float)

CURVE = ("midpoint", "scale")  # options that every encoder with a curve of its own takes


def read_name(name: str, *, takes: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """Return what stands between the scheme and `?`, and the options behind it, percent-decoded.

    Args:
        name: As in the settings: `scheme:rest?option=value&option=value`.
        takes: The options there are.

    Raises:
        ConfigurationError: An option is unknown, given twice, or not written as option=value.
    """
    rest, _, query = name.partition(":")[2].partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError as error:
        message = f"{name!r}: write options as ?{takes[0]}=…&{takes[-1]}=…"
        raise ConfigurationError(message) from error
    options = dict(pairs)
    if strange := sorted(options.keys() - set(takes)):
        message = f"{name!r}: there is no option {strange[0]!r}; choose from {', '.join(takes)}"
        raise ConfigurationError(message)
    if len(options) < len(pairs):
        message = f"{name!r}: give each option once"
        raise ConfigurationError(message)
    return rest, options


def curve(options: Mapping[str, str], default: Relevance) -> Relevance:
    """Return the default curve with the constants among the options in place of its own. Raises ConfigurationError."""
    constants = {name: number(options, name) for name in CURVE if name in options}
    return Relevance(**{"midpoint": default.midpoint, "scale": default.scale, **constants}) if constants else default


def number(options: Mapping[str, str], name: str) -> float:
    """Return the finite number that an option gives. Raises ConfigurationError."""
    return _read(options, name, float, "a number")


def whole_number(options: Mapping[str, str], name: str) -> int:
    """Return the whole number that an option gives. Raises ConfigurationError."""
    return _read(options, name, int, "a whole number")


def _read(options: Mapping[str, str], name: str, kind: Callable[[str], Number], what: str) -> Number:
    try:
        value = kind(options[name])
    except ValueError:
        value = None
    if value is None or not math.isfinite(value):
        message = f"{name}={options[name]}: not {what}"
        raise ConfigurationError(message)
    return value
