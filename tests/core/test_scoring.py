"""The formula, against its own words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from swapmatch.errors import ConfigurationError
from swapmatch.relevance import Relevance
from swapmatch.scoring import Scoring

shapes = st.tuples(st.integers(1, 5), st.integers(1, 5))
cosines = shapes.flatmap(lambda shape: arrays(np.float32, shape, elements=st.floats(-1, 1, width=32)))
scorings = st.builds(Scoring, breadth=st.floats(0, 1), floor=st.floats(0.05, 0.6))


def by_the_words(similarities: np.ndarray, scoring: Scoring) -> tuple[float, float]:
    met = []
    for need in similarities:
        relevances = [
            0.0 if cosine < scoring.floor else 1 / (1 + np.exp(-(float(cosine) - 0.70) / 0.08)) for cosine in need
        ]
        met.append(max(relevances))
    coverage = sum(met) / len(met)
    return scoring.breadth * coverage + (1 - scoring.breadth) * max(met), coverage


@given(st.lists(cosines, min_size=1, max_size=4), scorings)
def test_directions_are_what_the_words_say(pairs: list[np.ndarray], scoring: Scoring) -> None:
    found = scoring.directions(pairs)
    for score, coverage, pair in zip(found.scores, found.coverages, pairs, strict=True):
        assert (score, coverage) == pytest.approx(by_the_words(pair, scoring), abs=1e-9)


@given(st.lists(cosines, min_size=1, max_size=4), scorings)
def test_relevances_come_back_in_the_shapes_of_their_cosines(pairs: list[np.ndarray], scoring: Scoring) -> None:
    found = scoring.directions(pairs)
    for relevances, pair in zip(found.relevances, pairs, strict=True):
        np.testing.assert_array_equal(relevances, scoring.relevances(pair))


@given(cosines, st.integers(0, 4), scorings)
def test_one_more_offer_never_lowers_what_somebody_receives(pair: np.ndarray, row: int, scoring: Scoring) -> None:
    more = np.hstack([pair, np.roll(pair, row, axis=0)[:, :1]])
    before, after = scoring.directions([pair]).scores[0], scoring.directions([more]).scores[0]
    assert after >= before - 1e-12


@given(cosines, scorings)
def test_the_order_of_skills_does_not_matter(pair: np.ndarray, scoring: Scoring) -> None:
    turned = pair[::-1, ::-1]
    np.testing.assert_allclose(scoring.directions([pair]).scores, scoring.directions([turned]).scores, atol=1e-12)


def test_nobody_gives_no_directions() -> None:
    found = Scoring().directions([])
    assert (found.scores.size, found.coverages.size, found.relevances) == (0, 0, ())


def test_relevance_is_the_documented_curve() -> None:
    values = Relevance()(np.array([0.70, 1.0, 0.20]))
    assert values == pytest.approx([0.5, 1 / (1 + np.exp(-3.75)), 1 / (1 + np.exp(6.25))])


def test_the_steepest_curve_is_a_step_and_no_warning() -> None:
    assert Relevance(scale=1e-6)(np.array([-1.0, 0.70, 1.0])) == pytest.approx([0.0, 0.5, 1.0])


def test_the_floor_itself_counts_and_what_lies_below_does_not() -> None:
    relevances = Scoring(floor=0.25).relevances(np.array([0.25, np.nextafter(0.25, 0)]))
    assert relevances[0] > 0
    assert relevances[1] == 0


def test_fused_scores_are_rounded_so_that_ties_are_ties() -> None:
    scores = Scoring().fuse(np.array([0.5, 0.5 + 1e-9]), np.array([0.5, 0.5]))
    assert scores[0] == scores[1] == 0.5


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"fusion": "median"}, "harmonic"),
        ({"breadth": 1.5}, "breadth"),
        ({"breadth": float("nan")}, "breadth"),
        ({"floor": 0.0}, "floor"),
        ({"neighbours": 0}, "neighbours"),
    ],
)
def test_a_scoring_that_cannot_be_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        Scoring(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"scale": 0.0}, {"scale": float("inf")}, {"midpoint": float("nan")}])
def test_a_curve_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match="curve"):
        Relevance(**wrong)
