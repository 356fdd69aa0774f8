"""The Qdrant index beside the exact one, and what it says of those whom it left out."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swapmatch.fusion import FUSIONS
from swapmatch.ports import Where
from swapmatch.scoring import Scoring
from swapmatch.testing.communities import entry, make_community
from swapmatch.testing.oracle import brute_force_match
from swapmatch.vector_stores.exact import ExactVectorStore

pytest.importorskip("qdrant_client", reason="qdrant-client is not installed: pip install 'swapmatch[qdrant]'")

from swapmatch.vector_stores.qdrant import QdrantVectorStore, points
from swapmatch.vector_stores.qdrant.points import Person
from swapmatch.vector_stores.qdrant.question import Question, Sought

ANYONE = Where()
COMMUNITY = make_community(40, people=400, skills=150)
ENCODER = "topics/1"


def opened(**options):
    store = QdrantVectorStore.from_url("qdrant::memory:" + "".join(f"?{k}={v}" for k, v in options.items()))
    store.expect_encoder(ENCODER, dimension=32)
    return store


def scored(found, scoring):
    receives = scoring.directions([one.receives for one in found.items])
    gives = scoring.directions([one.gives for one in found.items])
    coverages = np.round(receives.coverages + gives.coverages, 6)
    each = zip(scoring.fuse(receives.scores, gives.scores), coverages, found.items, strict=True)
    return sorted((-score, -coverage, one.uid) for score, coverage, one in each)


@pytest.fixture(scope="module")
def both():
    stores = opened(), ExactVectorStore()
    for store in stores:
        store.put(COMMUNITY.entries, COMMUNITY.vectors)
    yield stores
    for store in stores:
        store.close()


@pytest.mark.parametrize("fusion", sorted(FUSIONS))
def test_both_indexes_give_the_same_people_with_the_same_scores(both, fusion):
    scoring = Scoring(fusion=fusion, neighbours=100)
    for person in COMMUNITY.entries[:12]:
        seeker, where = COMMUNITY.seeker_of(person), Where(exclude=frozenset({person.uid}))
        ours, theirs = (scored(store.candidates(seeker, scoring, limit=20, where=where), scoring) for store in both)
        assert [uid for *_, uid in ours] == [uid for *_, uid in theirs]
        np.testing.assert_allclose([one[:2] for one in ours], [one[:2] for one in theirs], atol=1e-5)


@pytest.mark.parametrize("side", ["offers", "needs"])
def test_both_indexes_find_the_same_people_for_a_query(both, side):
    for start in range(0, 120, 17):
        query = np.array([COMMUNITY.vectors[f"skill {start + n}"] for n in range(3)])
        ours, theirs = (store.search(query, side, limit=30, where=ANYONE) for store in both)
        assert [(hit.uid, hit.skills) for hit in ours] == [(hit.uid, hit.skills) for hit in theirs]
        np.testing.assert_allclose([hit.score for hit in ours], [hit.score for hit in theirs], atol=1e-5)


def test_with_a_short_reach_most_of_the_best_are_found_and_the_bound_says_what_may_be_missing():
    store = opened(reach=60)
    store.put(COMMUNITY.entries, COMMUNITY.vectors)
    found = wanted = 0
    for person in COMMUNITY.entries[:20]:
        seeker = COMMUNITY.seeker_of(person)
        candidates = store.candidates(seeker, Scoring(), limit=10, where=ANYONE)
        ranked = brute_force_match(COMMUNITY.entries, COMMUNITY.vectors, seeker)
        uids = {one.uid for one in candidates.items}
        assert all(match.uid in uids or match.score <= candidates.bound for match in ranked)
        found += sum(match.uid in uids for match in ranked[:10])
        wanted += len(ranked[:10])
    store.close()
    assert found >= 0.9 * wanted


@st.composite
def questions(draw):
    community = make_community(draw(st.integers(0, 10**6)), people=40, skills=draw(st.sampled_from([6, 20, 60])))
    scoring = Scoring(
        fusion=draw(st.sampled_from(sorted(FUSIONS))),
        breadth=draw(st.floats(0, 1)),
        floor=draw(st.floats(0.01, 0.6)),
        neighbours=draw(st.sampled_from([2, 10, 256])),
    )
    keys = st.lists(st.sampled_from(sorted(community.vectors)), min_size=1, max_size=5, unique=True)
    return community, scoring, community.seeker(offers=draw(keys), needs=draw(keys))


def met(community, side, scoring):
    named = sorted({key for person in community.entries for key in (*person.offers, *person.needs)})
    for vector in side.vectors:
        cosines = {key: float(vector @ community.vectors[key]) for key in named}
        nearest = sorted(named, key=lambda key: (-cosines[key], key))[: scoring.neighbours]
        yield {key: cosines[key] for key in nearest if cosines[key] >= scoring.floor}


@settings(max_examples=80, deadline=None)
@given(questions(), st.booleans())
def test_nobody_scores_more_than_the_bound_of_their_sum(asked, share_numbers):
    """Also where skills share numbers: here all of a side have one of seven."""
    community, scoring, seeker = asked
    with pytest.MonkeyPatch.context() as patch:
        if share_numbers:
            few = {key: n % 7 for n, key in enumerate(community.vectors)}
            for module in ("points", "question"):
                name = f"swapmatch.vector_stores.qdrant.{module}.number"
                patch.setattr(name, lambda key, side: 2 * few[key] + (side == "needs"))
        question = Question(
            *(Sought.of(list(met(community, side, scoring)), scoring) for side in (seeker.needs, seeker.offers)),
            scoring,
        )
        weights, numbers = question.weights(), question.numbers()
        ranked = brute_force_match(community.entries, community.vectors, seeker, scoring=scoring)
        scores = {match.uid: match.score for match in ranked}
        for person in community.entries:
            sparse = points.person_point(person, community.vectors).vector.get("skills")
            pairs = dict(zip(sparse.indices, sparse.values, strict=True))
            total = sum(weights.get(index, 0.0) * value for index, value in pairs.items())
            score = scores.get(person.uid, 0.0)
            assert score <= question.bound(total) + 1e-6
            assert score <= question.most() + 1e-6
            has_both = all(set(side) & pairs.keys() for side in numbers)
            assert has_both or score == 0
            if score:
                people = [Person(person.uid, person.rev, person.offers, person.needs)]
                assert question.best(people, 1)[0][0].uid == person.uid


def test_of_people_with_one_skill_a_side_the_sum_is_the_sum_of_both_directions():
    community = make_community(41)
    scoring = Scoring()
    seeker = community.seeker(offers=["skill 1", "skill 7"], needs=["skill 0", "skill 12"])
    person = entry("ana", offers=["skill 2"], needs=["skill 6"])
    only = type(community)(entries=(person,), vectors=community.vectors)
    question = Question(
        *(Sought.of(list(met(only, side, scoring)), scoring) for side in (seeker.needs, seeker.offers)), scoring
    )
    (match,) = brute_force_match([person], community.vectors, seeker)
    weights = question.weights()
    total = weights[points.number("skill 2", "offers")] + weights[points.number("skill 6", "needs")]
    assert total == pytest.approx(match.receives + match.gives)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"uid": "bo"},
        {"uid": 7, "rev": 1, "offers": [], "needs": []},
        {"uid": "bo", "rev": "new", "offers": ["skill 0"], "needs": ["skill 1"]},
        {"uid": "bo", "rev": True, "offers": ["skill 0"], "needs": ["skill 1"]},
        {"uid": "bo", "rev": 1, "offers": "skill 0", "needs": ["skill 1"]},
        {"uid": "bo", "rev": 1, "offers": [None], "needs": ["skill 1"]},
        {"uid": "bo", "rev": 1, "offers": ["skill 0"]},
        {"uid": "somebody else", "rev": 1, "offers": ["skill 0"], "needs": ["skill 1"], "more": {"a": [1]}},
    ],
)
def test_a_point_that_is_not_ours_is_left_out_with_one_warning(payload, caplog):
    store = opened()
    store.put([entry("ana", offers=["skill 0"], needs=["skill 1"])], COMMUNITY.vectors)
    client = store._connection._client
    good = points.person_point(entry("bo", offers=["skill 0"], needs=["skill 1"]), COMMUNITY.vectors)
    strange = {**payload, "skills": good.payload["skills"]}
    client.upsert("swapmatch_people", [good.model_copy(update={"payload": strange})])
    seeker = COMMUNITY.seeker(offers=["skill 1"], needs=["skill 0"])
    with caplog.at_level(logging.WARNING):
        found = store.candidates(seeker, Scoring(), limit=10, where=ANYONE)
    assert [one.uid for one in found.items] == ["ana"]
    assert len(caplog.records) == 1
    assert [hit.uid for hit in store.search(seeker.needs.vectors, "offers", limit=10, where=ANYONE)] == ["ana"]
    store.put([entry("bo", rev=3, offers=["skill 0"], needs=["skill 1"])], COMMUNITY.vectors)
    assert len(store.candidates(seeker, Scoring(), limit=10, where=ANYONE).items) == 2
    store.close()


def test_a_skill_that_is_not_ours_is_left_out(caplog):
    store = opened()
    store.put([entry("ana", offers=["skill 0"], needs=["skill 1"])], COMMUNITY.vectors)
    vector = COMMUNITY.vectors["skill 0"].tolist()
    for number, payload in enumerate(({}, {"key": 3}, {"key": "skill 0"}, {"key": ["skill 0"]})):
        from qdrant_client.models import PointStruct

        store._connection._client.upsert("swapmatch_skills", [PointStruct(id=number, vector=vector, payload=payload)])
    seeker = COMMUNITY.seeker(offers=["skill 1"], needs=["skill 0"])
    found = store.candidates(seeker, Scoring(), limit=10, where=ANYONE)
    assert [one.uid for one in found.items] == ["ana"]
    assert len(caplog.records) >= 1
    store.close()


def test_a_deleted_person_leaves_nothing_but_a_rev():
    store = opened()
    store.put([entry("ana", offers=["skill 0"], needs=["skill 1"], facets={"city": ("Bonn",)})], COMMUNITY.vectors)
    store.delete({"ana": 2})
    client = store._connection._client
    (left,) = client.scroll("swapmatch_people", with_vectors=True)[0]
    assert (left.payload, left.vector) == ({"rev": 2}, {})
    assert client.count("swapmatch_skills").count == 0
    store.close()


def test_a_skill_that_comes_back_while_it_is_forgotten_stays(monkeypatch):
    """Another process puts somebody with it between the look for people and the deletion."""
    store = opened()
    store.put([entry("ana", offers=["skill 0"])], COMMUNITY.vectors)
    skills, unused = store._skills, store._skills._unused

    def late(keys):
        found = unused(keys)
        monkeypatch.setattr(skills, "_unused", unused)
        store.put([entry("bo", offers=["skill 0"])], COMMUNITY.vectors)
        return found

    monkeypatch.setattr(skills, "_unused", late)
    store.delete({"ana": 2})
    hits = store.search(COMMUNITY.side(["skill 0"]).vectors, "offers", limit=5, where=ANYONE)
    assert [(hit.uid, round(hit.score, 4)) for hit in hits] == [("bo", 1.0)]
    store.close()
