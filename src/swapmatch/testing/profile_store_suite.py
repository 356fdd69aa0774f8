"""What a store of people promises, as tests: see `swapmatch.ports.ProfileStore`."""

# ruff: noqa: D102 - the name of a test is its sentence

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from swapmatch.errors import ConflictError, InvalidQueryError, ProfileNotFoundError, StoreError
from swapmatch.models import Profile
from swapmatch.testing.change_feed_suite import ChangeFeedContract
from swapmatch.testing.people import (
    end_of,
    everything,
    feed,
    in_threads,
    person,
    put_people,
    timestamps,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from swapmatch.ports import ProfileStore

LONG_AGO = datetime(2001, 2, 3, tzinfo=UTC)


class ProfileStoreContract(ChangeFeedContract):
    """Every promise of ProfileStore.

    Give a fixture `store`, a new and empty store that the fixture closes. Where a store outlives
    its process, give `reopen` as well: a function that closes `store` and returns another one over
    the same people.
    """

    @pytest.fixture
    def reopen(self) -> Callable[[], ProfileStore]:
        """Skip what only a store that outlives its process can show."""
        pytest.skip("this store keeps nothing that could be opened again")

    # put

    def test_a_stored_person_comes_back_as_they_were(self, store: ProfileStore) -> None:
        profile = everything("ana")
        (put,) = put_people(store, profile)
        got = store.get("ana")
        assert got == put
        assert got.profile.same_as(profile)
        assert store.find_by_email("ana@example.org") == put
        assert store.get_many(["ana"]) == {"ana": put}
        assert [change.stored for change in feed(store)] == [put]

    def test_what_comes_back_equals_what_was_validated_in_values_types_and_json(self, store: ProfileStore) -> None:
        for profile in (everything("ana"), person("bo")):
            store.put([profile])
            got = store.get(profile.uid).profile
            again = Profile.model_validate(got.model_dump())
            assert got == again
            assert got.model_dump_json() == again.model_dump_json()
            for name in Profile.model_fields:
                assert type(getattr(got, name)) is type(getattr(again, name)), name
            assert all(type(values) is tuple for values in got.facets.values())
            assert got.offers == profile.offers
            assert got.needs == profile.needs
            assert got.public() == again.public()

    def test_many_are_returned_in_the_order_given(self, store: ProfileStore) -> None:
        uids = [f"p{number * 37 % 100}" for number in range(100)]
        assert [stored.profile.uid for stored in store.put([person(uid) for uid in uids])] == uids

    def test_nobody_can_be_put(self, store: ProfileStore) -> None:
        assert store.put([]) == []
        assert feed(store) == []

    def test_timestamps_come_from_the_store(self, store: ProfileStore) -> None:
        before = datetime.now(UTC) - timedelta(minutes=1)
        (stored,) = store.put([person("ana", created_at=LONG_AGO, updated_at=LONG_AGO)])
        created_at, updated_at = timestamps(stored)
        assert before < created_at < datetime.now(UTC) + timedelta(minutes=1)
        assert updated_at >= created_at
        assert created_at.utcoffset() == updated_at.utcoffset() == timedelta(0)

    def test_a_change_keeps_created_at_and_moves_updated_at_and_rev(self, store: ProfileStore) -> None:
        (first,) = store.put([person("ana")])
        (second,) = put_people(store, person("ana", bio="new", created_at=LONG_AGO))
        assert timestamps(second)[0] == timestamps(first)[0]
        assert timestamps(second)[1] >= timestamps(first)[1]
        assert second.rev > first.rev
        assert store.get("ana") == second

    def test_a_person_who_says_nothing_new_is_not_written(self, store: ProfileStore) -> None:
        first = put_people(store, everything("ana"), person("bo"))
        cursor = end_of(store)
        assert store.put([everything("ana"), person("bo", updated_at=LONG_AGO)]) == first
        assert feed(store, cursor) == []
        (_, bo) = store.put([everything("ana"), person("bo", bio="new")])
        assert [change.rev for change in feed(store, cursor)] == [bo.rev]

    def test_put_tells_who_was_written(self, store: ProfileStore) -> None:
        def told(*profiles: Profile) -> list[bool]:
            return [stored.is_written for stored in store.put(profiles)]

        assert told(everything("ana"), person("bo")) == [True, True]
        assert told(everything("ana"), person("bo", bio="new"), person("cy")) == [False, True, True]
        store.delete("bo")
        assert told(person("bo", bio="new"), person("cy")) == [True, False]

    def test_what_was_merely_read_was_not_written(self, store: ProfileStore) -> None:
        store.put([everything("ana")])
        assert not store.get("ana").is_written
        assert not store.get_many(["ana"])["ana"].is_written
        assert not store.find_by_email("ana@example.org").is_written
        assert not any(change.stored and change.stored.is_written for change in feed(store))

    def test_what_was_read_can_be_put_back_without_a_write(self, store: ProfileStore) -> None:
        store.put([everything("ana")])
        stored = store.get("ana")
        assert store.put([stored.profile]) == [stored]

    def test_each_field_counts_as_news(self, store: ProfileStore) -> None:
        full, bare = everything("ana"), person("ana", skills_to_offer="Go")
        for name in sorted(Profile.model_fields.keys() - {"uid", "created_at", "updated_at"}):
            (before,) = store.put([full])
            changed = full.model_copy(update={name: getattr(bare, name)})
            (after,) = store.put([changed])
            assert after.rev > before.rev, name
            assert store.get("ana").profile.same_as(changed), name

    def test_of_a_uid_given_twice_the_last_one_counts(self, store: ProfileStore) -> None:
        put = put_people(store, person("ana", bio="1"), person("bo"), person("ana", bio="2"))
        assert [stored.profile.uid for stored in put] == ["ana", "bo", "ana"]
        assert put[0] == put[2] == store.get("ana")
        assert store.get("ana").profile.bio == "2"
        assert sorted(change.uid for change in feed(store)) == ["ana", "bo"]

    def test_uids_that_differ_in_case_are_two_people(self, store: ProfileStore) -> None:
        store.put([person("ana", bio="small"), person("ANA", bio="big")])
        assert store.get("ana").profile.bio == "small"
        assert store.get("ANA").profile.bio == "big"

    def test_a_write_with_the_right_rev_succeeds(self, store: ProfileStore) -> None:
        (first,) = store.put([person("ana")], expected_rev=0)
        (second,) = store.put([person("ana", bio="2")], expected_rev=first.rev)
        assert store.get("ana").rev == second.rev
        (third,) = store.put([person("ana", bio="2")], expected_rev=second.rev)
        assert third.rev == second.rev

    def test_a_write_with_another_rev_is_a_conflict_and_changes_nothing(self, store: ProfileStore) -> None:
        (first,) = store.put([person("ana")])
        (second,) = put_people(store, person("ana", bio="2"))
        cursor = end_of(store)
        for expected_rev in (0, first.rev, second.rev + 1):
            for bio in ("2", "3"):
                with pytest.raises(ConflictError):
                    store.put([person("ana", bio=bio)], expected_rev=expected_rev)
        with pytest.raises(ConflictError):
            store.put([person("bo")], expected_rev=1)
        assert store.get("ana") == second
        assert store.get_many(["bo"]) == {}
        assert feed(store, cursor) == []

    def test_nobody_is_there_after_a_deletion_whatever_rev_it_left(self, store: ProfileStore) -> None:
        (stored,) = store.put([person("ana")])
        tombstone = store.delete("ana")
        assert tombstone is not None
        for expected_rev in (stored.rev, tombstone):
            with pytest.raises(ConflictError):
                store.put([person("ana")], expected_rev=expected_rev)
        store.put([person("ana")], expected_rev=0)

    def test_a_rev_is_expected_of_one_profile_only(self, store: ProfileStore) -> None:
        for profiles in ([], [person("ana"), person("bo")], [person("ana"), person("ana")]):
            with pytest.raises(InvalidQueryError):
                store.put(profiles, expected_rev=0)
        assert feed(store) == []

    def test_of_many_writers_with_one_rev_one_wins(self, store: ProfileStore) -> None:
        (stored,) = store.put([person("ana")])

        def write(number: int) -> bool:
            try:
                store.put([person("ana", bio=str(number))], expected_rev=stored.rev)
            except ConflictError:
                return False
            return True

        assert sum(in_threads(write, 16)) == 1

    # get, get_many, find_by_email

    def test_nobody_is_found_by_an_unknown_uid(self, store: ProfileStore) -> None:
        store.put([person("ana")])
        for uid in ("bo", "Ana", "", "a b", "ä", "\ud800", "\x00", "%", "x" * 5000):
            with pytest.raises(ProfileNotFoundError):
                store.get(uid)
            assert store.get_many([uid]) == {}
            assert store.delete(uid) is None

    def test_get_many_leaves_out_who_is_missing(self, store: ProfileStore) -> None:
        store.put([person("ana"), person("bo"), person("cy")])
        store.delete("cy")
        found = store.get_many(["bo", "nobody", "cy", "ana", "bo"])
        assert found == {"ana": store.get("ana"), "bo": store.get("bo")}
        assert store.get_many([]) == {}

    def test_get_many_takes_thousands(self, store: ProfileStore) -> None:
        store.put([person(f"p{number}") for number in range(2500)])
        found = store.get_many([f"p{number}" for number in range(5000)])
        assert found.keys() == {f"p{number}" for number in range(2500)}
        assert all(uid == stored.profile.uid for uid, stored in found.items())

    def test_an_email_is_found_whatever_its_case(self, store: ProfileStore) -> None:
        store.put([person("ana", email="Ana.Straße@Example.org"), person("bo", email=None)])
        for email in (
            "Ana.Straße@Example.org",
            "ana.strasse@example.ORG",
            "ANA.STRASSE@EXAMPLE.ORG",
        ):
            assert store.find_by_email(email).profile.uid == "ana"
        for email in ("bo@example.org", "", "ana.strasse", "%", "\ud800@example.org", "\x00"):
            with pytest.raises(ProfileNotFoundError):
                store.find_by_email(email)

    def test_of_several_with_one_email_the_smallest_uid_is_found(self, store: ProfileStore) -> None:
        store.put(
            [person(uid, email=f"{case}@example.org") for uid, case in zip("cab", ("Us", "us", "US"), strict=True)]
        )
        assert store.find_by_email("us@example.org").profile.uid == "a"
        store.delete("a")
        assert store.find_by_email("us@example.org").profile.uid == "b"

    def test_an_email_that_was_given_up_finds_nobody(self, store: ProfileStore) -> None:
        store.put([person("ana", email="old@example.org"), person("bo", email="bo@example.org")])
        store.put([person("ana", email="new@example.org")])
        store.delete("bo")
        for email in ("old@example.org", "bo@example.org"):
            with pytest.raises(ProfileNotFoundError):
                store.find_by_email(email)
        assert store.find_by_email("new@example.org").profile.uid == "ana"

    # closing and opening again

    def test_a_closed_store_can_be_closed_again_and_refuses_the_rest(self, store: ProfileStore) -> None:
        store.put([person("ana")])
        store.close()
        store.close()
        for call in (
            lambda: store.put([person("bo")]),
            lambda: store.get("ana"),
            lambda: store.get_many(["ana"]),
            lambda: store.find_by_email("ana@example.org"),
            lambda: store.delete("ana"),
            lambda: store.changes(None),
        ):
            with pytest.raises(StoreError):
                call()

    def test_what_was_stored_is_there_after_opening_again(
        self, store: ProfileStore, reopen: Callable[[], ProfileStore]
    ) -> None:
        store.put([everything("ana"), person("bo"), person("cy")])
        cursor = end_of(store)
        store.delete("bo")
        tombstone = store.delete("cy")
        before = feed(store)
        again = reopen()
        assert feed(again) == before
        assert [change.uid for change in feed(again, cursor)] == ["bo", "cy"]
        (back,) = again.put([person("cy")])
        assert tombstone is not None
        assert back.rev > tombstone
