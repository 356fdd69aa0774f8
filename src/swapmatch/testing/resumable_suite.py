"""What an index that outlives its process promises: see `swapmatch.powers.Resumable`."""

# ruff: noqa: D102 - the name of a test is its sentence

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import pytest

from swapmatch.ports import Cursor, VectorStore, Where
from swapmatch.powers import Resumable
from swapmatch.scoring import Scoring
from swapmatch.testing.communities import entry, make_community

if TYPE_CHECKING:
    from collections.abc import Callable

COMMUNITY = make_community(21)
CURSOR = Cursor("up to here")
ENCODER = "model/1"
NOBODY = Where()


class Index(VectorStore, Resumable, Protocol):
    """Both at once."""


class ResumableContract:
    """Every promise of Resumable.

    Give a fixture `reopen`: a function that closes the index that it returned before, if any, and returns a new one
    with the same place to be saved in; the fixture closes the last one.
    """

    @pytest.fixture
    def store(self, reopen: Callable[[], Index]) -> Index:
        """Return an index of some people."""
        store = reopen()
        store.resume(ENCODER, beside=None)
        store.put(COMMUNITY.entries, COMMUNITY.vectors)
        return store

    def test_it_is_known_by_its_methods(self, store: Index) -> None:
        assert isinstance(store, Resumable)

    def test_where_nothing_was_saved_nothing_is_resumed(self, reopen: Callable[[], Index]) -> None:
        store = reopen()
        assert store.resume(ENCODER, beside=None) is None
        assert len(store) == 0

    def test_what_was_saved_is_there_again(self, store: Index, reopen: Callable[[], Index]) -> None:
        before = answers(store)
        store.save(ENCODER, CURSOR)
        again = reopen()
        assert again.resume(ENCODER, beside=None) == CURSOR
        assert len(again) == len(COMMUNITY.entries)
        assert answers(again) == before

    def test_an_empty_index_can_be_saved(self, reopen: Callable[[], Index]) -> None:
        store = reopen()
        store.resume(ENCODER, beside=None)
        store.save(ENCODER, CURSOR)
        again = reopen()
        assert again.resume(ENCODER, beside=None) == CURSOR
        assert len(again) == 0

    def test_what_is_resumed_can_be_changed_and_saved_again(self, store: Index, reopen: Callable[[], Index]) -> None:
        store.save(ENCODER, CURSOR)
        first, second, third = COMMUNITY.entries[:3]
        other = make_community(22, skills=50)
        for _ in range(2):
            store = reopen()
            store.resume(ENCODER, beside=None)
            store.put([entry(first.uid, rev=first.rev, offers=["skill 0"])], other.vectors)  # not newer
            store.put([entry(second.uid, rev=1000, offers=["skill 45"], needs=["skill 44"])], other.vectors)
            store.delete({third.uid: 1000})
            assert len(store) == len(COMMUNITY.entries) - 1
            hits = store.search(other.side(["skill 45"]).vectors, "offers", limit=1, where=NOBODY)
            assert [(hit.uid, hit.rev) for hit in hits] == [(second.uid, 1000)]
            store.save(ENCODER, Cursor("further"))
        store = reopen()
        assert store.resume(ENCODER, beside=None) == "further"
        assert third.uid not in {uid for found in answers(store) for uid, _ in found}

    def test_vectors_of_another_encoder_never_meet(self, store: Index, reopen: Callable[[], Index]) -> None:
        store.save(ENCODER, CURSOR)
        other = reopen()
        assert other.resume("model/2", beside=None) is None
        assert len(other) == 0
        assert reopen().resume(ENCODER, beside=None) == CURSOR

    def test_it_says_how_much_is_not_saved(self, store: Index) -> None:
        assert store.unsaved >= 1
        store.save(ENCODER, CURSOR)
        assert store.unsaved == 0
        store.put([entry("new", offers=["skill 0"])], COMMUNITY.vectors)
        assert 0 < store.unsaved < 1

    def test_whoever_is_deleted_takes_what_was_saved_with_them(self, store: Index, reopen: Callable[[], Index]) -> None:
        store.save(ENCODER, CURSOR)
        store.delete({COMMUNITY.entries[0].uid: 1000})
        assert store.unsaved > 0
        again = reopen()
        again.resume(ENCODER, beside=None)
        assert COMMUNITY.entries[0].uid not in {uid for found in answers(again) for uid, _ in found}

    def test_what_is_cleared_is_gone(self, store: Index, reopen: Callable[[], Index]) -> None:
        store.save(ENCODER, CURSOR)
        store.clear()
        assert len(store) == 0
        assert all(found == [] for found in answers(store))
        store.put(COMMUNITY.entries[:1], COMMUNITY.vectors)
        assert len(store) == 1
        assert reopen().resume(ENCODER, beside=None) is None


def answers(store: VectorStore) -> list[list[tuple[str, float]]]:
    """Return who is found for some people, filtered and not, with the sum of their cosines."""
    found = []
    for where in (NOBODY, Where(facets={"city": ("Bonn",), "language": ("es", "de")})):
        for person in COMMUNITY.entries[:10]:
            seeker = COMMUNITY.seeker_of(person)
            items = store.candidates(seeker, Scoring(), limit=5, where=where).items
            found.append([(one.uid, round(float(np.sum(one.receives) + np.sum(one.gives)), 4)) for one in items])
        hits = store.search(COMMUNITY.side(["skill 3"]).vectors, "offers", limit=5, where=where)
        found.append([(hit.uid, round(hit.score, 4)) for hit in hits])
    return found
