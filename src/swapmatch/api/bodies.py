"""What may be sent: bodies and query parameters. Whatever else is sent is refused."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    ValidationInfo,
    WithJsonSchema,
)

from swapmatch.asking import asked_skills
from swapmatch.fields import (
    FACET_PATTERN,
    MAX_FACET_VALUES,
    MAX_FACETS,
    Bio,
    FacetName,
    Facets,
    FacetValue,
    OptionalLine,
    SkillText,
    Uid,
    Url,
)
from swapmatch.models import Mode
from swapmatch.skills import MAX_TEXT_LENGTH, clean

MAX_EXCLUDED = 1_000
MAX_CONDITION_LENGTH = 300  # of a query parameter `where`: a name, a colon, a value


def _absent_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _refuse_null(value: object) -> object:
    if value is None:
        message = "may not be null: leave the field out to keep it as it is"
        raise ValueError(message)
    return value


def _refuse_name(value: object) -> object:
    """Let an address pass, but no `Ana <ana@example.org>`, of which pydantic would keep only the address."""
    if isinstance(value, str) and "<" in value:
        message = "value is not a valid email address"
        raise ValueError(message)
    return value


def _refuse_list(value: object) -> object:
    """Profiles in Python take lists of skills, too; the document of this API says text."""
    if isinstance(value, list):
        message = "Input should be a valid string"
        raise ValueError(message)  # noqa: TRY004 - pydantic turns only these into an answer
    return value


def _digits_only(value: object) -> object:
    """Pydantic would also read `1_0`, `+5` and `5.0`."""
    if isinstance(value, str) and not re.fullmatch("-?[0-9]+", value):
        message = "Input should be a valid integer, in digits only"
        raise ValueError(message)
    return value


def _check_query(text: str, info: ValidationInfo) -> str:
    asked_skills(text, info.field_name or "the text")
    return text


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _check_condition(text: str) -> str:
    name, colon, value = clean(text).partition(":")
    if not (colon and value and re.fullmatch(FACET_PATTERN[1:-1], name)):
        message = "write a condition as name:value, for example city:Lisbon"
        raise ValueError(message)
    return f"{name}:{value}"


def _without_defaults(schema: dict[str, Any]) -> None:
    """Whatever is not sent stays as it is: the defaults below are never used."""
    for field in schema["properties"].values():
        field.pop("default", None)


Query = Annotated[
    str,
    AfterValidator(_check_query),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_TEXT_LENGTH}),
]
Values = Annotated[
    list[FacetValue],
    Field(min_length=1, max_length=MAX_FACET_VALUES),
    BeforeValidator(_several),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Where = Annotated[
    dict[FacetName, Values],
    Field(
        max_length=MAX_FACETS,
        description="For city, timezone and names of facets the value, or the values of which one must fit",
        examples=[{"city": "Lisbon", "languages": ["English", "Portuguese"]}],
    ),
]
Address = Annotated[EmailStr, BeforeValidator(_refuse_name)]
Skills = Annotated[SkillText, BeforeValidator(_refuse_list)]
Exclude = Annotated[list[Uid], Field(max_length=MAX_EXCLUDED, description="uids never to return")]
Condition = Annotated[
    str, Field(max_length=MAX_CONDITION_LENGTH, examples=["city:Lisbon"]), AfterValidator(_check_condition)
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _ProfileFields(_Body):
    """What a person may say of themselves, in the words of `swapmatch.models.Profile`."""

    display_name: OptionalLine = None
    skills_to_offer: Skills = ""
    services_needed: Skills = ""
    bio: Annotated[Bio | None, BeforeValidator(_absent_if_blank)] = None
    city: OptionalLine = None
    photo_url: Annotated[Url | None, BeforeValidator(_absent_if_blank)] = None
    full_name: OptionalLine = None
    username: OptionalLine = None
    timezone: OptionalLine = None
    dm_open: bool = True
    email_updates: bool = True
    show_city: bool = True
    facets: Facets = Field(default_factory=dict)


class ProfileBody(_ProfileFields):
    """A person, in place of what was known of them. One of the two sides may be blank, not both."""

    uid: Uid
    email: Address = Field(description="Required, and shown to nobody else")


class ProfileChanges(_ProfileFields):
    """The fields to change; whatever is not sent stays as it is."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    email: Address = Field(default="", description="Cannot be taken away")
    skills_to_offer: Annotated[Skills, BeforeValidator(_refuse_null)] = ""
    services_needed: Annotated[Skills, BeforeValidator(_refuse_null)] = ""
    facets: Annotated[Facets, BeforeValidator(_refuse_null)] = Field(default_factory=dict)


class _Asked(_Body):
    where: Where = Field(default_factory=dict)
    exclude: Exclude = Field(default_factory=list)


class SearchBody(_Asked):
    """Who is wanted."""

    query: Query = Field(description="One skill or several, in free text")
    mode: Mode = Field(default="offers", description="Which side to look at; both takes each person's better side")
    limit: int = Field(default=10, ge=1, le=100)
    score_threshold: float = Field(default=0.0, ge=0.0, le=1.0, allow_inf_nan=False)


class ReciprocalBody(_Asked):
    """Somebody who offers and needs this, stored or not; nothing of it is kept."""

    my_offer_text: Query = Field(description="What I offer, in free text")
    my_need_text: Query = Field(description="What I need, in free text")
    limit: int = Field(default=10, ge=1, le=50)
    my_uid: Uid | None = Field(default=None, description="Who is asking, to be left out of the answer")


class RecommendBody(_Body):
    """What somebody already does or wants."""

    current_skills: Query = Field(description="One skill or several, in free text")
    limit: int = Field(default=5, ge=1, le=20)


class MatchQuery(BaseModel):
    """The query parameters of a stored person's matches."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=50), BeforeValidator(_digits_only)] = 10
    where: list[Condition] = Field(
        default_factory=list,
        max_length=MAX_FACETS * MAX_FACET_VALUES,
        description="name:value; repeated names widen, different names narrow",
    )
    exclude: Exclude = Field(default_factory=list)

    def conditions(self) -> dict[str, list[str]]:
        """Return the values of each name in `where`."""
        values: dict[str, list[str]] = {}
        for condition in self.where:
            name, _, value = condition.partition(":")
            values.setdefault(name, []).append(value)
        return values
