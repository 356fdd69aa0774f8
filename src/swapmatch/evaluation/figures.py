"""evaluate: figures of several ways to match, on a sample of the people of a data set.

All ways run on the people who can be stored: those whose texts are within the limits of `swapmatch.skills`. The people
asked about are drawn from them with the seed, among those for whom somebody has a true value above 0. With a limit of
10 the figures are:

- `ndcg@10`: against the best ordering of all others by their true value (`metrics.ndcg_at`), mean.
- `ndcg@10_of_whole_file`, where somebody cannot be stored: the same, but the best ordering may name these as well, so
  leaving them out counts as a loss.
- `share_without_result`: of those asked about, who gets nobody at all.
- `recall@10_of_pooled`, for wap and pooled: the share found of the first 10 that the pooled score, worked out for
  everybody, would give (`metrics.recall_at`), mean; 1 for pooled by definition.
- `recall@10_of_formula`, for swapmatch: the same against the brute force over its formula, on the first
  `formula_sample` of those asked about.
- `match_p50_ms`, for swapmatch: the median time of `Matcher.match` in milliseconds.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, Protocol

from swapmatch.errors import InvalidQueryError, PeopleFileError
from swapmatch.evaluation.brute_force import BruteForce
from swapmatch.evaluation.metrics import ndcg_at, recall_at, share_without_result
from swapmatch.evaluation.ways import WAYS, Pooled, PooledWay, RememberingEncoder, SwapmatchWay, WapWay
from swapmatch.scoring import Scoring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from swapmatch.evaluation.datasets import Dataset
    from swapmatch.evaluation.ways import Say, Way
    from swapmatch.ports import Encoder

FORMULA_SAMPLE = 20  # people: the brute force takes about a second for each among 35,000


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    Attributes:
        name: What was measured; see `evaluate`.
        dataset: On whom.
        way: By which way.
        value: The number.
        n: Among how many people.
        sample: For how many people it was measured.
        seed: With which these were drawn.
    """

    name: str
    dataset: str
    way: str
    value: float
    n: int
    sample: int
    seed: int


class _Exact(Protocol):
    """Scores everybody for one person, exactly."""

    def scores(self, person: int) -> NDArray[np.float64]: ...


@dataclass(frozen=True, slots=True)
class _Entrant:
    """A way with the exact scorer that its recall is held against, and whether its time is a figure."""

    name: str
    way: Way
    exact: _Exact
    exact_name: str
    exact_sample: int
    is_timed: bool


@dataclass(frozen=True, slots=True)
class _Setting:
    """Whom to ask about, among whom.

    `people` are those of `whole` who can be stored, `kept` their positions there; seekers are positions in `people`.
    """

    whole: Dataset
    kept: list[int]
    people: Dataset
    seekers: Sequence[int]
    limit: int
    seed: int

    @classmethod
    def of(cls, whole: Dataset, *, sample: int, limit: int, seed: int) -> _Setting:
        kept = whole.storable()
        people = whole.take(kept)
        return cls(whole, kept, people, people.seekers(sample, seed), limit, seed)

    @property
    def left_out(self) -> int:
        return len(self.whole) - len(self.kept)

    def figure(self, name: str, way: str, value: float, sample: int) -> Figure:
        return Figure(name, self.whole.name, way, round(value, 6), len(self.people), sample, self.seed)


def evaluate(
    dataset: Dataset,
    encoder: Encoder,
    *,
    sample: int = 200,
    seed: int = 1,
    limit: int = 10,
    ways: Sequence[str] = WAYS,
    formula_sample: int = FORMULA_SAMPLE,
    progress: bool | Callable[[str], object] = False,
) -> list[Figure]:
    """Return the figures of each way on one data set, way after way.

    The module says which figures these are, and on whom.

    Args:
        dataset: People whose true values are known.
        encoder: Texts -> vectors, for all ways.
        sample: How many people to ask about, at least 1; fewer if there are no more.
        seed: Draws them.
        limit: How many matches each of them gets, at least 1.
        ways: Which of WAYS.
        formula_sample: For how many of them to work the formula out by brute force.
        progress: True to write to stderr, or a function that takes messages.

    Raises:
        InvalidQueryError: A way is unknown or a number below 1.
        PeopleFileError: The data set has nobody to ask about.
        EncoderError: The model failed.
    """
    _check(ways, {"sample": sample, "limit": limit, "formula_sample": formula_sample})
    say = _print if progress is True else progress or (lambda _: None)
    setting = _Setting.of(dataset, sample=sample, limit=limit, seed=seed)
    if setting.left_out:
        say(f"{dataset.name}: {setting.left_out:,} of {len(dataset):,} people are beyond the limits and left out")
    if not setting.seekers:
        message = f"nobody in {dataset.name} has anybody to swap with: there is nothing to measure"
        raise PeopleFileError(message)
    figures: list[Figure] = []
    memory = RememberingEncoder(encoder, say)
    with ExitStack() as stack:
        for entrant in _entrants(
            setting.people, memory, ways=ways, formula_sample=formula_sample, say=say, stack=stack
        ):
            say(f"{dataset.name}, {len(setting.people):,} people: asking {entrant.name} about {len(setting.seekers)}")
            figures += _measure(entrant, setting)
    return figures


def _entrants(
    dataset: Dataset,
    encoder: Encoder,
    *,
    ways: Sequence[str],
    formula_sample: int,
    say: Say,
    stack: ExitStack,
) -> Iterator[_Entrant]:
    if "wap" in ways or "pooled" in ways:
        say(f"{dataset.name}: embedding the two sides of {len(dataset):,} people")
        pooled = Pooled.of(dataset, encoder)
        if "wap" in ways:
            yield _Entrant("wap", WapWay(pooled), pooled, "pooled", len(dataset), is_timed=False)
        if "pooled" in ways:
            yield _Entrant("pooled", PooledWay(pooled), pooled, "pooled", len(dataset), is_timed=False)
    if "swapmatch" in ways:
        say(f"{dataset.name}: embedding the skills of {len(dataset):,} people")
        exact = BruteForce(dataset, encoder, Scoring(relevance=encoder.relevance))
        way = stack.enter_context(closing(SwapmatchWay.of(dataset, encoder, say)))
        yield _Entrant("swapmatch", way, exact, "formula", formula_sample, is_timed=True)


def _measure(entrant: _Entrant, setting: _Setting) -> Iterator[Figure]:
    rankings, times_ms = [], []
    for person in setting.seekers:
        started = time.perf_counter()
        rankings.append(entrant.way.rank(person, setting.limit))
        times_ms.append(1e3 * (time.perf_counter() - started))
    asked = len(rankings)
    yield from _gains(entrant.name, rankings, setting)
    yield setting.figure("share_without_result", entrant.name, share_without_result(rankings), asked)
    recalls = []
    for person, ranking in zip(setting.seekers[: entrant.exact_sample], rankings, strict=False):
        scores = entrant.exact.scores(person)
        recalls.append(recall_at(setting.limit, found=scores[ranking], everybody=scores))
    if known := [recall for recall in recalls if recall is not None]:
        name = f"recall@{setting.limit}_of_{entrant.exact_name}"
        yield setting.figure(name, entrant.name, fmean(known), len(known))
    if entrant.is_timed:
        yield setting.figure("match_p50_ms", entrant.name, median(times_ms), asked)


def _gains(way: str, rankings: Sequence[Sequence[int]], setting: _Setting) -> Iterator[Figure]:
    among_stored, of_whole = [], []
    for person, ranking in zip(setting.seekers, rankings, strict=True):
        everybody = setting.whole.truth(setting.kept[person])
        stored = everybody[setting.kept]
        among_stored.append(ndcg_at(setting.limit, found=stored[ranking], everybody=stored))
        of_whole.append(ndcg_at(setting.limit, found=stored[ranking], everybody=everybody))
    yield setting.figure(f"ndcg@{setting.limit}", way, fmean(among_stored), len(rankings))
    if setting.left_out:
        yield setting.figure(f"ndcg@{setting.limit}_of_whole_file", way, fmean(of_whole), len(rankings))


def _check(ways: Sequence[str], numbers: dict[str, int]) -> None:
    for way in ways:
        if way not in WAYS:
            message = f"unknown way {way!r}: choose among {', '.join(WAYS)}"
            raise InvalidQueryError(message, field="ways")
    if not ways:
        message = f"no way is named: choose among {', '.join(WAYS)}"
        raise InvalidQueryError(message, field="ways")
    for name, number in numbers.items():
        if number < 1:
            message = f"{name} must be at least 1, not {number}"
            raise InvalidQueryError(message, field=name)


def _print(message: str) -> None:
    print(message, file=sys.stderr)  # noqa: T201 - asked for by the caller
