"""Optional packages: imported where they are used, and a clear word where they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from swapmatch.errors import MissingExtraError

if TYPE_CHECKING:
    from types import ModuleType


def require(module: str, *, adapter: str, extra: str) -> ModuleType:
    """Import and return an optional module.

    Args:
        module: What to import, by its full name.
        adapter: Who needs it, as its user knows it: "the command line".
        extra: The extra of swapmatch that brings it.

    Raises:
        MissingExtraError: That very module is not installed; any other failure inside it passes through as it is.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not (module == error.name or module.startswith(f"{error.name}.")):
            raise
        message = f"{adapter} needs the package {error.name!r}: pip install 'swapmatch[{extra}]'"
        raise MissingExtraError(message, name=error.name) from error
