"""What people ask for -> checked values: texts, limits, modes and filters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, get_args

from swapmatch import skills
from swapmatch.errors import InvalidProfileError, InvalidQueryError
from swapmatch.models import Mode, Side
from swapmatch.ports import Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Facets = Mapping[str, str | Sequence[str]]

SIDES: dict[Mode, tuple[Side, ...]] = {"offers": ("offers",), "needs": ("needs",), "both": ("offers", "needs")}


def asked_skills(text: str, field: str) -> tuple[str, ...]:
    """Return the distinct skills that a query names, at least one.

    Raises:
        InvalidQueryError: The text is blank or beyond the limits of `swapmatch.skills`.
    """
    try:
        found = skills.split(check_text(text, field), field=field)
    except InvalidProfileError as error:
        raise InvalidQueryError(str(error), field=field) from None
    if not found:
        message = f"{field} is blank: name at least one skill"
        raise InvalidQueryError(message, field=field)
    return found


def asked_sides(mode: str) -> tuple[Side, ...]:
    """Return the sides that a mode looks at. Raises InvalidQueryError."""
    for known, sides in SIDES.items():
        if mode == known:
            return sides
    message = f"unknown mode {mode!r}: choose one of {', '.join(get_args(Mode))}"
    raise InvalidQueryError(message, field="mode")


def check_limit(limit: int) -> int:
    """Return the limit. Raises InvalidQueryError if it is no number from 1 up."""
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        message = f"limit must be a whole number from 1 up, not {limit!r}"
        raise InvalidQueryError(message, field="limit")
    return limit


def check_threshold(threshold: float) -> float:
    """Return the threshold. Raises InvalidQueryError if it is no number between 0 and 1."""
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0.0 <= threshold <= 1.0:
        message = f"threshold must be a number between 0 and 1, not {threshold!r}"
        raise InvalidQueryError(message, field="threshold")
    return threshold


def check_text(text: str, field: str) -> str:
    """Return the text. Raises InvalidQueryError if it is none."""
    if not isinstance(text, str):
        message = f"{field} must be a text, not {type(text).__name__}"
        raise InvalidQueryError(message, field=field)
    return text


def condition(where: Facets | None, exclude: Iterable[str]) -> Where:
    """Return a filter: each name with one value or several, compared like skills, without case.

    Raises:
        InvalidQueryError: `where` maps no names to texts, or `exclude` is no collection of uids.
    """
    if where is not None and not (isinstance(where, Mapping) and all(map(_is_texts, where.values()))):
        message = "where must map names to a value or several, each a text"
        raise InvalidQueryError(message, field="where")
    if isinstance(exclude, str) or not _is_texts(uids := tuple(exclude)):
        message = "exclude must be a collection of uids"
        raise InvalidQueryError(message, field="exclude")
    facets = {name: as_values(values) for name, values in (where or {}).items()}
    return Where(facets=facets, exclude=frozenset(uids))


def as_values(values: str | Iterable[str]) -> tuple[str, ...]:
    """Return one value or several in the form in which an index compares them."""
    several = (values,) if isinstance(values, str) else values
    return tuple(dict.fromkeys(skills.key(value) for value in several))


def _is_texts(values: object) -> bool:
    """Whether this is one text or a collection of texts."""
    if isinstance(values, str):
        return True
    return isinstance(values, Collection) and all(isinstance(value, str) for value in values)
