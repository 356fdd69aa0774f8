"""People, matches and what else passes in and out: one definition for Python, JSON and REST.

All models are frozen, sequences are tuples. A profile is valid once it exists: nothing downstream checks it again.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from swapmatch.errors import InvalidProfileError
from swapmatch.fields import Email, Facets, OptionalBio, OptionalLine, OptionalUrl, SkillText, Uid
from swapmatch.skills import split_by_key

if TYPE_CHECKING:
    from collections.abc import Mapping

Side = Literal["offers", "needs"]
Mode = Literal["offers", "needs", "both"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Profile(_Model):
    """A person: what they offer, what they need, and how the others see them.

    Unknown fields, wrong types and texts beyond the limits of `swapmatch.skills` raise pydantic's ValidationError,
    which is a ValueError; `parse` raises InvalidProfileError instead.

    Attributes:
        uid: Their id: 1 to 128 letters, digits, - or _.
        email: Shown to nobody else. Absent where it is not known; never invented.
        skills_to_offer: What they can give, in free text.
        services_needed: What they want, in free text. One of the two sides may be blank, not both.
        facets: Further names with one or more values each, to filter by.
        show_city: Whether others may see, and filter by, their city.
        created_at: Set by the store when it first sees the uid.
        updated_at: Set by the store with each change.
    """

    uid: Uid
    email: Email = None
    display_name: OptionalLine = None
    skills_to_offer: SkillText = ""
    services_needed: SkillText = ""
    bio: OptionalBio = None
    city: OptionalLine = None
    photo_url: OptionalUrl = None
    full_name: OptionalLine = None
    username: OptionalLine = None
    timezone: OptionalLine = None
    dm_open: bool = True
    email_updates: bool = True
    show_city: bool = True
    facets: Facets = Field(default_factory=dict)
    created_at: Annotated[AwareDatetime | None, Field(strict=False)] = None
    updated_at: Annotated[AwareDatetime | None, Field(strict=False)] = None

    @model_validator(mode="after")
    def _says_what_for(self) -> Self:
        # Split a moment ago, each for its own check, and kept from here: nobody has to split them again.
        self.__dict__["offers_by_key"] = offers = split_by_key(self.skills_to_offer)
        self.__dict__["needs_by_key"] = needs = split_by_key(self.services_needed)
        if not (offers or needs):
            message = "say in skills_to_offer what they offer or in services_needed what they need: both are blank"
            raise ValueError(message)
        return self

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Return the profile of a mapping.

        Raises:
            InvalidProfileError: The mapping is no profile; the message names each field at fault.
        """
        try:
            return cls.model_validate(dict(data))
        except ValidationError as error:
            message, field = _explain(error)
            raise InvalidProfileError(message, field=field) from None

    @cached_property
    def offers_by_key(self) -> Mapping[str, str]:
        """The distinct skills of `skills_to_offer`, as written, in order, each under its `swapmatch.skills.key`."""
        return split_by_key(self.skills_to_offer)

    @cached_property
    def needs_by_key(self) -> Mapping[str, str]:
        """The distinct skills of `services_needed`, likewise."""
        return split_by_key(self.services_needed)

    @property
    def offers(self) -> tuple[str, ...]:
        """The distinct skills of `skills_to_offer`, as written, in order."""
        return tuple(self.offers_by_key.values())

    @property
    def needs(self) -> tuple[str, ...]:
        """The distinct skills of `services_needed`, as written, in order."""
        return tuple(self.needs_by_key.values())

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with some fields changed, unchecked; its skills are those of its texts."""
        copied = super().model_copy(update=update, deep=deep)
        for text, worked_out in (("skills_to_offer", "offers_by_key"), ("services_needed", "needs_by_key")):
            if update and text in update:
                copied.__dict__.pop(worked_out, None)
        return copied

    def public(self, *, expose_email: bool = False) -> Self:
        """Return what others may see: no timestamps, no e-mail unless exposed, the city only if they show it."""
        hidden: dict[str, None] = {"created_at": None, "updated_at": None}
        if not expose_email:
            hidden["email"] = None
        if not self.show_city:
            hidden["city"] = None
        return self.model_copy(update=hidden)

    def same_as(self, other: Profile) -> bool:
        """Whether both say the same of the person, whenever they were written."""
        unset = {"created_at": None, "updated_at": None}
        return self.model_copy(update=unset) == other.model_copy(update=unset)


class Pairing(_Model):
    """One need met by one offer.

    Attributes:
        direction: "receives" where the seeker needs it, "gives" where the seeker offers it.
        need: The skill as the one who needs it wrote it.
        offer: The skill as the one who offers it wrote it.
        similarity: Their cosine, [-1, 1].
        relevance: The probability that both mean one skill, [0, 1].
    """

    direction: Literal["receives", "gives"]
    need: str
    offer: str
    similarity: float
    relevance: float


class Match(_Model):
    """Somebody with whom a swap works both ways.

    Attributes:
        profile: Their public view.
        score: Both directions fused, [0, 1].
        receives: How well they offer what the seeker needs, [0, 1].
        gives: How well the seeker offers what they need, [0, 1].
        pairings: What carried it: the best offer for each need, most relevant first, receives before gives.
        explanation: The same in a sentence to the seeker.
        exact: Whether nobody outside the list can score higher than this match.
    """

    profile: Profile
    score: float
    receives: float
    gives: float
    pairings: tuple[Pairing, ...]
    explanation: str
    exact: bool


class SearchHit(_Model):
    """Somebody found by the meaning of their skills.

    Attributes:
        profile: Their public view.
        score: Mean over the skills of the query of the best cosine among theirs, [0, 1].
        side: Where it was found.
        skills: Their skills nearest to those asked for, each once, as they wrote them.
    """

    profile: Profile
    score: float
    side: Side
    skills: tuple[str, ...]


class Recommendation(_Model):
    """A skill that people like the asking one also have or want.

    Attributes:
        skill: As most of them write it.
        score: [0, 1].
        reason: Why, with the count.
    """

    skill: str
    score: float
    reason: str


class Reject(_Model):
    """One person who was not taken.

    Attributes:
        row: Their place in the input, from 1.
        uid: Their uid where it could be read.
        reason: What is wrong, with the field's name.
    """

    row: int
    uid: str | None
    reason: str


class PutReport(_Model):
    """What became of many people.

    Attributes:
        written: How many are new or changed.
        unchanged: How many were stored like this already.
        embedded: How many distinct skills had to be embedded.
        rejects: Who was not taken, in the order of the input.
    """

    written: int
    unchanged: int
    embedded: int
    rejects: tuple[Reject, ...]


def _explain(error: ValidationError) -> tuple[str, str | None]:
    """Return each fault as "field: what is wrong", without the values, and the first field's name."""
    faults = error.errors(include_url=False, include_input=False)
    names = [".".join(map(str, fault["loc"])) for fault in faults]
    told = [
        # What the validator of e-mails says repeats parts of the address.
        "not a valid e-mail address" if name == "email" else fault["msg"].removeprefix("Value error, ")
        for name, fault in zip(names, faults, strict=True)
    ]
    whole = (f"{name}: {reason}" if name else reason for name, reason in zip(names, told, strict=True))
    return "; ".join(whole), names[0] or None
