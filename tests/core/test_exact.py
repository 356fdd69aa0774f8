"""The exact index against the formula in plain loops, through every way that it changes."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swapmatch.errors import StoreError
from swapmatch.fusion import FUSIONS
from swapmatch.ports import Entry, Seeker, SeekerSide, Vector, Where
from swapmatch.scoring import Scoring
from swapmatch.testing.candidates_suite import fits
from swapmatch.testing.oracle import brute_force_match, search_scores
from swapmatch.vector_stores.exact import ExactVectorStore, index, ranking
from swapmatch.vector_stores.exact import marks as exact_marks
from swapmatch.vector_stores.exact import snapshot as exact_snapshot

NOBODY = Where()


def vectors_of(skills: int, rng: random.Random) -> dict[str, Vector]:
    """Skills in clusters, so that all relevances occur; some share a vector, so that ties do."""
    numbers = np.random.default_rng(rng.randrange(2**32))
    centres = numbers.normal(size=(max(1, skills // 4), 16))
    found = {}
    for number in range(skills):
        noise = numbers.normal(size=16) * numbers.choice([0.0, 0.3, 0.6, 1.5])
        vector = centres[number % len(centres)] + noise
        found[f"skill {number}"] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return found


def community(people: int, vectors: dict[str, Vector], rng: random.Random) -> list[Entry]:
    keys = list(vectors)

    def some() -> tuple[str, ...]:
        return tuple(rng.sample(keys, min(len(keys), rng.choice([0, 1, 1, 2, 3, 6]))))

    return [Entry(f"p{n:03}", 1, some(), some(), {}) for n in range(people)]


def seeker_of(entry: Entry, vectors: dict[str, Vector]) -> Seeker:
    def side(keys: tuple[str, ...]) -> SeekerSide:
        return SeekerSide(keys, np.stack([vectors[key] for key in keys]) if keys else np.zeros((0, 16), np.float32))

    return Seeker(offers=side(entry.offers), needs=side(entry.needs))


def ranked(
    store: ExactVectorStore, seeker: Seeker, scoring: Scoring, limit: int, where: Where = NOBODY
) -> list[tuple[str, float]]:
    """Score what the index returns, as the core does."""
    items = store.candidates(seeker, scoring, limit=limit, where=where).items
    receives = scoring.directions([item.receives for item in items])
    gives = scoring.directions([item.gives for item in items])
    scores = scoring.fuse(receives.scores, gives.scores)
    coverages = np.round(receives.coverages + gives.coverages, 6)
    order = sorted(range(len(items)), key=lambda i: (-scores[i], -coverages[i], items[i].uid))
    return [(items[i].uid, float(scores[i])) for i in order]


def assert_same(found: list[tuple[str, float]], everybody: list[tuple[str, float]]) -> None:
    """Equal to 1e-5; the order is the same but among those whose scores lie within rounding of each other."""
    first = everybody[: len(found)]
    assert len({uid for uid, _ in found}) == len(found)
    assert [score for _, score in found] == pytest.approx([score for _, score in first], abs=1e-5)
    for (uid, _), (other, score) in zip(found, first, strict=True):
        twins = {name for name, close in everybody if abs(close - score) < 2e-6}
        assert uid == other or uid in twins


@settings(max_examples=100, deadline=None)
@given(
    people=st.integers(1, 500),
    skills=st.integers(2, 120),
    limit=st.integers(1, 30),
    seed=st.integers(0, 2**32),
    scoring=st.builds(
        Scoring,
        breadth=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
        floor=st.sampled_from([0.05, 0.2, 0.6]),
        neighbours=st.sampled_from([1, 3, 10, 256]),
        fusion=st.sampled_from(sorted(FUSIONS)),
    ),
    first=st.sampled_from([1, 20, 512]),
    dense=st.sampled_from([0, 1, 16]),
    short=st.sampled_from([0, 1024]),
    plenty=st.sampled_from([0.01, 1, 4]),
)
def test_the_first_are_those_of_a_scorer_that_looks_at_everybody(
    *,
    people: int,
    skills: int,
    limit: int,
    seed: int,
    scoring: Scoring,
    first: int,
    dense: int,
    short: int,
    plenty: float,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "FIRST_LOOK", first)
        patch.setattr(ranking, "DENSE", dense)
        patch.setattr(exact_marks, "DENSE", dense)
        patch.setattr(ranking, "SHORT", short)
        patch.setattr(ranking, "PLENTY", plenty)
        hold_against_everybody(people, skills, limit, seed, scoring)


def hold_against_everybody(people: int, skills: int, limit: int, seed: int, scoring: Scoring) -> None:
    rng = random.Random(seed)
    vectors = vectors_of(skills, rng)
    entries = community(people, vectors, rng)
    store = ExactVectorStore()
    store.put(entries, vectors)
    for entry in rng.sample(entries, min(3, people)):
        seeker = seeker_of(entry, vectors)
        everybody = brute_force_match(entries, vectors, seeker, scoring=scoring)
        found = ranked(store, seeker, scoring, limit)
        bound = store.candidates(seeker, scoring, limit=limit, where=NOBODY).bound
        assert len(found) == min(limit, len(everybody))
        assert_same(found, [(match.uid, match.score) for match in everybody])
        assert bound <= (found[-1][1] if found else 0.0) + 1e-6
        assert all(match.score <= bound + 1e-5 for match in everybody[limit:])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    few=st.sampled_from([0, 2048]),
    spare=st.sampled_from([0, 8]),
    wide=st.sampled_from([0, 1, 16]),
    short=st.sampled_from([0, 1024]),
)
def test_a_filter_changes_nothing_but_who_may_be_found(
    *, seed: int, few: int, spare: int, wide: int, short: int
) -> None:
    rng = random.Random(seed)
    vectors = vectors_of(rng.choice([5, 60]), rng)
    some = [
        replace(one, facets={"city": (rng.choice("abc"),), "tongue": tuple(rng.sample("xyz", rng.randint(0, 2)))})
        for one in community(rng.choice([1, 20, 300]), vectors, rng)
    ]
    where = Where(
        facets={name: tuple(rng.sample(values, 2)) for name, values in (("city", "abcd"), ("tongue", "xy"))},
        exclude=frozenset(one.uid for one in rng.sample(some, rng.randint(0, len(some) // 2))),
    )
    store = ExactVectorStore()
    for part in (some[: len(some) // 2], some[len(some) // 2 :]):
        store.put(part, vectors)
    seeker = seeker_of(some[0], vectors)
    unfit = [one.uid for one in some if not fits(one, where)]
    everybody = brute_force_match(some, vectors, seeker, exclude=unfit)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "FEW", few)
        patch.setattr(ranking, "SHORT", short)
        patch.setattr(exact_snapshot, "SPARE", spare)
        patch.setattr(exact_marks, "WIDE", wide)
        found = ranked(store, seeker, Scoring(), 4, where)
        assert len(found) == min(4, len(everybody))
        assert_same(found, [(match.uid, match.score) for match in everybody])
        key = next(iter(vectors))
        hits = store.search(vectors[key][None], "offers", limit=4, where=where)
        scores = search_scores([one for one in some if fits(one, where)], vectors, vectors[key][None], "offers")
        assert [hit.score for hit in hits] == pytest.approx(sorted(scores.values(), reverse=True)[:4], abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), small=st.sampled_from([0, 2, 1000]), first=st.sampled_from([1, 4, 512]))
def test_any_history_of_writes_ends_in_the_answers_of_what_is_left(seed: int, small: int, first: int) -> None:
    rng = random.Random(seed)
    vectors = vectors_of(30, rng)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "SMALL", small)
        patch.setattr(ranking, "FIRST_LOOK", first)
        store, alive = ExactVectorStore(), {}
        for rev in range(1, 40):
            (entry,) = community(1, vectors, rng)
            uid = f"p{rng.randrange(12)}"
            if rng.random() < 0.25:
                store.delete({uid: rev})
                alive.pop(uid, None)
            else:
                alive[uid] = Entry(uid, rev, entry.offers, entry.needs, {})
                store.put([alive[uid]], vectors)
            if rng.random() < 0.5:
                seeker = seeker_of(community(1, vectors, rng)[0], vectors)
                everybody = brute_force_match(alive.values(), vectors, seeker)
                found = ranked(store, seeker, Scoring(), 5)
                assert len(found) == min(5, len(everybody))
                assert_same(found, [(match.uid, match.score) for match in everybody])
        assert len(store) == len(alive)


def test_storage_order_does_not_matter() -> None:
    rng = random.Random(7)
    vectors = vectors_of(40, rng)
    entries = community(300, vectors, rng)
    seeker = seeker_of(entries[0], vectors)
    lists = []
    for _ in range(3):
        store = ExactVectorStore()
        for entry in rng.sample(entries, len(entries)):
            store.put([entry], vectors)
        lists.append(ranked(store, seeker, Scoring(), 20))
    assert lists[0] == lists[1] == lists[2]


def test_skills_that_nobody_has_any_more_are_forgotten_when_people_are_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "SMALL", 0)
    vectors = vectors_of(60, random.Random(1))
    store = ExactVectorStore()
    keys = list(vectors)
    store.put([Entry(f"p{n}", 1, (keys[n],), (keys[n + 1],), {}) for n in range(50)], vectors)
    store.search(vectors[keys[0]][None], "offers", limit=1, where=NOBODY)
    store.delete({f"p{n}": 2 for n in range(1, 50)})
    store._background.wait()
    (hit,) = store.search(vectors[keys[0]][None], "offers", limit=5, where=NOBODY)
    assert hit.uid == "p0"
    assert len(store._dictionary) == 2


def test_a_query_of_another_length_is_refused() -> None:
    vectors = vectors_of(3, random.Random(1))
    store = ExactVectorStore()
    store.put([Entry("a", 1, ("skill 0",), ("skill 1",), {})], vectors)
    with pytest.raises(StoreError, match="length 16"):
        store.search(np.ones((1, 3), np.float32), "offers", limit=1, where=NOBODY)
