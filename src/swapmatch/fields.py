"""The kinds of fields that a person has: what each takes, and how it is tidied before it is measured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, EmailStr, Field, WithJsonSchema

from swapmatch import skills

UID_PATTERN = r"^[A-Za-z0-9_-]{1,128}$"
FACET_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"
OWN_FACETS = ("city", "timezone")  # fields of a profile that `where` takes beside its facets
MAX_FACETS = 16
MAX_FACET_VALUES = 32
MAX_LINE_LENGTH = 200
MAX_BIO_LENGTH = 5_000
MAX_URL_LENGTH = 2_000

_UID = re.compile(UID_PATTERN[1:-1])  # `$` would let a line end pass


def _check_uid(uid: str) -> str:
    if not _UID.fullmatch(uid):
        message = "a uid is 1 to 128 letters, digits, - or _"
        raise ValueError(message)
    if uid.startswith("__") and uid.endswith("__"):
        message = "a uid may not start and end with __ (some stores reserve these names)"
        raise ValueError(message)
    return uid


def _clean(value: object) -> object:
    """Clean before anything is measured: composing characters can make a text longer."""
    return skills.clean(value) if isinstance(value, str) else value


def _absent_if_blank(value: object) -> object:
    tidy = _clean(value)
    return None if isinstance(tidy, str) and not tidy.strip() else tidy


def _joined(value: object) -> object:
    """A list of skills is as good as a text: one a line, as `- marked` lines so that commas inside them stay."""
    if value is None:
        return ""
    if not isinstance(value, list | tuple):
        return value
    try:
        return "\n".join(["- " + item for item in map(str.strip, value) if item])
    except TypeError:  # not all of them are texts
        return value


def _check_url(url: str) -> str:
    if not re.match(r"https?://[^\s/]", url):
        message = "a photo_url starts with https:// or http://"
        raise ValueError(message)
    return url


def _facets(value: object) -> object:
    """One value or several for each name -> a tuple of distinct values for each name."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        return value
    several = {name: (one,) if isinstance(one, str) else one for name, one in value.items()}
    return {name: tuple(many) if isinstance(many, list | set) else many for name, many in several.items()}


def _check_facets(facets: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    if taken := sorted(facets.keys() & set(OWN_FACETS)):
        message = f"{taken[0]} is a field of its own, not a facet"
        raise ValueError(message)
    return {name: tuple(sorted(set(values))) for name, values in sorted(facets.items()) if values}


def _check_skills(text: str) -> str:
    if len(text) <= skills.MAX_TEXT_LENGTH:
        text = skills.clean(text)
    skills.split_by_key(text)
    return text


Line = Annotated[str, Field(max_length=MAX_LINE_LENGTH), BeforeValidator(_clean)]
OptionalLine = Annotated[Line | None, BeforeValidator(_absent_if_blank)]
Bio = Annotated[str, Field(max_length=MAX_BIO_LENGTH)]
OptionalBio = Annotated[Bio | None, BeforeValidator(_absent_if_blank)]
Url = Annotated[str, Field(max_length=MAX_URL_LENGTH), AfterValidator(_check_url)]
OptionalUrl = Annotated[Url | None, BeforeValidator(_absent_if_blank)]
Uid = Annotated[
    str,
    AfterValidator(_check_uid),
    WithJsonSchema({"type": "string", "pattern": UID_PATTERN, "examples": ["ana"]}),
]
Email = Annotated[EmailStr | None, BeforeValidator(_absent_if_blank)]
SkillText = Annotated[
    str,
    AfterValidator(_check_skills),
    BeforeValidator(_joined),
    WithJsonSchema({"type": "string", "maxLength": skills.MAX_TEXT_LENGTH}),
]
FacetName = Annotated[str, Field(pattern=FACET_PATTERN)]
FacetValue = Annotated[Line, Field(min_length=1)]
Facets = Annotated[
    dict[FacetName, Annotated[tuple[FacetValue, ...], Field(max_length=MAX_FACET_VALUES)]],
    Field(max_length=MAX_FACETS),
    AfterValidator(_check_facets),
    BeforeValidator(_facets),
]
