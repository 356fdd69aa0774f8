"""Which column holds which field of a profile, and what a cell says."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from swapmatch.errors import ConfigurationError, PeopleFileError
from swapmatch.fields import FACET_PATTERN, OWN_FACETS
from swapmatch.models import Profile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

FACETS = "facets"
FACET_PREFIX = "facets."
SEPARATOR = ";"  # between the values of one facet in one cell
THE_STORES = ("created_at", "updated_at", "rev")
SKILLS = ("skills_to_offer", "services_needed")
FIELDS = tuple(name for name in Profile.model_fields if name not in THE_STORES)
SHOWN = 30  # column names in a message

_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_BOOLEAN_FIELDS = frozenset(name for name, field in Profile.model_fields.items() if field.annotation is bool)

# Parts of the names that columns for the needed fields often have; the first of them is the example where none does.
_LIKELY = {
    "uid": ("id", "key", "code"),
    "skills_to_offer": ("can_teach", "offer", "teach", "give", "can", "have"),
    "services_needed": ("wants", "need", "want", "learn", "seek", "look"),
}

_log = logging.getLogger(__name__)


class Layout(Protocol):
    """Knows which columns a file should have, and what they hold."""

    def fields(self, column: str) -> tuple[str, ...]:
        """Return what a column holds; nothing if it is ignored."""
        ...

    def check(self, name: str, found: Collection[str], *, is_complete: bool) -> None:
        """Make sure that these columns are enough.

        Args:
            name: The file's.
            found: Its columns.
            is_complete: Whether it can have no others, as a header tells and a few JSON objects do not.

        Raises:
            PeopleFileError: They are not.
        """
        ...


class Columns:
    """Turns rows, by the names of their columns, into the fields of a profile."""

    def __init__(self, mapping: str | Mapping[str, str] | None = None) -> None:
        """Take `field=column,field=column`, a mapping of fields to columns, or None: columns are named like fields.

        Raises:
            ConfigurationError: A field does not exist or is given twice, or the text is no such list.
        """
        pairs = list(mapping.items()) if isinstance(mapping, Mapping) else list(_pairs(mapping or ""))
        self._column_of: dict[str, str] = {}
        for field, column in pairs:
            _check_field(field)
            if field in self._column_of:
                message = f"columns: {field} is given twice"
                raise ConfigurationError(message)
            self._column_of[field] = column
        self._fields_of: dict[str, tuple[str, ...]] = {}
        self._told: list[str] = []

    @property
    def absent_skills(self) -> str | None:
        """Which of the two texts of skills none of the columns so far holds, if one holds the other."""
        held = {field for fields in self._fields_of.values() for field in fields}
        absent = [field for field in SKILLS if field not in held]
        return absent[0] if len(absent) == 1 else None

    def fields(self, column: str) -> tuple[str, ...]:
        """Return the fields that a column holds: those it was given for, else the one that has its name."""
        if column not in self._fields_of:
            given = tuple(field for field, source in self._column_of.items() if source == column)
            self._fields_of[column] = given or self._own(column)
        return self._fields_of[column]

    def check(self, name: str, found: Collection[str], *, is_complete: bool) -> None:
        """Make sure that these columns are enough for people, and log once which are ignored.

        Args:
            name: The file's.
            found: Its columns.
            is_complete: Whether it can have no others, as a header tells and a few JSON objects do not.

        Raises:
            PeopleFileError: They are not; the message lists them and shows how to say which is which.
        """
        absent = [column for column in self._column_of.values() if column not in found]
        held = {field for column in found for field in self.fields(column)}
        missing = [] if "uid" in held else ["uid"]
        if held.isdisjoint(SKILLS):
            missing.append(" or ".join(SKILLS))
        if missing or (absent and is_complete):
            raise PeopleFileError(self._lacking(name, missing, absent, found))
        wrong = [column for column in found if any(map(_is_bad_facet, self.fields(column)))]
        if wrong and is_complete:  # else only those are refused who have it
            message = f"{name}: {_shown(wrong[0])!r} cannot be a facet: {_FACET_RULE}"
            raise PeopleFileError(message)
        ignored = [column for column in found if not self.fields(column) and column not in THE_STORES]
        if ignored and ignored != self._told:
            self._told = ignored
            _log.warning("%s: ignored columns that are no fields of a profile: %s", name, _listed(ignored))

    def person(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of one person; what cannot be right stays as it is, for the profile to refuse."""
        person: dict[str, Any] = {}
        facets: dict[str, Any] = {}
        for column, value in row.items():
            for field in self.fields(column):
                if _is_absent(field, value):
                    continue
                if field.startswith(FACET_PREFIX):
                    facets[field.removeprefix(FACET_PREFIX)] = _facet(value)
                else:
                    person[field] = _cell(field, value)
        own = person.get(FACETS, {})
        if isinstance(own, Mapping) and (together := dict(own) | {k: v for k, v in facets.items() if v}):
            person[FACETS] = together
        return person

    def _own(self, column: str) -> tuple[str, ...]:
        is_field = column in FIELDS or column.startswith(FACET_PREFIX)
        return (column,) if is_field and column not in self._column_of else ()

    def _lacking(self, name: str, missing: list[str], absent: list[str], found: Collection[str]) -> str:
        lacks = f"no column for {' and none for '.join(missing)}" if missing else f"no column {_shown(absent[0])!r}"
        free = [column for column in found if not self.fields(column)]
        example = ",".join(f"{field}={_shown(_likely(field, free))}" for field in _LIKELY)
        return (
            f"{name} has {lacks}. Its columns: {_listed(found)}. Say which one holds what, "
            f"for example: --columns {example}"
        )


def boolean(value: object) -> object:
    """Return True or False for the words and numbers that say so, in whatever case, else the value as it is."""
    if isinstance(value, str):
        return _BOOLEANS.get(value.strip().lower(), value)
    return bool(value) if isinstance(value, int) and value in {0, 1} else value


_FACET_RULE = "the name of a facet is a-z, 0-9 and _, starts with a letter, and is not city or timezone"


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, (part.strip() for part in text.split(","))):
        field, equals, column = part.partition("=")
        if not (equals and field.strip() and column.strip()):
            message = f"columns: write field=column,field=column, such as uid=id,bio=about, not {part!r}"
            raise ConfigurationError(message)
        yield field.strip(), column.strip()


def _check_field(field: str) -> None:
    if _is_bad_facet(field):
        message = f"columns: {field!r} is no facet: {_FACET_RULE}"
        raise ConfigurationError(message)
    if field not in FIELDS and not field.startswith(FACET_PREFIX):
        message = f"columns: {field!r} is no field of a profile: choose from {', '.join(FIELDS)}, facets.NAME"
        raise ConfigurationError(message)


def _is_bad_facet(field: str) -> bool:
    name = field.removeprefix(FACET_PREFIX)
    return name != field and (name in OWN_FACETS or not re.fullmatch(FACET_PATTERN[1:-1], name))


def _is_absent(field: str, value: object) -> bool:
    """A blank cell says nothing, but for a text of skills: blanks are what it says."""
    return value is None or (isinstance(value, str) and field not in SKILLS and not value.strip())


def _cell(field: str, value: object) -> object:
    if field in _BOOLEAN_FIELDS:
        return boolean(value)
    if field == FACETS:
        return _facets(value)
    if field == "uid" and isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    return value.strip() if isinstance(value, str) and field in {"uid", "email"} else value


def _facets(value: object) -> object:
    """Return an object of facets from a JSON text, a mapping or the pairs that Parquet makes of one."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return value
    if isinstance(value, list) and all(isinstance(pair, tuple) for pair in value):
        value = dict(value)
    if isinstance(value, Mapping):
        return {name: values for name, values in value.items() if values is not None}
    return value


def _facet(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(SEPARATOR) if part.strip()]
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, int | float):
        return [_number(value)]
    return value


def _number(value: float) -> object:
    """Return a whole number as a text; Parquet has whole numbers as fractions where some are absent."""
    return str(int(value)) if isinstance(value, int) or value.is_integer() else value


def _likely(field: str, columns: Collection[str]) -> str:
    parts = _LIKELY[field]
    return next((column for part in parts for column in columns if part in column.lower()), parts[0])


def _listed(columns: Collection[str]) -> str:
    if not columns:
        return "none"
    more = f" and {len(columns) - SHOWN} more" if len(columns) > SHOWN else ""
    return ", ".join(_shown(column) for column in list(columns)[:SHOWN]) + more


def _shown(column: str) -> str:
    """Return the name of a column as a message can carry it: it may be anything."""
    return "".join(letter if letter.isprintable() else "?" for letter in column)[:60]
