"""What a store that can tell what happened between two writes promises: see `swapmatch.powers.Sequenced`."""

# ruff: noqa: D102 - the name of a test is its sentence

from __future__ import annotations

from typing import Protocol

from swapmatch.ports import ProfileStore
from swapmatch.powers import Sequenced
from swapmatch.testing.people import person


class SequencedStore(ProfileStore, Sequenced, Protocol):
    """A store of people that tells what happened between."""


class SequencedContract:
    """Every promise of Sequenced.

    Give a fixture `store`, new and empty.
    """

    def test_it_is_known_by_its_behind(self, store: SequencedStore) -> None:
        assert isinstance(store, Sequenced)

    def test_behind_what_was_just_written_nothing_is_left_to_read(self, store: SequencedStore) -> None:
        cursor = None
        for batch in (["ana", "bo", "cy"], ["dee"], ["bo"]):
            written = store.put([person(uid, bio=f"{batch}") for uid in batch])
            cursor = store.behind(cursor, [one.rev for one in reversed(written)])
            assert cursor is not None
            assert store.changes(cursor).items == ()
            assert store.changes(cursor).cursor == cursor

    def test_a_deletion_is_a_step_like_any_other(self, store: SequencedStore) -> None:
        (written,) = store.put([person("ana")])
        cursor = store.behind(None, [written.rev])
        rev = store.delete("ana")
        assert rev is not None
        cursor = store.behind(cursor, [rev])
        assert cursor is not None
        assert store.changes(cursor).items == ()

    def test_what_others_wrote_between_is_not_passed_over(self, store: SequencedStore) -> None:
        (first,) = store.put([person("ana")])
        cursor = store.behind(None, [first.rev])
        store.put([person("others")])
        (second,) = store.put([person("bo")])
        assert store.behind(cursor, [second.rev]) is None
        assert store.behind(None, [second.rev]) is None

    def test_what_was_seen_before_moves_nothing(self, store: SequencedStore) -> None:
        (first,) = store.put([person("ana")])
        cursor = store.changes(None).cursor
        assert store.behind(cursor, [first.rev]) is None
