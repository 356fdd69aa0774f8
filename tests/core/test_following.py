"""The index follows the store."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from swapmatch import Matcher, Profile, following
from swapmatch.encoders.caching import CachingEncoder
from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.errors import NotIndexedError, StoreError, StoreUnavailableError
from swapmatch.ports import Entry, Vector
from swapmatch.profile_stores.memory import MemoryProfileStore
from swapmatch.vector_stores.exact import ExactVectorStore


class Recording(ExactVectorStore):
    """Notes what came with each write, and asks for all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[dict[str, Vector]] = []

    def put(self, entries: Sequence[Entry], vectors: Mapping[str, Vector]) -> None:
        self.came.append({key: vectors[key] for key in vectors})
        assert len(vectors) == len(self.came[-1])
        assert all(key in vectors for entry in entries for key in (*entry.offers, *entry.needs))
        super().put(entries, vectors)


class Counting(CachingEncoder):
    """Notes whose vectors are looked up."""

    def __init__(self) -> None:
        super().__init__(HashingEncoder())
        self.asked: list[list[str]] = []

    def vectors(self, keys: object, *, keep: bool) -> dict[str, Vector]:
        self.asked.append(sorted(keys))
        return super().vectors(self.asked[-1], keep=keep)


def person(uid: str, offers: str) -> Profile:
    return Profile(uid=uid, skills_to_offer=offers)


def test_an_index_that_asks_again_is_given_every_vector_again() -> None:
    index = Recording()
    with Matcher.open("memory:", encoder=HashingEncoder(), vectors=index) as matcher:
        matcher.put(person("ana", "Python; guitar"))
        matcher.put(person("bo", "guitar; piano"))
    assert [sorted(one) for one in index.came if one] == [["guitar", "python"], ["guitar", "piano"]]
    np.testing.assert_array_equal(index.came[-1]["guitar"], HashingEncoder().encode(["guitar"])[0])


def test_a_vector_that_nobody_named_is_not_given() -> None:
    wanted = following._Wanted({"guitar"}, {}, CachingEncoder(HashingEncoder()))
    assert "piano" not in wanted
    with pytest.raises(KeyError):
        wanted["piano"]


@pytest.mark.parametrize("remembered", [1, 1_000])
def test_vectors_are_looked_up_once_while_the_keys_are_remembered(
    monkeypatch: pytest.MonkeyPatch, remembered: int
) -> None:
    monkeypatch.setattr(following, "REMEMBERED", remembered)
    store, encoder, index = MemoryProfileStore(), Counting(), ExactVectorStore()
    follower = following.Follower(store, index, encoder)
    for number, offers in enumerate(["a; b", "b; c", "c; d", "a; d"]):
        follower.put(store.put([person(f"p{number}", offers)]))
    once = [["a", "b"], ["c"], ["d"], []]
    assert (encoder.asked == once) == (remembered > 1)
    assert len(index) == 4


class Bare:
    """An index without any power: only what the port asks for."""

    def __init__(self) -> None:
        self._store = ExactVectorStore()
        for name in ("put", "delete", "search", "candidates", "close"):
            setattr(self, name, getattr(self._store, name))

    def __len__(self) -> int:
        return len(self._store)


def test_an_index_without_powers_is_read_anew_each_time(tmp_path) -> None:
    for _ in range(2):
        with Matcher.open(tmp_path / "people.db", encoder=HashingEncoder(), vectors=Bare()) as matcher:
            matcher.put(person("ana", "guitar"))
            assert len(matcher.vectors) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["people.db"]


def test_a_place_in_the_feed_that_cannot_be_told_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreError("the disk reports an error")

    with Matcher.open("memory:", encoder=HashingEncoder()) as matcher:
        monkeypatch.setattr(matcher.profiles, "behind", fail)
        matcher.put(person("ana", "guitar"))
        assert matcher.sync() == 1


def test_only_one_saves_at_a_time(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SAVED_FROM", 1)
    with Matcher.open(tmp_path / "people.db", encoder=HashingEncoder()) as matcher:
        matcher.put(person("ana", "guitar"))
        with matcher._index._saving:
            matcher._index._save()
        assert not (tmp_path / "people.db-index").exists()


class Down(ExactVectorStore):
    """An index that does not answer for a while."""

    is_down = True

    def put(self, entries: Sequence[Entry], vectors: Mapping[str, Vector]) -> None:
        self._check_up()
        super().put(entries, vectors)

    def search(self, *args: object, **options: object) -> list[object]:
        self._check_up()
        return super().search(*args, **options)

    def _check_up(self) -> None:
        if self.is_down:
            raise StoreUnavailableError("refused")


def test_an_index_that_is_down_at_the_start_catches_up_when_it_answers(caplog) -> None:
    people, index = MemoryProfileStore(), Down()
    people.put([person("ana", "Python")])
    with Matcher.open(people, encoder=HashingEncoder(), vectors=index) as matcher:
        assert "until the index answers" in caplog.text
        with pytest.raises(NotIndexedError):
            matcher.put(person("bo", "Python"))
        assert matcher.get("bo").uid == "bo"
        with pytest.raises(StoreUnavailableError):
            matcher.search("Python")
        index.is_down = False
        assert {hit.profile.uid for hit in matcher.search("Python")} == {"ana", "bo"}
        assert not matcher._index._is_behind


def test_a_store_that_is_down_at_the_start_is_an_error(monkeypatch) -> None:
    people = MemoryProfileStore()

    def changes(*_: object) -> None:
        raise StoreUnavailableError("refused")

    monkeypatch.setattr(people, "changes", changes)
    with pytest.raises(StoreUnavailableError):
        Matcher.open(people, encoder=HashingEncoder(), vectors=ExactVectorStore())
