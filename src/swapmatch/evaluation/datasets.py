"""People with their texts and the skills that these mean, so that the true value of every pair is known."""

from __future__ import annotations

import csv
import gzip
import json
import random
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from swapmatch import skills
from swapmatch.errors import InvalidProfileError, InvalidQueryError, PeopleFileError, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    Ids = Sequence[frozenset[str]]
    Person = tuple[str, str, str, frozenset[str], frozenset[str]]

CSV_COLUMNS = ("uid", "offers", "needs")
JSONL_TEXTS = ("uid", "skills_to_offer", "services_needed")
JSONL_IDS = ("offer_ids", "need_ids")
UNREADABLE: dict[type[Exception], type[PeopleFileError]] = dict.fromkeys(
    (OSError, EOFError, UnicodeError, csv.Error, zlib.error), PeopleFileError
)


@dataclass(frozen=True)
class Dataset:
    """People in a fixed order; a person is their position.

    Attributes:
        name: What it is called in figures.
        uids: Of each person.
        offers: What each writes that they offer.
        needs: What each writes that they need.
        offer_ids: The skills that each truly offers, whatever words they use.
        need_ids: Likewise for what they need.
    """

    name: str
    uids: tuple[str, ...]
    offers: tuple[str, ...]
    needs: tuple[str, ...]
    offer_ids: tuple[frozenset[str], ...]
    need_ids: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, name: str, people: Sequence[Person]) -> Dataset:
        """Return a data set of (uid, offers, needs, offer ids, need ids)."""
        columns = zip(*people, strict=True) if people else ((),) * 5
        return cls(name, *(tuple(column) for column in columns))

    def __len__(self) -> int:
        """How many people there are."""
        return len(self.uids)

    def subset(self, people: int, seed: int) -> Dataset:
        """Return so many people drawn with the seed, in the order of this set; all if there are no more.

        Raises:
            InvalidQueryError: The number is below 1.
        """
        if people < 1:
            message = f"people must be at least 1, not {people}"
            raise InvalidQueryError(message, field="people")
        if people >= len(self):
            return self
        chosen = random.Random(seed).sample(range(len(self)), people)  # noqa: S311 - a sample, no secret
        return self.take(sorted(chosen))

    def storable(self) -> list[int]:
        """Return who can be stored: whose texts are within the limits of `swapmatch.skills` and name some skill."""
        return [person for person in range(len(self)) if self._is_storable(person)]

    def take(self, people: Sequence[int]) -> Dataset:
        """Return a data set of these people, in this order."""
        everything = (self.uids, self.offers, self.needs, self.offer_ids, self.need_ids)
        return Dataset.of(self.name, [tuple(column[i] for column in everything) for i in people])  # type: ignore[misc]

    def seekers(self, sample: int, seed: int) -> list[int]:
        """Return at most `sample` people drawn with the seed from those for whom somebody has a true value above 0.

        For the others no ordering is better than another.
        """
        order = list(range(len(self)))
        random.Random(seed).shuffle(order)  # noqa: S311 - a sample, no secret
        drawn: list[int] = []
        for person in order:
            if len(drawn) == sample:
                break
            if self.truth(person).any():
                drawn.append(person)
        return drawn

    def truth(self, person: int) -> NDArray[np.float64]:
        """Return the true value of everybody for one person, `(people,)`, in [0, 1]; 0 for themselves.

        a = the share of my needs that they offer, b = the share of their needs that I offer, value = 2ab / (a + b).
        """
        my_needs, my_offers = self.need_ids[person], self.offer_ids[person]
        met = self._offering.count(my_needs) / max(len(my_needs), 1)
        given = self._needing.count(my_offers) / np.maximum(self._needing.sizes, 1)
        value = np.zeros(len(self))
        np.divide(2.0 * met * given, met + given, out=value, where=met + given > 0)
        value[person] = 0.0
        return value

    @cached_property
    def _offering(self) -> _Postings:
        return _Postings.of(self.offer_ids)

    @cached_property
    def _needing(self) -> _Postings:
        return _Postings.of(self.need_ids)

    def _is_storable(self, person: int) -> bool:
        try:
            return bool(skills.split(self.offers[person]) + skills.split(self.needs[person]))
        except InvalidProfileError:
            return False


@dataclass(frozen=True, slots=True)
class _Postings:
    """The people of each skill: the columns of a 0/1 matrix, without its zeros."""

    people: dict[str, NDArray[np.int64]]
    sizes: NDArray[np.int64]

    @classmethod
    def of(cls, ids: Ids) -> _Postings:
        people: dict[str, list[int]] = {}
        for person, skill_ids in enumerate(ids):
            for skill in skill_ids:
                people.setdefault(skill, []).append(person)
        sizes = np.array([len(skill_ids) for skill_ids in ids], np.int64)
        return cls({skill: np.array(who, np.int64) for skill, who in people.items()}, sizes)

    def count(self, wanted: frozenset[str]) -> NDArray[np.float64]:
        """Return how many of the wanted skills each person has."""
        counts = np.zeros(self.sizes.size)
        for skill in sorted(wanted & self.people.keys()):
            counts[self.people[skill]] += 1.0
        return counts


def load_dataset(path: str | Path) -> Dataset:
    """Return the people of a file, named after it; `.gz` is unpacked.

    A `.csv` has the columns uid, offers and needs, with `;` between skills that are spelled alike by everybody: the
    spelling is the skill. A `.jsonl` has one person a line with uid, skills_to_offer and services_needed as free text,
    and the skills that these truly mean as the lists offer_ids and need_ids.

    Raises:
        PeopleFileError: The file cannot be read, is of another kind, or lacks something; the message says where.
    """
    path = Path(path)
    stem, suffix = _kind(path)
    readers: dict[str, Callable[[IO[str]], Iterator[Person]]] = {".csv": _csv_people, ".jsonl": _jsonl_people}
    if suffix not in readers:
        message = f"{path} is no data set: it ends in neither .csv nor .jsonl, with or without .gz"
        raise PeopleFileError(message)
    with translate(UNREADABLE, f"read {path}"), _open(path) as file:
        people = list(readers[suffix](file))
    if len({uid for uid, *_ in people}) < len(people):
        message = f"{path} names some uid twice"
        raise PeopleFileError(message)
    return Dataset.of(stem, people)


def _kind(path: Path) -> tuple[str, str]:
    plain = Path(path.name.removesuffix(".gz"))
    return plain.stem, plain.suffix.lower()


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _csv_people(file: IO[str]) -> Iterator[Person]:
    rows = csv.DictReader(file, restval="")
    if missing := [column for column in CSV_COLUMNS if column not in (rows.fieldnames or ())]:
        message = f"the file has no column {missing[0]}: a data set needs {', '.join(CSV_COLUMNS)}"
        raise PeopleFileError(message)
    for row in rows:
        uid, offers, needs = (row[column] for column in CSV_COLUMNS)
        yield uid, offers, needs, _ids(offers.split(";")), _ids(needs.split(";"))


def _jsonl_people(file: IO[str]) -> Iterator[Person]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            message = f"line {number} is no JSON: {error}"
            raise PeopleFileError(message) from error
        if fault := _fault(row):
            message = f"line {number} {fault}"
            raise PeopleFileError(message)
        uid, offers, needs = (row[name] for name in JSONL_TEXTS)
        yield uid, offers, needs, _ids(row["offer_ids"]), _ids(row["need_ids"])


def _fault(row: Any) -> str | None:  # noqa: ANN401 - whatever JSON holds
    """Say what keeps a row from being a person whose matches can be judged."""
    if not isinstance(row, dict):
        return "is no JSON object"
    for name in JSONL_TEXTS:
        if not isinstance(row.get(name), str):
            return f"has no text {name}"
    for name in JSONL_IDS:
        if not (isinstance(row.get(name), list) and all(isinstance(one, str) for one in row[name])):
            return f"has no list {name}: without the true skills no match can be judged"
    return None


def _ids(names: Sequence[str]) -> frozenset[str]:
    return frozenset(name.strip() for name in names if name.strip())
