"""The formula for everybody, in float64 and without an index: what all answers are held against."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from indexing import LIMIT, SCORING
from job import Figure, Job
from people import compose, sample
from skill_vectors import Skills

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from people import People

TOLERANCE = 2e-6  # scores are rounded to 1e-6, and float32 cosines differ by 1e-7
WORK = 300_000_000  # scores worked out at most: 300 seekers among a million people


def measure(job: Job) -> Iterator[Figure]:
    """Compare the answers that the processes before left in the folder.

    Somebody found counts if their true score is not below that of the true tenth: people with the same skills tie.
    """
    skills = Skills.load(job.skills)
    people = compose(job.n, len(skills.labels), job.seed)
    files = sorted(Path(job.folder).glob("answers *.npy"))
    answers = {file.stem.removeprefix("answers "): np.load(file) for file in files}
    truth = Truth(people, skills)
    seekers, _ = sample(job.n, job.seekers, job.seed)
    recalls: dict[str, list[float]] = {who: [] for who in answers}
    for row, number in enumerate(seekers[: max(1, WORK // job.n)]):
        scores = truth.scores(number)
        for who, table in answers.items():
            found = table[row][table[row] >= 0]
            recalls[who].append(recall(scores, found))
    for who, table in answers.items():
        yield Figure("match_recall@10", float(np.mean(recalls[who])), "share", who)
        yield Figure("match_nobody", float(np.mean(table[:, 0] < 0)), "share of people", who)


def recall(scores: NDArray[np.float64], found: NDArray[np.int64]) -> float:
    """Return which share of the best ten was found; 1 where nobody fits."""
    wanted = min(LIMIT, int(np.count_nonzero(scores)))
    if not wanted:
        return 1.0
    last = np.partition(scores, scores.size - wanted)[scores.size - wanted]
    return float(np.count_nonzero(scores[np.unique(found)] >= last - TOLERANCE)) / wanted


class Truth:
    """Everybody's score for one person, from the cosines of all distinct skills.

    It shares constants with swapmatch and no code that computes: a mistake would have to be made twice.
    """

    def __init__(self, people: People, skills: Skills) -> None:
        """Know these people."""
        self._people = people
        self._vectors = skills.vectors
        used = np.concatenate([people.offers.ids, people.needs.ids])
        self._is_used = np.bincount(used, minlength=len(skills.labels)) > 0

    def scores(self, number: int) -> NDArray[np.float64]:
        """Return the score of everybody, 0 for the person."""
        wanted = [self._met(need) for need in self._people.needs.of(number)]
        offered = np.max([self._met(offer) for offer in self._people.offers.of(number)], axis=0)
        theirs = self._people.offers
        coverage, best = np.zeros(len(self._people)), np.zeros(len(self._people))
        for row in wanted:
            met = np.maximum.reduceat(row[theirs.ids], theirs.starts[:-1])
            coverage += met / len(wanted)
            best = np.maximum(best, met)
        receives = SCORING.breadth * coverage + (1 - SCORING.breadth) * best
        needs = self._people.needs
        met = offered[needs.ids]
        coverage = np.add.reduceat(met, needs.starts[:-1]) / np.diff(needs.starts)
        gives = SCORING.breadth * coverage + (1 - SCORING.breadth) * np.maximum.reduceat(met, needs.starts[:-1])
        scores = np.zeros(len(self._people))
        np.divide(2 * receives * gives, receives + gives, out=scores, where=(receives > 0) & (gives > 0))
        scores[number] = 0.0
        return scores.round(6)

    def _met(self, skill: int) -> NDArray[np.float64]:
        """Return each used skill's relevance to this one: 0 below the floor and beyond the nearest."""
        cosines = np.where(self._is_used, self._vectors @ self._vectors[skill], -1.0).astype(np.float64)
        cut = SCORING.floor
        if SCORING.neighbours < cosines.size:
            cut = max(cut, np.partition(cosines, cosines.size - SCORING.neighbours)[cosines.size - SCORING.neighbours])
        curve = SCORING.relevance
        return np.where(cosines >= cut, 1 / (1 + np.exp(-(cosines - curve.midpoint) / curve.scale)), 0.0)
