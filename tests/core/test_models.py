"""What a profile takes and what it shows."""

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from swapmatch import Profile
from swapmatch.errors import InvalidProfileError

WHOLE = Profile(
    uid="ana",
    email="ana@example.org",
    display_name="Ana",
    skills_to_offer="Python, data analysis",
    services_needed="guitar lessons",
    city="Lisbon",
    facets={"languages": ["English", "Portuguese"], "format": "online"},
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    updated_at=datetime(2026, 1, 2, tzinfo=UTC),
)


def test_a_profile_knows_its_skills() -> None:
    assert WHOLE.offers == ("Python", "data analysis")
    assert WHOLE.needs == ("guitar lessons",)


def test_a_profile_knows_the_keys_of_its_skills() -> None:
    profile = Profile(uid="a", skills_to_offer="Python; C++\nPYTHON", services_needed=["Straße"])
    assert dict(profile.offers_by_key) == {"python": "Python", "c++": "C++"}
    assert dict(profile.needs_by_key) == {"strasse": "Straße"}


@pytest.mark.parametrize("again", [pickle.loads, copy.copy, copy.deepcopy])
def test_a_copy_knows_its_skills(again: Callable[[object], Profile]) -> None:
    same = again(pickle.dumps(WHOLE) if again is pickle.loads else WHOLE)
    assert same == WHOLE
    assert (same.offers, same.needs) == (WHOLE.offers, WHOLE.needs)


def test_a_copy_with_another_text_has_the_skills_of_that_text() -> None:
    other = WHOLE.model_copy(update={"services_needed": "juggling"})
    assert (other.offers, other.needs) == (WHOLE.offers, ("juggling",))
    other = WHOLE.model_copy(update={"skills_to_offer": "juggling"})
    assert (other.offers, other.needs) == (("juggling",), WHOLE.needs)


def test_facets_take_one_value_or_several_in_any_order() -> None:
    assert WHOLE.facets == {"format": ("online",), "languages": ("English", "Portuguese")}
    same = Profile(uid="a", skills_to_offer="x", facets={"languages": ["Portuguese", "English", "English"]})
    assert same.facets == {"languages": ("English", "Portuguese")}
    assert Profile(uid="a", skills_to_offer="x", facets=None).facets == {}


def test_a_list_of_skills_keeps_its_items_whole() -> None:
    profile = Profile(uid="a", skills_to_offer=["process, store and ship goods"], services_needed=["a", "b; c", ""])
    assert profile.offers == ("process, store and ship goods",)
    assert profile.needs == ("a", "b", "c")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"uid": ""}, "uid"),
        ({"uid": "a b"}, "uid"),
        ({"uid": "../x"}, "uid"),
        ({"uid": "a\n"}, "uid"),
        ({"uid": "é"}, "uid"),
        ({"uid": "x" * 129}, "uid"),
        ({"uid": "__x__"}, "reserve"),
        ({"uid": 7}, "uid"),
        ({"email": "ana"}, "email"),
        ({"skills_to_offer": "", "services_needed": None}, "both are blank"),
        ({"skills_to_offer": " \u200b", "services_needed": "..."}, "both are blank"),
        ({"skills_to_offer": 3}, "skills_to_offer"),
        ({"skills_to_offer": ["a", 3]}, "skills_to_offer"),
        ({"skills_to_offer": ";".join(map(str, range(33)))}, "skills_to_offer: .*33 skills"),
        ({"services_needed": "x" * 201}, "services_needed: .*201 characters"),
        ({"bio": "x\x00"}, "bio: .*NUL"),
        ({"bio": "x" * 5001}, "bio"),
        ({"city": "\ud800"}, "city"),
        ({"display_name": "x" * 201}, "display_name"),
        ({"photo_url": "javascript:alert(1)"}, "photo_url"),
        ({"dm_open": "yes"}, "dm_open"),
        ({"facets": {"City!": "x"}}, "facets"),
        ({"facets": {"city": "x"}}, "field of its own"),
        ({"facets": {"a": [1]}}, "facets"),
        ({"facets": {"a": ""}}, "facets"),
        ({"facets": 3}, "facets"),
        ({"created_at": datetime(2026, 1, 1)}, "created_at"),  # noqa: DTZ001 - naive on purpose
        ({"rev": 3}, "rev"),
        ({"is_admin": True}, "is_admin"),
    ],
)
def test_what_is_no_profile_is_refused_and_the_message_names_the_field(fields: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidProfileError, match=told):
        Profile.parse({"uid": "ana", "skills_to_offer": "Python"} | fields)
    with pytest.raises(ValidationError):
        Profile.model_validate({"uid": "ana", "skills_to_offer": "Python"} | fields)


def test_an_error_names_every_field_at_fault_and_no_value() -> None:
    with pytest.raises(InvalidProfileError) as caught:
        Profile.parse({"uid": "secret uid", "skills_to_offer": "x" * 300, "email": "secret"})
    assert caught.value.field == "uid"
    assert all(name in str(caught.value) for name in ("uid", "skills_to_offer", "email"))
    assert "secret" not in str(caught.value)


def test_blank_lines_are_absent() -> None:
    profile = Profile(uid="a", skills_to_offer="x", city=" ", email="", bio="", photo_url="")
    assert (profile.city, profile.email, profile.bio, profile.photo_url) == (None, None, None, None)


def test_others_see_neither_the_email_nor_the_timestamps() -> None:
    public = WHOLE.public()
    assert (public.email, public.created_at, public.updated_at) == (None, None, None)
    assert public.city == "Lisbon"
    assert WHOLE.public(expose_email=True).email == "ana@example.org"


def test_a_hidden_city_is_hidden() -> None:
    assert WHOLE.model_copy(update={"show_city": False}).public().city is None


def test_the_same_words_at_another_time_are_the_same() -> None:
    later = WHOLE.model_copy(update={"updated_at": datetime(2027, 1, 1, tzinfo=UTC)})
    assert WHOLE.same_as(later)
    assert not WHOLE.same_as(WHOLE.model_copy(update={"bio": "new"}))


def test_json_there_and_back_is_the_same_profile() -> None:
    assert Profile.model_validate_json(WHOLE.model_dump_json()) == WHOLE


def test_a_profile_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        WHOLE.city = "Porto"  # type: ignore[misc]


@pytest.mark.parametrize("blank", ["\x08", "\u200b", " \u202e"])
def test_what_is_blank_once_cleaned_is_absent(blank: str) -> None:
    profile = Profile(uid="a", skills_to_offer="x", bio=blank, city=blank)
    assert (profile.bio, profile.city) == (None, None)


def test_a_text_is_measured_as_it_will_be_stored() -> None:
    longer_when_composed = "\u0958"  # two characters in NFC
    with pytest.raises(InvalidProfileError, match="bio"):
        Profile.parse({"uid": "a", "skills_to_offer": "x", "bio": longer_when_composed * 5000})
    with pytest.raises(InvalidProfileError, match="skills_to_offer"):
        Profile.parse({"uid": "a", "skills_to_offer": ";".join([longer_when_composed * 190] * 40)})
