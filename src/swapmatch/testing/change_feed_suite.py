"""What a store of people promises of deletions and of its change feed, as tests."""

# ruff: noqa: D102 - the name of a test is its sentence

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from swapmatch.errors import ProfileNotFoundError, StoreError
from swapmatch.ports import Cursor
from swapmatch.testing.people import (
    end_of,
    everything,
    feed,
    follow,
    in_threads,
    person,
    put_people,
)

if TYPE_CHECKING:
    from swapmatch.ports import Change, ProfileStore, Stored


class ChangeFeedContract:
    """The half of ProfileStoreContract that is about `delete` and `changes`."""

    # delete

    def test_a_deleted_person_leaves_a_bare_tombstone(self, store: ProfileStore) -> None:
        (stored,) = store.put([everything("ana")])
        rev = store.delete("ana")
        assert rev is not None
        assert rev > stored.rev
        with pytest.raises(ProfileNotFoundError):
            store.get("ana")
        (change,) = feed(store)
        assert (change.uid, change.rev, change.stored) == ("ana", rev, None)

    def test_deleting_again_does_nothing(self, store: ProfileStore) -> None:
        store.put([person("ana")])
        store.delete("ana")
        cursor = end_of(store)
        assert store.delete("ana") is None
        assert store.delete("nobody") is None
        assert feed(store, cursor) == []

    def test_who_comes_back_is_new_but_for_the_growing_rev(self, store: ProfileStore) -> None:
        store.put([person("ana", bio="once")])
        tombstone = store.delete("ana")
        assert tombstone is not None
        (back,) = put_people(store, person("ana"))
        assert back.rev > tombstone
        assert back.profile.bio is None
        assert [change.stored for change in feed(store)] == [back]

    def test_no_rev_of_a_uid_is_given_twice(self, store: ProfileStore) -> None:
        revs: list[int | None] = []
        for number in range(20):
            revs += [store.put([person("ana", bio=str(number))])[0].rev]
            revs += [store.delete("ana")] if number % 3 == 0 else []
        assert None not in revs
        assert revs == sorted(set(revs), key=lambda rev: rev or 0)

    # changes

    def test_the_feed_of_an_empty_store_is_empty_and_can_be_followed(self, store: ProfileStore) -> None:
        first = store.changes(None)
        assert (first.items, first.more) == ((), False)
        store.put([person("ana")])
        assert [change.uid for change in store.changes(first.cursor).items] == ["ana"]

    def test_changes_come_in_order_each_uid_once_at_its_latest(self, store: ProfileStore) -> None:
        store.put([person("ana"), person("bo"), person("cy")])
        store.put([person("ana", bio="2")])
        store.delete("bo")
        changes = feed(store)
        assert [change.uid for change in changes] == ["cy", "ana", "bo"]
        assert [change.stored for change in changes] == [store.get("cy"), store.get("ana"), None]
        assert [change.rev for change in changes[:2]] == [store.get("cy").rev, store.get("ana").rev]

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 10, 11, 1000])
    def test_pages_hold_at_most_the_limit_and_miss_nobody(self, store: ProfileStore, limit: int) -> None:
        store.put([person(f"p{number}") for number in range(10)])
        seen: list[str] = []
        cursor, more = None, True
        while more:
            page = store.changes(cursor, limit)
            assert len(page.items) <= limit
            seen += [change.uid for change in page.items]
            cursor, more = page.cursor, page.more
            assert more == (len(seen) < 10)  # noqa: PLR2004
        assert seen == [f"p{number}" for number in range(10)]
        assert cursor is not None
        assert store.changes(cursor, limit).items == ()

    def test_a_cursor_can_be_followed_again_and_later(self, store: ProfileStore) -> None:
        store.put([person("ana")])
        cursor = store.changes(None).cursor
        assert store.changes(cursor).cursor == cursor
        store.put([person("bo")])
        assert [c.uid for c in feed(store, cursor)] == ["bo"]
        assert [c.uid for c in feed(store, cursor)] == ["bo"]

    def test_a_follower_sees_who_is_written_while_it_reads(self, store: ProfileStore) -> None:
        store.put([person(f"p{number}") for number in range(6)])
        first = store.changes(None, 3)
        store.put([person("p0", bio="again"), person("p5", bio="again"), person("new")])
        store.delete("p1")
        latest = {change.uid: change for change in (*first.items, *feed(store, first.cursor))}
        assert latest == {change.uid: change for change in feed(store)}
        assert latest["p1"].stored is None
        assert latest["p5"].stored == store.get("p5")

    def test_a_follower_beside_writers_misses_nobody(self, store: ProfileStore) -> None:
        def write(number: int) -> None:
            for turn in range(20):
                store.put(
                    [
                        person(f"p{number}-{turn % 7}", bio=str(turn)),
                        person("shared", bio=f"{number} {turn}"),
                    ]
                )
                if turn % 5 == 0:
                    store.delete(f"p{number}-{turn % 7}")

        latest: dict[str, Change] = {}
        with ThreadPoolExecutor(4) as threads:
            running = [threads.submit(write, number) for number in range(4)]
            cursor = None
            while not all(one.done() for one in running):
                cursor = follow(store, cursor, latest)
            for one in running:
                one.result()
        follow(store, cursor, latest)
        assert latest == {change.uid: change for change in feed(store)}

    @pytest.mark.parametrize("cursor", ["", "x", "1", ":", "0:0", ":1", "\ud800", "-1", "9" * 40])
    def test_a_cursor_of_elsewhere_is_refused(self, store: ProfileStore, cursor: str) -> None:
        store.put([person("ana")])
        with pytest.raises(StoreError):
            store.changes(Cursor(cursor))

    # all of it

    @pytest.mark.parametrize("seed", range(10))
    def test_any_sequence_of_calls_agrees_with_a_dictionary(self, store: ProfileStore, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - no secret
        people: dict[str, Stored] = {}
        followed: dict[str, Change] = {}
        cursor = None
        for _ in range(40):
            uids = chance.choices("abcdefgh", k=chance.randint(1, 4))
            action = chance.choice(["put", "put", "put", "delete", "follow"])
            if action == "put":
                given = [person(uid, bio=chance.choice("xyz")) for uid in uids]
                people |= {stored.profile.uid: stored for stored in put_people(store, *given)}
                assert all(people[profile.uid].profile.uid == profile.uid for profile in given)
            elif action == "delete":
                assert (store.delete(uids[0]) is None) == (people.pop(uids[0], None) is None)
            else:
                cursor = follow(store, cursor, followed)
                alive = {c.uid: c.stored for c in followed.values() if c.stored}
                assert alive == people
        assert store.get_many(list("abcdefgh")) == people

    def test_many_threads_write_and_read_at_once(self, store: ProfileStore) -> None:
        def work(number: int) -> None:
            for turn in range(10):
                mine = [person(f"p{number}-{k}", bio=f"{turn}") for k in range(5)]
                put = put_people(store, *mine)
                assert store.get_many([profile.uid for profile in mine]) == {
                    stored.profile.uid: stored for stored in put
                }
                store.changes(None, 3)

        in_threads(work, 8)
        changes = feed(store)
        assert len(changes) == 40  # noqa: PLR2004
        assert len({change.rev for change in changes}) == len(changes)
