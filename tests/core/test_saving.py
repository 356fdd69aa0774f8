"""What the exact index leaves on the disk, and what it makes of a file that is not what was left."""

import logging
import os
import random
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swapmatch.errors import ConfigurationError, StoreError
from swapmatch.ports import Cursor, Where
from swapmatch.testing.communities import entry, make_community
from swapmatch.testing.resumable_suite import ENCODER, answers
from swapmatch.vector_stores.exact import ExactVectorStore, arrays, saving
from swapmatch.vector_stores.exact.texts import Hashed, Texts

COMMUNITY = make_community(21)
CURSOR = Cursor("here")


def saved(path):
    store = ExactVectorStore(path)
    store.put(COMMUNITY.entries, COMMUNITY.vectors)
    answers(store)  # computes lists, so that they are saved, too
    store.save(ENCODER, CURSOR)
    return store


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "index"
    saved(path)
    return path.read_bytes()


def resumed(path):
    store = ExactVectorStore(path)
    return store, store.resume(ENCODER, beside=None)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_damage_is_taken_for_sound(sound, tmp_path_factory, data):
    people = tmp_path_factory.mktemp("damaged") / "people.db"
    path = people.with_name("people.db-index")
    place = data.draw(st.integers(0, len(sound) - 1))
    kind = data.draw(st.sampled_from(["flip", "cut", "grow within"]))
    if kind == "flip":
        damaged = bytearray(sound)
        damaged[place] ^= data.draw(st.integers(1, 255))
    elif kind == "cut":
        damaged = sound[:place]
    else:
        damaged = sound[:place] + b"x" + sound[place:]
    path.write_bytes(damaged)
    store = ExactVectorStore()
    cursor = store.resume(ENCODER, beside=people)
    if cursor is not None:  # a byte between two arrays is nobody's
        fresh = ExactVectorStore()
        fresh.put(COMMUNITY.entries, COMMUNITY.vectors)
        assert answers(store) == answers(fresh)
    else:
        assert len(store) == 0


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"SQLite format 3\0" + b"x" * 500, b"SWAPINDX"])
def test_a_file_of_somebody_else_is_told_and_the_index_starts_empty(tmp_path, caplog, content):
    path = tmp_path / "people.db-index"
    path.write_bytes(content)
    store = ExactVectorStore()
    with caplog.at_level(logging.WARNING):
        assert store.resume(ENCODER, beside=tmp_path / "people.db") is None
    assert len(store) == 0
    assert str(path) in caplog.text
    store.save(ENCODER, CURSOR)
    assert resumed(path)[1] == CURSOR


def test_a_file_that_is_no_index_is_never_replaced_or_removed(tmp_path):
    path = tmp_path / "people.db"
    store = saved(path)
    path.write_bytes(b"SQLite format 3")
    with pytest.raises(ConfigurationError, match="was not changed"):
        ExactVectorStore(path)
    with pytest.raises(StoreError, match="was not changed"):
        store.save(ENCODER, CURSOR)
    store.delete({COMMUNITY.entries[0].uid: 1000})
    store.clear()
    assert path.read_bytes() == b"SQLite format 3"
    with pytest.raises(ConfigurationError, match="was not changed"):
        ExactVectorStore(tmp_path)


def test_an_index_that_everybody_left_can_be_saved_and_filled_again(tmp_path):
    path = tmp_path / "index"
    store = ExactVectorStore(path)
    store.put(COMMUNITY.entries[:3], COMMUNITY.vectors)
    store._background.close()
    store.delete({one.uid: 1000 for one in COMMUNITY.entries})
    store.save(ENCODER, CURSOR)
    store, cursor = resumed(path)
    assert cursor == CURSOR
    store.put(COMMUNITY.entries, COMMUNITY.vectors)
    assert len(store) == len(COMMUNITY.entries)


def test_what_a_killed_writer_left_goes_with_whoever_is_deleted(tmp_path):
    store = saved(tmp_path / "x[1].index")
    part = tmp_path / "x[1].index.abcd.part"
    part.write_bytes(b"mallory")
    store.delete({"nobody here": 7})
    assert list(tmp_path.iterdir()) == []


def test_words_that_nobody_uses_any_more_are_worth_a_save(tmp_path):
    store = saved(tmp_path / "index")
    vectors = {**COMMUNITY.vectors, "taxidermy": COMMUNITY.vectors["skill 0"]}
    store.put([entry("mallory", rev=1, offers=["taxidermy"])], vectors)
    store.save(ENCODER, CURSOR)
    store.put([entry("mallory", rev=2, offers=["skill 1"])], vectors)
    assert store.unsaved > 1
    store.save(ENCODER, CURSOR)
    assert b"taxidermy" not in (tmp_path / "index").read_bytes()


def test_a_file_of_another_version_is_told(tmp_path, caplog, sound, monkeypatch):
    path = tmp_path / "index"
    path.write_bytes(sound)
    monkeypatch.setattr(arrays, "VERSION", 2)
    with caplog.at_level(logging.WARNING):
        assert resumed(path)[1] is None
    assert "version 1" in caplog.text


def test_it_is_never_half_written(tmp_path, sound, monkeypatch):
    path = tmp_path / "index"
    path.write_bytes(sound)
    store, _ = resumed(path)
    store.put([entry("new", offers=["skill 0"])], COMMUNITY.vectors)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        store.save(ENCODER, Cursor("later"))
    assert path.read_bytes() == sound
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_writer_left_who_never_ended_is_removed_after_a_while(tmp_path):
    old, young = tmp_path / "index.1.part", tmp_path / "index.2.part"
    for part in (old, young):
        part.write_bytes(b"x")
    os.utime(old, (time.time() - 2 * arrays.ABANDONED_S,) * 2)
    saved(tmp_path / "index")
    assert not old.exists()
    assert young.exists()


def test_only_its_owner_can_read_it(tmp_path):
    saved(tmp_path / "index")
    assert (tmp_path / "index").stat().st_mode & 0o077 == 0


def test_nothing_of_the_deleted_is_left_on_the_disk(tmp_path):
    path = tmp_path / "index"
    store = saved(path)
    vectors = {**COMMUNITY.vectors, "taxidermy of newts": COMMUNITY.vectors["skill 0"]}
    store.put([entry("mallory", offers=["taxidermy of newts"], facets={"city": ("atlantis",)})], vectors)
    store.save(ENCODER, CURSOR)
    assert b"taxidermy of newts" in path.read_bytes()
    store.delete({"mallory": 5})
    assert not path.exists()
    store.save(ENCODER, CURSOR)
    for word in (b"mallory", b"taxidermy", b"atlantis"):
        assert word not in path.read_bytes()
    store, _ = resumed(path)
    zeros = np.flatnonzero(~store._snapshot.dictionary.is_used).astype(np.int32)
    assert zeros.size == 1
    assert not store._snapshot.dictionary.vectors(zeros).any()


def test_whoever_is_deleted_while_it_is_saved_is_not_left_on_the_disk(tmp_path, monkeypatch):
    path = tmp_path / "index"
    store = saved(path)
    real = arrays.write

    def slow(*arguments):
        real(*arguments)
        store.delete({COMMUNITY.entries[0].uid: 1000})

    monkeypatch.setattr(saving.files, "write", slow)
    store.save(ENCODER, CURSOR)
    assert not path.exists()
    assert store.unsaved >= 1


def test_it_is_saved_beside_the_people_unless_it_has_a_place_of_its_own(tmp_path):
    people = tmp_path / "people.db"
    for store, file in (
        (ExactVectorStore.from_url("exact:"), tmp_path / "people.db-index"),
        (ExactVectorStore.from_url(f"exact:{tmp_path / 'own'}"), tmp_path / "own"),
    ):
        store.resume(ENCODER, beside=people)
        store.save(ENCODER, CURSOR)
        assert file.exists()
        file.unlink()
    unsaved = ExactVectorStore.from_url("exact:unsaved")
    assert unsaved.resume(ENCODER, beside=people) is None
    unsaved.save(ENCODER, CURSOR)
    assert list(tmp_path.iterdir()) == []


def test_lists_of_neighbours_are_not_computed_again(tmp_path, monkeypatch):
    path = tmp_path / "index"
    saved(path)
    store, _ = resumed(path)
    assert store._snapshot.neighbours.count > 0
    monkeypatch.setattr("swapmatch.vector_stores.exact.neighbours.Neighbours._looked_up", None)
    assert any(answers(store))


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(min_size=1), unique=True, max_size=40), seed=st.integers(0, 100))
def test_texts_are_found_where_they_stand(texts, seed):
    rng = random.Random(seed)
    kept = Texts.of(Hashed.of(texts))
    assert list(kept) == texts
    assert kept.find(Hashed.of([*texts, "\0 nobody"])).tolist() == [*range(len(texts)), -1]
    places = rng.sample(range(len(texts)), rng.randint(0, len(texts)))
    some = kept.take(np.array(places, np.int32))
    assert list(some) == [texts[place] for place in places]
    others = [f"{text}!" for text in texts if f"{text}!" not in texts]
    joined = Texts.joined([some, Texts.of(Hashed.of(others))])
    wanted = [*(texts[place] for place in places), *others]
    assert list(joined) == wanted
    assert joined.find(Hashed.of(wanted)).tolist() == list(range(len(wanted)))


def test_texts_of_one_hash_are_told_apart(monkeypatch):
    monkeypatch.setattr(
        "swapmatch.vector_stores.exact.texts._hashes", lambda encoded: np.full(len(encoded), 7, np.uint64)
    )
    kept = Texts.of(Hashed.of(["a", "b", "c"]))
    assert kept.find(Hashed.of(["c", "a", "x", "b"])).tolist() == [2, 0, -1, 1]


def test_a_search_of_a_resumed_index_needs_no_words(tmp_path):
    path = tmp_path / "index"
    saved(path)
    store, _ = resumed(path)
    hits = store.search(COMMUNITY.side(["skill 3"]).vectors, "offers", limit=3, where=Where())
    assert len(hits) == 3


def test_a_file_that_cannot_be_removed_is_told(tmp_path, monkeypatch, caplog):
    store = saved(tmp_path / "index")

    def fail(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(saving.files, "remove", fail)
    with caplog.at_level(logging.WARNING):
        store.delete({COMMUNITY.entries[0].uid: 1000})
    assert "delete it by hand" in caplog.text


def test_arrays_of_other_types_are_not_written(tmp_path):
    with pytest.raises(TypeError, match="c16"):
        arrays.write(tmp_path / "file", {}, {"strange": np.zeros(3, np.complex128)})
    assert list(tmp_path.iterdir()) == []


def test_of_hashed_texts_some_can_be_taken():
    some = Hashed.of(["a", "b", "c"]).where(np.array([True, False, True]))
    assert list(Texts.of(some)) == ["a", "c"]
