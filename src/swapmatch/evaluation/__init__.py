"""How good matches are, on people of whom the true value of every pair is known; and how to calibrate an encoder.

    from swapmatch.evaluation import evaluate, load_dataset

    for figure in evaluate(load_dataset("people.csv"), encoder, sample=200, seed=1):
        print(figure.way, figure.name, figure.value)

The modules:

    datasets      people with their texts, the skills behind them, and the true value of a pair
    metrics       how good one ranking is
    ways          three ways to rank: wap, pooled, swapmatch
    brute_force   the formula once more, pair by pair: what swapmatch's index is held against
    figures       evaluate: all of it over a sample of people
    pairs         two texts, and whether they mean one skill
    calibration   calibrate: the relevance curve that fits an encoder to pairs
"""

from swapmatch.evaluation.calibration import (
    Bin,
    Calibration,
    Reliability,
    calibrate,
    fit_relevance,
    reliability,
)
from swapmatch.evaluation.datasets import Dataset, load_dataset
from swapmatch.evaluation.figures import Figure, evaluate
from swapmatch.evaluation.pairs import Pair, load_pairs
from swapmatch.evaluation.ways import WAYS, Way

__all__ = [
    "WAYS",
    "Bin",
    "Calibration",
    "Dataset",
    "Figure",
    "Pair",
    "Reliability",
    "Way",
    "calibrate",
    "evaluate",
    "fit_relevance",
    "load_dataset",
    "load_pairs",
    "reliability",
]
