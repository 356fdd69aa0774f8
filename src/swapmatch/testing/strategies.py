"""Hypothesis strategies: texts, profiles, vectors and whole communities as people might bring them.

from hypothesis import given
from swapmatch.testing.strategies import profiles

@given(profiles())
def test_my_export_loses_nothing(profile): ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from swapmatch import skills
from swapmatch.errors import InvalidProfileError
from swapmatch.models import Profile
from swapmatch.testing.communities import Community, entry, topic_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swapmatch.ports import Vectors

_SEPARATORS = ("; ", ", ", "\n", "\n- ", " | ", " • ", ". ")
_WORDS = ("python", "Guitar", "vélo", "C++", "中文", "🎸", "bike repair", "10,000 hours", "straße")
_CHARACTERS = st.characters(codec="utf-8", exclude_characters="\x00")  # what every store can hold
_CITIES = st.sampled_from([None, "Bonn", "Köln", "São Paulo"])


def uids() -> st.SearchStrategy[str]:
    """Return uids that a profile may have."""
    text = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=1, max_size=128)
    return text.filter(lambda uid: not (uid.startswith("__") and uid.endswith("__")))


def one_skill() -> st.SearchStrategy[str]:
    """Return a text that is one skill, in any script."""
    texts = st.text(_CHARACTERS, min_size=1, max_size=40)
    first = texts.map(skills.split).filter(bool).map(lambda several: several[0])
    return st.sampled_from(_WORDS) | first.filter(_is_one_skill)


def skill_texts(*, min_skills: int = 0, max_skills: int = 8) -> st.SearchStrategy[str]:
    """Return texts of a side of a profile: skills with any of the separators between them."""
    several = st.lists(one_skill(), min_size=min_skills, max_size=max_skills)
    texts = st.builds(lambda parts, separator: separator.join(parts), several, st.sampled_from(_SEPARATORS))
    return texts.filter(lambda text: _is_valid(text) and len(skills.split(text)) >= min_skills)


@st.composite
def profiles(draw: st.DrawFn, *, uid: st.SearchStrategy[str] | None = None) -> Profile:
    """Return valid profiles with some or all of their fields.

    Args:
        draw: Given by hypothesis.
        uid: Where to take uids from, when any will not do.
    """
    name = draw(uid or uids())
    offers, needs = draw(skill_texts()), draw(skill_texts())
    assume(skills.split(offers) or skills.split(needs))
    line = st.none() | st.sampled_from(["Ana", "Ána 🎸", "x" * 200, "عربى", "'; --"])
    return Profile.model_validate(
        {
            "uid": name,
            "email": draw(st.none() | st.just(f"{len(name)}@example.org")),
            "display_name": draw(line),
            "skills_to_offer": offers,
            "services_needed": needs,
            "bio": draw(st.none() | st.text(_CHARACTERS, max_size=60)),
            "city": draw(_CITIES),
            "photo_url": draw(st.none() | st.just("https://example.org/ana.png")),
            "full_name": draw(line),
            "username": draw(line),
            "timezone": draw(st.sampled_from([None, "Europe/Berlin"])),
            "dm_open": draw(st.booleans()),
            "email_updates": draw(st.booleans()),
            "show_city": draw(st.booleans()),
            "facets": draw(facets()),
        }
    )


def facets() -> st.SearchStrategy[dict[str, list[str]]]:
    """Return facets that a profile may have."""
    values = st.lists(st.sampled_from(["a", "b", "β"]), min_size=1, max_size=3)
    return st.dictionaries(st.sampled_from(["language", "level", "day"]), values, max_size=3)


def unit_vectors(*, count: int, dimension: int = 16) -> st.SearchStrategy[Vectors]:
    """Return arrays of unit vectors that gather around a few topics, `(count, dimension)` float32."""
    seeds = st.integers(0, 2**32 - 1)
    return seeds.map(lambda seed: topic_vectors(seed, count=count, dimension=dimension))


@st.composite
def communities(draw: st.DrawFn, *, max_people: int = 30, max_skills: int = 20, dimension: int = 16) -> Community:
    """Return communities of at least one person, many of them with skills in common.

    Args:
        draw: Given by hypothesis.
        max_people: How many people at most.
        max_skills: How many distinct skills at most.
        dimension: Length of a vector.
    """
    keys = [f"skill {number}" for number in range(draw(st.integers(1, max_skills)))]
    rows = draw(unit_vectors(count=len(keys), dimension=dimension))
    side = st.lists(st.sampled_from(keys), max_size=5, unique=True)
    pairs: Sequence[tuple[list[str], list[str]]] = draw(
        st.lists(st.tuples(side, side).filter(any), min_size=1, max_size=max_people)
    )
    order = draw(st.permutations(range(len(pairs))))
    entries = tuple(
        entry(f"p{number:03d}", rev=number + 1, offers=pairs[number][0], needs=pairs[number][1]) for number in order
    )
    return Community(entries=entries, vectors=dict(zip(keys, np.asarray(rows), strict=True)))


def _is_valid(text: str) -> bool:
    try:
        skills.split(text)
    except InvalidProfileError:
        return False
    return True


def _is_one_skill(text: str) -> bool:
    return _is_valid(text) and skills.split(text) == (text,)
