"""The parts of the exact index that its answers alone do not show."""

import logging
import random
from threading import Event, Timer

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swapmatch.ports import Entry, Seeker, SeekerSide, Vector, Where
from swapmatch.scoring import Scoring
from swapmatch.vector_stores.exact import ExactVectorStore, index
from swapmatch.vector_stores.exact.background import Background
from swapmatch.vector_stores.exact.dictionary import Dictionary
from swapmatch.vector_stores.exact.neighbours import Lists, Neighbours


def unit_vectors(count: int, seed: int) -> dict[str, Vector]:
    numbers = np.random.default_rng(seed)
    rows = numbers.normal(size=(count, 6)).round(1)
    rows[:, 0] += 0.01
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return {f"skill {number:03}": row.astype(np.float32) for number, row in enumerate(rows)}


def nearest(key: str, vectors: dict[str, Vector], used: set[str], floor: float, limit: int) -> dict[str, float]:
    cosines = {other: float(vectors[key] @ vectors[other]) for other in used}
    first = sorted(used, key=lambda other: (-np.float32(cosines[other]), other))[:limit]
    return {other: cosines[other] for other in first if cosines[other] >= floor}


def given_vectors(some, vectors):
    return SeekerSide(tuple(some), np.stack([vectors[key] for key in some]))


def add(dictionary, some, vectors):
    dictionary.add(dictionary.check(some, vectors), vectors)
    dictionary.count(np.array(dictionary.numbers(some), np.int32), 1)


def drop(dictionary, some):
    dictionary.count(np.array(dictionary.numbers(some), np.int32), -1)


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32), limit=st.sampled_from([1, 3, 8, 256]), floor=st.sampled_from([0.1, 0.3, 0.7]))
def test_lists_stay_right_while_skills_come_go_and_are_forgotten(seed: int, limit: int, floor: float) -> None:
    rng = random.Random(seed)
    vectors = unit_vectors(40, seed)
    dictionary, neighbours, used = Dictionary(), Neighbours(floor=floor, limit=limit), set[str]()
    for _ in range(30):
        key = rng.choice(list(vectors))
        if key in used and rng.random() < 0.5:
            drop(dictionary, [key])
            used.remove(key)
        elif key not in used:
            add(dictionary, [key], vectors)
            used.add(key)
        if rng.random() < 0.1 and used:
            view = dictionary.view()
            dictionary, new_ids = dictionary.without_unused()
            neighbours = neighbours.renumbered(new_ids, view)
        elif rng.random() < 0.1 and used:  # as after a start from what was saved
            view = dictionary.view()
            kept = Lists.of(neighbours.lists(view), len(view))
            dictionary = Dictionary(dictionary.keys(), view.vectors(np.arange(len(view))), dictionary.uses())
            neighbours = Neighbours(floor=floor, limit=limit, kept=kept)
        if not used:
            continue
        asked = rng.sample(list(vectors), 3)
        view = dictionary.view()
        for key, met in zip(asked, neighbours.of(given_vectors(asked, vectors), view), strict=True):
            found = {view.keys[number]: cosine for number, cosine in zip(met.ids, met.cosines.tolist(), strict=True)}
            assert found == pytest.approx(nearest(key, vectors, used, floor, limit), abs=1e-5)
            assert met.is_whole


@pytest.mark.parametrize("limit", [2, 256])
def test_an_old_view_is_answered_without_what_has_come_since_and_with_what_died(limit: int) -> None:
    vectors = unit_vectors(10, 1)
    keys = list(vectors)
    dictionary, neighbours = Dictionary(), Neighbours(floor=0.01, limit=limit)
    add(dictionary, keys[:4], vectors)
    old = dictionary.view()
    names = list(old.keys)
    add(dictionary, keys[4:], vectors)
    drop(dictionary, [keys[1]])
    side = given_vectors((keys[0], keys[5]), vectors)
    neighbours.of(side, dictionary.view())
    for key, met in zip(side.keys, neighbours.of(side, old), strict=True):
        expected = nearest(key, vectors, set(keys[:4]), 0.01, limit)
        assert {names[number] for number in met.ids} == set(expected)


def test_a_skill_that_comes_back_is_a_new_one_and_its_old_name_is_gone() -> None:
    vectors = unit_vectors(3, 1)
    dictionary = Dictionary()
    add(dictionary, list(vectors), vectors)
    drop(dictionary, ["skill 001"])
    assert dictionary.keys() == ["skill 000", "", "skill 002"]
    assert dictionary.unused == 1
    add(dictionary, ["skill 001"], vectors)
    assert dictionary.numbers(["skill 001"]) == [3]
    np.testing.assert_array_equal(dictionary.view().vectors(np.array([3, 0]))[0], vectors["skill 001"])


@settings(max_examples=30, deadline=None)
@given(batches=st.lists(st.integers(1, 40), min_size=1, max_size=8), room=st.sampled_from([1, 7, 1024]))
def test_vectors_in_blocks_are_those_that_were_added(batches: list[int], room: int) -> None:
    vectors = unit_vectors(sum(batches), 3)
    keys, rows = list(vectors), np.stack(list(vectors.values()))
    dictionary = Dictionary()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("swapmatch.vector_stores.exact.dictionary.ROOM", room)
        for start, count in zip(np.cumsum([0, *batches]).tolist(), batches, strict=False):
            add(dictionary, keys[start : start + count], vectors)
    view = dictionary.view()
    ids = np.random.default_rng(1).permutation(len(rows)).astype(np.int32)
    np.testing.assert_array_equal(view.vectors(ids), rows[ids])
    for since in (0, 1, len(rows) // 2, len(rows)):
        np.testing.assert_allclose(view.cosines(rows[:2], since=since), rows[:2] @ rows[since:].T, atol=1e-6)


def test_no_more_lists_are_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("swapmatch.vector_stores.exact.neighbours.MAX_LISTS", 3)
    vectors = unit_vectors(8, 2)
    dictionary, neighbours = Dictionary(), Neighbours(floor=0.1, limit=4)
    add(dictionary, list(vectors), vectors)
    assert len(neighbours.of(given_vectors(vectors, vectors), dictionary.view())) == 8
    assert neighbours.count == 3


def test_lists_of_a_large_dictionary_are_computed_before_anybody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("swapmatch.vector_stores.exact.neighbours.PREPARED_FROM", 10)
    monkeypatch.setattr("swapmatch.vector_stores.exact.neighbours.BLOCK", 4)
    monkeypatch.setattr(index, "QUIET_S", 0.01)
    vectors = unit_vectors(30, 5)
    keys = list(vectors)
    store = ExactVectorStore()
    store.put([Entry(f"p{n}", 1, (keys[n],), (), {}) for n in range(9)], vectors)
    store._background.wait()
    assert store._snapshot.neighbours.count == 0
    store.put([Entry(f"p{n}", 1, (keys[n],), (), {}) for n in range(9, 30)], vectors)
    store._background.wait()
    assert store._snapshot.neighbours.count == 30


def held_merges(monkeypatch: pytest.MonkeyPatch) -> tuple[Event, Event]:
    """Let merges say that they have begun, and wait until they are told to go on."""
    merging, go_on = Event(), Event()
    real = index.merged

    def slow(*arguments, **sizes):
        merging.set()
        assert go_on.wait(10)
        return real(*arguments, **sizes)

    monkeypatch.setattr(index, "merged", slow)
    return merging, go_on


def test_whoever_dies_while_segments_are_merged_stays_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "SMALL", 1)
    vectors = unit_vectors(6, 3)
    keys = list(vectors)
    merging, go_on = held_merges(monkeypatch)
    store = ExactVectorStore()
    for batch in range(3):
        store.put([Entry(f"p{batch}{n}", 1, (keys[n],), (keys[n],), {}) for n in range(3)], vectors)
    assert merging.wait(10)
    store.delete({"p00": 2})
    store.put([Entry("p11", 2, (keys[5],), (keys[5],), {})], vectors)
    go_on.set()
    store._background.wait()
    one = SeekerSide((keys[0],), vectors[keys[0]][None])
    found = store.candidates(Seeker(one, one), Scoring(), limit=99, where=Where())
    assert "p00" not in {item.uid for item in found.items}
    hits = store.search(vectors[keys[1]][None], "offers", limit=99, where=Where())
    assert {hit.uid for hit in hits if hit.score > 0.999} == {"p01", "p21"}
    assert len(store) == 8
    assert len(store._snapshot.segments) <= 2


def test_an_index_that_everybody_left_starts_anew() -> None:
    vectors = unit_vectors(4, 4)
    store = ExactVectorStore()
    store.put([Entry("a", 1, tuple(vectors), (), {})], vectors)
    store.delete({"a": 2})
    store._background.wait()
    store.put([Entry("a", 3, (), tuple(vectors), {})], vectors)
    (hit,) = store.search(vectors["skill 000"][None], "needs", limit=1, where=Where())
    assert (hit.uid, hit.rev) == ("a", 3)


def test_work_is_done_until_none_is_left_and_again_when_woken() -> None:
    left = [3]

    def work() -> bool:
        left[0] -= 1
        return left[0] > 0

    background = Background(work)
    background.wake()
    background.wait()
    assert left == [0]
    background.wake()
    background.close()
    assert left == [-1]
    background.wake()
    background.wait()
    assert left == [-1]


def test_work_that_fails_is_logged_and_ends(caplog: pytest.LogCaptureFixture) -> None:
    def work() -> bool:
        raise MemoryError

    background = Background(work)
    with caplog.at_level(logging.ERROR):
        background.wake()
        background.wait()
    assert "goes on without" in caplog.text


def test_an_index_may_be_closed_while_segments_are_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "SMALL", 1)
    vectors = unit_vectors(6, 3)
    merging, go_on = held_merges(monkeypatch)
    store = ExactVectorStore()
    for batch in range(3):
        store.put([Entry(f"p{batch}{n}", 1, ("skill 000",), ("skill 001",), {}) for n in range(3)], vectors)
    assert merging.wait(10)
    Timer(0.2, go_on.set).start()
    store.close()
    assert store._background._thread is None
    assert len(store._snapshot.segments) == 3


@pytest.mark.parametrize("rows", range(7))
def test_few_rows_and_many_give_the_same_cosines_across_blocks(rows: int) -> None:
    rng = np.random.default_rng(rows)
    vectors = rng.normal(size=(2_500, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    keys = [f"skill {number}" for number in range(len(vectors))]
    dictionary = Dictionary()
    for end in (1, 1_024, 1_025, 2_500):
        dictionary.add(keys[len(dictionary) : end], dict(zip(keys, vectors, strict=True)))
    dictionary.count(np.arange(len(keys), dtype=np.int32), 1)
    view = dictionary.view()
    query = vectors[100 : 100 + rows]
    assert len(view.blocks) > 1
    np.testing.assert_allclose(view.cosines(query), query @ vectors.T, atol=1e-6)
    np.testing.assert_allclose(view.cosines(query, since=1_100), query @ vectors[1_100:].T, atol=1e-6)
