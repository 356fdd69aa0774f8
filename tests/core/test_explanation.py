"""Why two people match, in words."""

import numpy as np

from swapmatch.explanation import pairings, sentence
from swapmatch.scoring import Scoring


def explained(cosines: list[list[float]], needs: list[str], offers: list[str]) -> list[tuple[str, str]]:
    similarities = np.array(cosines, np.float32)
    found = pairings("receives", needs, offers, similarities, Scoring().relevances(similarities))
    return [(one.need, one.offer) for one in found]


def test_each_clear_need_is_told_with_its_best_offer_most_relevant_first() -> None:
    cosines = [[0.3, 0.8, 0.7], [0.9, 0.2, 0.1], [0.3, 0.3, 0.3]]
    assert explained(cosines, ["a", "b", "c"], ["x", "y", "z"]) == [("b", "x"), ("a", "y")]


def test_without_a_clear_one_the_best_pairing_is_told() -> None:
    assert explained([[0.3, 0.5], [0.4, 0.2]], ["a", "b"], ["x", "y"]) == [("a", "y")]


def test_a_need_that_nothing_meets_is_not_told() -> None:
    assert explained([[0.0, 0.1]], ["a"], ["x", "y"]) == []


def test_the_sentence_tells_two_pairings_of_each_direction_and_doubts_weak_ones() -> None:
    strong = np.full((3, 1), 0.9, np.float32)
    weak = np.full((1, 1), 0.5, np.float32)
    curve = Scoring().relevances
    found = [
        *pairings("receives", ["a", "b", "c"], ["x"], strong, curve(strong)),
        *pairings("gives", ["d"], ["y"], weak, curve(weak)),
    ]
    told = "you need a: Ben offers x; you need b: Ben offers x; Ben needs d: you offer y (perhaps)"
    assert sentence("Ben", found) == told
    assert sentence(None, found[-1:]) == "they need d: you offer y (perhaps)"
    assert sentence(None, found[:1]) == "you need a: they offer x"
    assert sentence(None, []) == ""
