import numpy as np
import pytest

from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.errors import PeopleFileError
from swapmatch.evaluation import WAYS, Dataset, ways
from swapmatch.evaluation.ways import Pooled, PooledWay, RememberingEncoder, SwapmatchWay, WapWay


def person(uid, offers, needs):
    return uid, offers, needs, frozenset(offers.split("; ")), frozenset(needs.split("; "))


COMMUNITY = Dataset.of(
    "community",
    [
        person("ana", "python programming", "guitar lessons"),
        person("ben", "guitar lessons", "python programming"),
        person("cem", "guitar lessons for beginners", "python programming for scientists"),
        person("dia", "guitar lessons", "swimming"),
        person("eve", "gardening", "cooking"),
        person("fay", "guitar lessons", ""),
    ],
)


def way_of(name, dataset=COMMUNITY):
    encoder = HashingEncoder()
    if name == "swapmatch":
        return SwapmatchWay.of(dataset, encoder, print)
    return {"wap": WapWay, "pooled": PooledWay}[name](Pooled.of(dataset, encoder))


def ring_of_texts(people):
    """Return people of whom each offers what the next one needs, with everybody's words a little alike."""
    return Dataset.of("many", [person(f"p{i}", f"skill a{i % 60}", f"skill b{i % 70}") for i in range(people)])


@pytest.mark.parametrize("name", WAYS)
def test_every_way_puts_the_two_way_match_first_and_nobody_twice(name):
    found = way_of(name).rank(0, 10)
    assert found[:2] == [1, 2]
    assert 0 not in found
    assert len(found) == len(set(found))


@pytest.mark.parametrize("name", WAYS)
def test_every_way_keeps_to_the_limit_and_leaves_out_who_needs_nothing(name):
    way = way_of(name)
    assert way.rank(0, 1) == [1]
    assert 5 not in way.rank(0, 10)
    assert way.rank(5, 10) == []


def test_the_wap_way_takes_only_who_is_within_both_searches_and_above_the_threshold():
    dataset = ring_of_texts(200)
    pooled = Pooled.of(dataset, HashingEncoder())
    for seeker in (0, 7, 100):
        receives, gives = pooled.cosines(seeker)
        both = set(np.argsort(-receives, kind="stable")[:50]) & set(np.argsort(-gives, kind="stable")[:50])
        both = {other for other in both if receives[other] >= 0.2 and gives[other] >= 0.2}
        assert set(WapWay(pooled).rank(seeker, 50)) == both


def test_the_pooled_way_equals_the_harmonic_mean_over_everybody():
    dataset = ring_of_texts(30)
    encoder = HashingEncoder()
    pooled = Pooled.of(dataset, encoder)
    offers, needs = encoder.encode(dataset.offers), encoder.encode(dataset.needs)
    expected = {}
    for other in range(1, 30):
        a, b = max(0.0, float(needs[0] @ offers[other])), max(0.0, float(offers[0] @ needs[other]))
        expected[other] = 2 * a * b / (a + b) if a + b else 0.0
    found = PooledWay(pooled).rank(0, 30)
    assert set(found) == {other for other, score in expected.items() if score > 0}
    scores = [expected[other] for other in found]
    np.testing.assert_allclose(scores, sorted(scores, reverse=True), rtol=1e-6)


def test_people_who_cannot_be_stored_are_refused_by_the_swapmatch_way():
    many = "; ".join(f"skill {number}" for number in range(33))
    with pytest.raises(PeopleFileError, match="people of limits cannot be stored; many"):
        way_of("swapmatch", Dataset.of("limits", [person("many", many, "guitar")]))


def test_the_remembering_encoder_tells_how_far_it_is(monkeypatch):
    monkeypatch.setattr(ways, "SAY_EVERY_S", -1.0)
    told = []
    RememberingEncoder(HashingEncoder(), told.append).encode([f"skill {number}" for number in range(300)])
    assert [line.partition(" texts")[0] for line in told] == ["embedded 256 of 300", "embedded 300 of 300"]


def test_the_remembering_encoder_encodes_each_text_once_and_keeps_the_order():
    seen = []

    class Counting(HashingEncoder):
        def encode(self, texts):
            seen.extend(texts)
            return super().encode(texts)

    inner = Counting()
    encoder = RememberingEncoder(inner, print)
    texts = ["guitar lessons", "python", "guitar lessons", "cooking"]
    np.testing.assert_array_equal(encoder.encode(texts), HashingEncoder().encode(texts))
    encoder.encode(["python", "swimming"])
    assert sorted(seen) == ["cooking", "guitar lessons", "python", "swimming"]
    assert encoder.encode([]).shape == (0, encoder.dimension)
    assert (encoder.fingerprint, encoder.relevance) == (inner.fingerprint, inner.relevance)
