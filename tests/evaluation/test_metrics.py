import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swapmatch.evaluation.metrics import ndcg_at, recall_at, share_without_result

VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def test_ndcg_of_a_worked_example():
    # Ranks 1, 2, 3 gain 0.5, 0, 1; the best ordering would gain 1, 0.5, 0.25.
    found = 0.5 / math.log2(2) + 0 / math.log2(3) + 1 / math.log2(4)
    ideal = 1 / math.log2(2) + 0.5 / math.log2(3) + 0.25 / math.log2(4)
    everybody = np.array([0.25, 0.5, 0.0, 1.0, 0.0])
    assert ndcg_at(3, found=np.array([0.5, 0.0, 1.0]), everybody=everybody) == pytest.approx(found / ideal)


def test_ndcg_looks_at_the_first_ranks_only():
    everybody = np.array([1.0, 1.0, 0.0])
    assert ndcg_at(1, found=np.array([1.0, 0.0]), everybody=everybody) == 1.0
    assert ndcg_at(1, found=np.array([0.0, 1.0]), everybody=everybody) == 0.0


def test_ndcg_does_not_excuse_a_short_list():
    everybody = np.array([1.0, 1.0])
    expected = 1 / (1 + 1 / math.log2(3))
    assert ndcg_at(10, found=np.array([1.0]), everybody=everybody) == pytest.approx(expected)
    assert ndcg_at(10, found=np.array([]), everybody=everybody) == 0.0


def test_ndcg_is_undefined_where_nobody_has_a_value():
    with pytest.raises(ValueError, match="no best ordering"):
        ndcg_at(10, found=np.zeros(3), everybody=np.zeros(5))


@given(VALUES, st.integers(1, 25), st.randoms(use_true_random=False))
def test_ndcg_lies_between_0_and_1_and_the_best_ordering_has_1(values, limit, chance):
    everybody = np.array([*values, 0.5])
    assert ndcg_at(limit, found=np.sort(everybody)[::-1], everybody=everybody) == pytest.approx(1.0)
    shuffled = everybody.tolist()
    chance.shuffle(shuffled)
    assert 0.0 <= ndcg_at(limit, found=np.array(shuffled), everybody=everybody) <= 1.0 + 1e-12


def test_recall_of_a_worked_example():
    everybody = np.array([0.9, 0.8, 0.7, 0.6, 0.0])
    assert recall_at(3, found=np.array([0.9, 0.7, 0.6]), everybody=everybody) == pytest.approx(2 / 3)


def test_recall_does_not_care_who_of_those_who_tie_is_found():
    everybody = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    assert recall_at(2, found=np.array([0.9, 0.5]), everybody=everybody) == 1.0


def test_recall_is_of_those_who_score_where_there_are_few():
    everybody = np.array([0.9, 0.5, 0.0, 0.0])
    assert recall_at(10, found=np.array([0.9]), everybody=everybody) == 0.5
    assert recall_at(10, found=np.array([0.9, 0.0, 0.0]), everybody=everybody) == 0.5
    assert recall_at(10, found=np.array([]), everybody=everybody) == 0.0


def test_recall_forgives_rounding():
    everybody = np.array([0.9, 0.5, 0.4])
    assert recall_at(2, found=np.array([0.9, 0.5 - 1e-7]), everybody=everybody) == 1.0


def test_recall_is_unknown_where_nobody_scores():
    assert recall_at(10, found=np.array([]), everybody=np.zeros(3)) is None


def test_share_without_result_counts_empty_rankings():
    assert share_without_result([[1, 2], [], [3], []]) == 0.5
    assert share_without_result([[1]]) == 0.0
