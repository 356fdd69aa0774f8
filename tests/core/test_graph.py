"""The graph of skills, and an index that has so many of them that it uses one."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from swapmatch.errors import MissingExtraError, StoreError
from swapmatch.ports import Cursor, Entry, Seeker, SeekerSide, Where
from swapmatch.scoring import Scoring
from swapmatch.testing.oracle import brute_force_match
from swapmatch.vector_stores.exact import ExactVectorStore, graph, neighbours
from swapmatch.vector_stores.exact.graph import Graph

DIMENSION = 32
NOBODY = Where()
SCORING = Scoring(neighbours=20)


@pytest.fixture(autouse=True)
def usearch():
    return pytest.importorskip("usearch", reason="usearch is not installed")


def clustered(count, seed=1):
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((max(1, count // 20), DIMENSION))
    rows = centres[rng.integers(0, len(centres), count)] + 0.6 * rng.standard_normal((count, DIMENSION))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def graph_of(vectors):
    graph = Graph(DIMENSION)
    graph.add(vectors)
    return graph


def test_nearly_all_of_the_nearest_are_found():
    vectors = clustered(6_000)
    made, queries = graph_of(vectors), vectors[::100]
    truth = np.argsort(-(queries @ vectors.T), axis=1)[:, :256]
    found = made.nearest(queries, limit=256)
    recalls = [np.intersect1d(one, other).size / 256 for one, other in zip(found, truth, strict=True)]
    assert np.mean(recalls) >= 0.98


def test_an_empty_graph_finds_nothing():
    (found,) = Graph(DIMENSION).nearest(clustered(1), limit=5)
    assert found.size == 0


def test_what_was_saved_finds_the_same_and_can_grow():
    vectors = clustered(1_000)
    graph = graph_of(vectors[:900])
    again = Graph.from_bytes(graph.to_bytes(), dimension=DIMENSION)
    assert len(again) == 900
    for one, other in zip(graph.nearest(vectors, limit=9), again.nearest(vectors, limit=9), strict=True):
        assert set(one.tolist()) == set(other.tolist())
    again.add(vectors[900:])
    assert 999 in again.nearest(vectors[999:], limit=1)[0]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_graph_that_is_damaged_is_refused(share):
    data = graph_of(clustered(500)).to_bytes()
    place = int(share * data.size)
    with pytest.raises(StoreError, match="graph of skills"):
        Graph.from_bytes(data[:place], dimension=DIMENSION)
    data[place] ^= 1
    with pytest.raises(StoreError, match="graph of skills"):
        Graph.from_bytes(data, dimension=DIMENSION)


def test_a_graph_that_says_something_else_of_itself_is_refused():
    data = graph_of(clustered(50)).to_bytes()
    magic, *parameters, size, checksum, length = graph.HEADER.unpack(data[: graph.HEADER.size].tobytes())
    data[: graph.HEADER.size] = np.frombuffer(
        graph.HEADER.pack(magic, *parameters, size + 1, checksum, length), np.uint8
    )
    with pytest.raises(StoreError, match="something else"):
        Graph.from_bytes(data, dimension=DIMENSION)


def test_a_graph_of_other_vectors_is_refused():
    with pytest.raises(StoreError, match="other parameters"):
        Graph.from_bytes(graph_of(clustered(50)).to_bytes(), dimension=8)


def test_threads_search_while_one_adds():
    vectors = clustered(3_000)
    graph = graph_of(vectors[:1_000])

    def search(number):
        (found,) = graph.nearest(vectors[number : number + 1], limit=10)
        return number in found

    with ThreadPoolExecutor(5) as pool:
        adding = pool.submit(graph.add, vectors[1_000:])
        assert all(pool.map(search, list(range(1_000)) * 2))
        adding.result()
    assert len(graph) == 3_000
    assert sum(map(search, range(3_000))) > 2_990


def test_of_what_is_forgotten_no_vector_is_left():
    vectors = clustered(1_000)
    graph, dead = graph_of(vectors), np.arange(0, 1_000, 10, dtype=np.int32)
    words = graph._small(vectors[dead[3:4]]).tobytes()
    assert words in graph.to_bytes().tobytes()
    graph.forget(dead)
    again = Graph.from_bytes(graph.to_bytes(), dimension=DIMENSION)
    assert words not in again.to_bytes().tobytes()
    assert len(again) == 1_000
    alive = np.setdiff1d(np.arange(1_000), dead)
    for found, query in zip(again.nearest(vectors[alive[:50]], limit=20), vectors[alive[:50]], strict=True):
        truth = alive[np.argsort(-(vectors[alive] @ query))[:20]]
        assert np.intersect1d(found, truth).size >= 19


def test_vectors_of_another_length_are_refused():
    graph = graph_of(clustered(50))
    for call in (graph.add, lambda vectors: graph.nearest(vectors, limit=1)):
        with pytest.raises(StoreError, match="length"):
            call(np.ones((2, 8), np.float32))


def test_without_the_package_there_is_no_graph(monkeypatch):
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    assert not Graph.is_available()
    with pytest.raises(MissingExtraError, match=r"swapmatch\[hnsw\]"):
        Graph(DIMENSION)


def entries_of(vectors):
    rng = np.random.default_rng(3)
    keys = list(vectors)
    sides = [tuple(dict.fromkeys(keys[n] for n in rng.integers(0, len(keys), 4))) for _ in range(2 * 300)]
    return [Entry(f"p{n:03}", 1, sides[2 * n], sides[2 * n + 1], {}) for n in range(300)]


def seeker_of(entry, vectors):
    offers, needs = (SeekerSide(s, np.stack([vectors[k] for k in s])) for s in (entry.offers, entry.needs))
    return Seeker(offers=offers, needs=needs)


@pytest.fixture
def vectors(monkeypatch):
    """Skills, so many that an index of them makes a graph."""
    monkeypatch.setattr(neighbours, "BEYOND", 300)
    monkeypatch.setattr(neighbours, "PREPARED_FROM", 300)
    monkeypatch.setattr("swapmatch.vector_stores.exact.index.QUIET_S", 0.0)
    return {f"skill {n}": row for n, row in enumerate(clustered(700, seed=2))}


def filled(vectors, path=None):
    store = ExactVectorStore(path)
    store.put(entries_of(vectors), vectors)
    store._background.wait()
    return store


def lists_of(store):
    return store._snapshot.neighbours


def test_an_index_of_many_skills_makes_a_graph_and_claims_nothing_that_it_cannot_know(vectors):
    store = filled(vectors)
    used = len(store._snapshot.dictionary)
    assert len(lists_of(store).graph) + neighbours.BLOCK > used > 300
    entries = entries_of(vectors)
    recalls = []
    for entry in entries[:15]:
        seeker = seeker_of(entry, vectors)
        everybody = brute_force_match(entries, vectors, seeker)
        found = store.candidates(seeker, Scoring(), limit=10, where=NOBODY)
        assert found.bound >= everybody[0].score  # whoever was overlooked cannot beat it
        best = {match.uid for match in everybody[:10]}
        recalls.append(len(best & {item.uid for item in found.items}) / len(best))
    assert np.mean(recalls) >= 0.98


def test_what_has_come_since_is_looked_at_one_by_one(vectors):
    store = filled(vectors)
    more = {f"new {n}": row for n, row in enumerate(clustered(30, seed=9))}
    entries = [Entry(f"n{n:02}", 1, (key,), (key,), {}) for n, key in enumerate(more)]
    before = len(lists_of(store).graph)
    lists_of(store).graph.add = None  # the graph stays behind
    store.put(entries, more)
    for entry in entries:
        found = store.candidates(seeker_of(entry, more), SCORING, limit=1, where=NOBODY)
        assert [item.uid for item in found.items] == [entry.uid]
    assert len(lists_of(store).graph) == before


def test_lists_made_by_a_graph_stay_right_while_skills_die(vectors):
    store = filled(vectors)
    entries = entries_of(vectors)
    for entry in entries[:20]:
        store.candidates(seeker_of(entry, vectors), Scoring(), limit=10, where=NOBODY)
    store.delete({entry.uid: 2 for entry in entries[200:]})
    left = entries[:200]
    for entry in left[:10]:
        seeker = seeker_of(entry, vectors)
        everybody = brute_force_match(left, vectors, seeker)
        found = store.candidates(seeker, Scoring(), limit=5, where=NOBODY)
        uids = [item.uid for item in found.items]
        assert len(set(uids) & {match.uid for match in everybody[:5]}) >= 4


def test_a_graph_is_saved_and_taken_up_again(vectors, tmp_path, monkeypatch):
    path = tmp_path / "index"
    store = filled(vectors, path)
    store.save("model", Cursor("here"))
    again = ExactVectorStore(path)
    assert again.resume("model", beside=None) == "here"
    assert len(lists_of(again).graph) == len(lists_of(store).graph)
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    without = ExactVectorStore(path)
    assert without.resume("model", beside=None) == "here"
    assert lists_of(without).graph is None
    found = without.candidates(seeker_of(entries_of(vectors)[0], vectors), Scoring(), limit=5, where=NOBODY)
    assert found.bound < 0.977  # everybody was looked at
