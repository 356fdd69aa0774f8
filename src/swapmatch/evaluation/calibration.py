"""calibrate: the relevance curve of an encoder, fitted to pairs of texts, and how far it can be believed.

The curve is `P(same | cosine) = 1 / (1 + exp(-(cosine - midpoint) / scale))`, a logistic regression with one feature.
It holds for the share of same pairs that it was fitted to, so the pairs should come in the mixture that a match meets.
Where they do not, and a match meets a same pair with odds of `o` instead of the file's `p`, the midpoint moves by
`scale * ln(p / o)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from swapmatch.errors import InvalidQueryError
from swapmatch.evaluation.ways import RememberingEncoder
from swapmatch.relevance import Relevance

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from swapmatch.evaluation.pairs import Pair
    from swapmatch.ports import Encoder

    Values = NDArray[np.float64]
    Truth = NDArray[np.bool_]

MIN_PAIRS = 10  # of either class; with fewer even a fold may have one class alone
FOLDS = 5
SEED = 1  # draws the folds
BINS = 10
STEPS = 30  # of Newton's method; ten were enough for each of 2,800 simulated sets of pairs (2026-11-24)
PRECISION = 1e-10  # of the log-odds: a step below it is not halved any more
LEVEL = 1e-9  # what rounding may make of a slope of 0, in log-odds per standard deviation of the cosines
RIDGE = 1e-12  # keeps the curvature from being singular
NEARLY_0 = 1e-15  # a probability below it counts as this in a logarithm


@dataclass(frozen=True, slots=True)
class Bin:
    """The pairs whose predicted probability lies in `[lower, lower + 0.1)`; the last bin has 1.0 as well.

    Attributes:
        lower: Where it begins.
        predicted: The mean of what was predicted.
        observed: The share of same pairs among them.
        pairs: How many there are, at least 1.
    """

    lower: float
    predicted: float
    observed: float
    pairs: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """How well predicted probabilities fit what is true; for each figure less is better.

    Attributes:
        log_loss: Mean of -ln of the probability that was given to the truth, in nats.
        brier: Mean squared difference from the truth, 0 to 1 (Brier, "Verification of forecasts expressed in terms of
            probability", Monthly Weather Review 78, 1950).
        ece: Expected calibration error, 0 to 1: the difference between predicted and observed in each bin, weighed by
            its pairs (Guo et al., "On calibration of modern neural networks", ICML 2017).
        bins: Those of ten equal widths that have pairs, lowest first.
    """

    log_loss: float
    brier: float
    ece: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What pairs say about an encoder's curve.

    Attributes:
        pairs: How many there are.
        same: How many of them mean one skill.
        present: The encoder's curve so far.
        fitted: The curve that fits all pairs.
        before: Of the present curve.
        after: Of fitted curves, each judged on pairs that it was not fitted to.
    """

    pairs: int
    same: int
    present: Relevance
    fitted: Relevance
    before: Reliability
    after: Reliability


def calibrate(
    pairs: Sequence[Pair], encoder: Encoder, *, progress: Callable[[str], object] | None = None
) -> Calibration:
    """Return the curve that fits an encoder to pairs, and the reliability of its present curve and of that one.

    The figures of the fitted curve come from a cross-validation with five folds, drawn with a fixed seed: each pair is
    judged by a curve that was fitted without it. The order of the pairs does not matter.

    Args:
        pairs: At least 10 that are the same and 10 that are not, in the mixture that a match meets: see the module.
        encoder: Texts -> vectors; each distinct text is embedded once.
        progress: Takes messages.

    Raises:
        InvalidQueryError: There are too few pairs, or `fit_relevance` finds no rising curve.
        EncoderError: The model failed.
    """
    is_same = np.array([pair.is_same for pair in pairs], bool)
    same = int(np.count_nonzero(is_same))
    if min(same, len(pairs) - same) < MIN_PAIRS:
        message = f"to fit a curve takes {MIN_PAIRS} pairs that are the same and {MIN_PAIRS} that are not"
        raise _unfit(f"{message}, not {same} and {len(pairs) - same}")
    similarity = _similarity(pairs, RememberingEncoder(encoder, progress or (lambda _: None)))
    order = np.lexsort((is_same, similarity))  # pairs that are alike in both are one and the same here
    similarity, is_same = similarity[order], is_same[order]
    return Calibration(
        pairs=len(pairs),
        same=same,
        present=encoder.relevance,
        fitted=fit_relevance(similarity, is_same),
        before=reliability(encoder.relevance(similarity), is_same),
        after=reliability(_out_of_fold(similarity, is_same), is_same),
    )


def fit_relevance(similarity: Values, is_same: Truth) -> Relevance:
    """Return the curve under which the truth is most likely.

    The targets are not 1 and 0 but Platt's, `(same + 1) / (same + 2)` and `1 / (others + 2)`, so that pairs that a
    threshold separates give a finite curve, too (Platt, "Probabilistic outputs for support vector machines", 1999).
    Newton's method with steps that are halved until the loss falls (Lin, Lin and Weng, "A note on Platt's
    probabilistic outputs for support vector machines", Machine Learning 68, 2007).

    Args:
        similarity: The cosine of each pair, `(pairs,)`.
        is_same: Whether the pair means one skill, `(pairs,)`.

    Raises:
        InvalidQueryError: The curve does not rise: same pairs are no nearer than others.
    """
    same = int(np.count_nonzero(is_same))
    target = np.where(is_same, (same + 1) / (same + 2), 1 / (is_same.size - same + 2))
    centre, spread = float(similarity.mean()), float(similarity.std())
    is_level = float(np.ptp(similarity)) == 0.0
    slope, intercept = (0.0, 0.0) if is_level else _maximum_likelihood((similarity - centre) / spread, target)
    if slope < LEVEL:
        raise _unfit("the curve does not rise: this encoder finds same pairs no more similar than others")
    return Relevance(midpoint=centre - spread * intercept / slope, scale=spread / slope)


def reliability(predicted: Values, is_same: Truth) -> Reliability:
    """Return how well predictions fit the truth.

    Args:
        predicted: The probability of each pair that it means one skill, `(pairs,)`, at least one pair. In the log loss
            0 and 1 count as 1e-15 and as 1 - 1e-15.
        is_same: Whether it does, `(pairs,)`.
    """
    given_to_truth = np.where(is_same, predicted, 1.0 - predicted)
    bins = tuple(_bins(predicted, is_same))
    return Reliability(
        log_loss=float(-np.log(np.clip(given_to_truth, NEARLY_0, 1.0 - NEARLY_0)).mean()),
        brier=float(np.square(1.0 - given_to_truth).mean()),
        ece=sum(one.pairs * abs(one.predicted - one.observed) for one in bins) / predicted.size,
        bins=bins,
    )


def _similarity(pairs: Sequence[Pair], encoder: Encoder) -> Values:
    vectors = encoder.encode([*(pair.a for pair in pairs), *(pair.b for pair in pairs)])
    a, b = np.split(vectors, 2)
    similarity: Values = np.einsum("ij,ij->i", a, b).astype(np.float64)
    return similarity


def _out_of_fold(similarity: Values, is_same: Truth) -> Values:
    """Predict each pair by a curve fitted without its fold; each fold has its part of either class."""
    chance = np.random.default_rng(SEED)
    fold = np.empty(is_same.size, np.int64)
    for members in (np.flatnonzero(is_same), np.flatnonzero(~is_same)):
        fold[chance.permutation(members)] = np.arange(members.size) % FOLDS
    predicted = np.empty(is_same.size)
    for number in range(FOLDS):
        rest, held_out = fold != number, fold == number
        predicted[held_out] = fit_relevance(similarity[rest], is_same[rest])(similarity[held_out])
    return predicted


def _maximum_likelihood(feature: Values, target: Values) -> tuple[float, float]:
    """Return the slope and the intercept of the log-odds that give the targets the greatest likelihood."""
    design = np.stack([feature, np.ones_like(feature)], axis=1)
    weights = np.zeros(2)
    for _ in range(STEPS):
        predicted = np.exp(-np.logaddexp(0.0, -(design @ weights)))
        gradient = design.T @ (target - predicted) / target.size
        curvature = design.T @ (design * (predicted * (1.0 - predicted))[:, None]) / target.size
        step = np.linalg.solve(curvature + RIDGE * np.eye(2), gradient)
        loss = _loss(design @ weights, target)
        while _loss(design @ (weights + step), target) > loss and np.abs(step).max() > PRECISION:
            step /= 2.0
        weights += step
    return float(weights[0]), float(weights[1])


def _loss(log_odds: Values, target: Values) -> float:
    return float((np.logaddexp(0.0, log_odds) - target * log_odds).mean())


def _bins(predicted: Values, is_same: Truth) -> list[Bin]:
    number = np.minimum((predicted * BINS).astype(np.int64), BINS - 1)
    return [
        Bin(
            lower=one / BINS,
            predicted=float(predicted[number == one].mean()),
            observed=float(is_same[number == one].mean()),
            pairs=int(np.count_nonzero(number == one)),
        )
        for one in np.unique(number).tolist()
    ]


def _unfit(reason: str) -> InvalidQueryError:
    return InvalidQueryError(f"pairs: {reason}", field="pairs")
