"""Import: the people of one file, batch by batch, with everything that can go wrong on the way."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import typer

from swapmatch.cli.opening import database_file
from swapmatch.cli.progress import progress
from swapmatch.errors import ConfigurationError, EncoderError, NotIndexedError, PeopleFileError, StoreError
from swapmatch.intake import batches, sort_out
from swapmatch.people_files.sources import STDIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swapmatch.intake import Row
    from swapmatch.matcher import Matcher
    from swapmatch.models import Profile, Reject
    from swapmatch.people_files import PeopleFile

BATCH = 500  # people of one transaction
KEPT = 10  # rejects that a summary holds


@dataclass
class Summary:
    """What became of the people of one file.

    Attributes:
        file: Its name as it was given.
        valid: How many people were valid.
        written: How many of them are new or changed.
        unchanged: How many were stored like this already.
        rejected: How many were not taken.
        embedded: How many distinct skills had to be embedded.
        seconds: How long it took.
        rejects_file: Where the rejects are, if there are any.
        first_rejects: The first of them.
        absent_skills: Which of the two texts of skills the file has no column for, if it has one for the other.
    """

    file: str
    valid: int = 0
    written: int = 0
    unchanged: int = 0
    rejected: int = 0
    embedded: int = 0
    seconds: float = 0.0
    rejects_file: str | None = None
    first_rejects: list[Reject] = field(default_factory=list)
    absent_skills: str | None = None

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return self.valid + self.rejected

    @property
    def people_per_s(self) -> float:
        """How many rows a second."""
        return self.rows / self.seconds if self.seconds else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return it for a JSON line."""
        names = ("file", "written", "unchanged", "rejected", "embedded")
        return {name: getattr(self, name) for name in names} | {
            "valid": self.valid,
            "seconds": round(self.seconds, 3),
            "people_per_s": round(self.people_per_s, 1),
            "rejects_file": self.rejects_file,
        }


class Rejects:
    """A JSON Lines file of people who were not taken; made when there is the first one."""

    def __init__(self, path: str | None, *, is_shared: bool = False) -> None:
        """Say where they go, or None for nowhere.

        Args:
            path: Of the file.
            is_shared: Whether those of several files go there, so that each line has to say whose it is.
        """
        self._path = path
        self._is_shared = is_shared
        self._file: IO[str] | None = None

    def add(self, file: str, rejects: Sequence[Reject]) -> str | None:
        """Write some of one file and return where. Raises PeopleFileError."""
        if self._path is None:
            return None
        try:
            self._file = self._file or Path(self._path).open("w", encoding="ascii")  # noqa: SIM115 - close does
            for reject in rejects:
                whose = {"file": file} if self._is_shared else {}
                self._file.write(json.dumps(reject.model_dump() | whose) + "\n")
            self._file.flush()
        except OSError as error:
            message = f"the rejects cannot be written to {self._path}: {error.strerror or error}"
            raise PeopleFileError(message) from error
        return self._path

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def rejects_files(files: Sequence[str], given: str | None, db: str) -> list[str]:
    """Return where the rejects of each file go: never in place of an input, the database or other rejects of this run.

    Args:
        files: The inputs.
        given: Where all of them are wanted, or None for a file each.
        db: The database.

    Raises:
        ConfigurationError: They are wanted in an input or in the database.
    """
    kept = [Path(file) for file in files if file != STDIN]
    if (database := database_file(db)) is not None:
        kept.append(database)
    if given is not None:
        if any(_is_same(Path(given), one) for one in kept):
            message = (
                f"--rejects {given} would be written over what is imported or over the database: name another file"
            )
            raise ConfigurationError(message)
        return [given] * len(files)
    names: list[str] = []
    for file in files:
        start = "stdin" if file == STDIN else Path(file).name
        choices = (f"{start}{part}.rejects.jsonl" for part in chain([""], (f".{number}" for number in count(2))))
        free = (name for name in choices if name not in names and not any(_is_same(Path(name), one) for one in kept))
        names.append(next(free))
    return names


def _is_same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()


class Import:
    """One file on its way into the database."""

    def __init__(
        self, file: str, people: PeopleFile, matcher: Matcher | None, rejects: Rejects, *, is_strict: bool
    ) -> None:
        """Say what to import; nothing is read yet.

        Args:
            file: What to call it.
            people: Its people.
            matcher: Where they go, or None to check them only.
            rejects: Where those go who are not taken.
            is_strict: Stop at the first bad row; who stands before it is stored.
        """
        self._people = people
        self._matcher = matcher
        self._rejects = rejects
        self._is_strict = is_strict
        self._summary = Summary(file)
        self._rows: dict[str, int] = {}  # the last row of each uid so far

    def run(self) -> Summary:
        """Read all and return what became of them.

        Raises:
            PeopleFileError: The file cannot be read, or not to its end.
            StoreError: The database failed.
            EncoderError: The model failed.
            ConfigurationError: The model cannot be had.
        """
        start, summary = time.monotonic(), self._summary
        try:
            with progress(f"importing {Path(summary.file).name}", "people") as report:
                for batch in batches(self._people, BATCH):
                    self._take(batch)
                    report(summary.rows, self._people.share())
                    if self._is_strict and summary.rejected:
                        break
        except PeopleFileError as error:
            message = f"{error}\n{self._so_far()}"
            raise PeopleFileError(message) from error
        except (StoreError, EncoderError, ConfigurationError) as error:
            message = f"{error}\n{self._so_far()}; nothing of that is lost: run the same command again to go on"
            raise type(error)(message) from (error.__cause__ or error)
        except KeyboardInterrupt:
            typer.echo(
                f"interrupted: {self._so_far(at_least='at least ')}; run the same command again to go on", err=True
            )
            raise
        summary.absent_skills = self._people.absent_skills
        summary.seconds = time.monotonic() - start
        return summary

    def _take(self, batch: list[Row]) -> None:
        summary, first_row = self._summary, self._summary.rows + 1
        valid, refused = sort_out(batch, first_row=first_row)
        if self._is_strict and refused:
            refused = refused[:1]
            valid, _ = sort_out(batch[: refused[0].row - first_row], first_row=first_row)
        self._store(valid)
        summary.valid += len(valid)
        refused += self._repeated(valid, first_row, refused)
        if refused:
            summary.rejected += len(refused)
            summary.first_rejects += refused[: KEPT - len(summary.first_rejects)]
            summary.rejects_file = self._rejects.add(summary.file, refused)

    def _repeated(self, valid: list[Profile], first_row: int, refused: list[Reject]) -> list[Reject]:
        """Return a reject for each row whose uid stands again further on: the later row counts."""
        from swapmatch.models import Reject

        bad = {reject.row for reject in refused}
        rows = (row for row in count(first_row) if row not in bad)
        repeated = []
        for profile, row in zip(valid, rows, strict=False):
            if earlier := self._rows.get(profile.uid):
                reason = f"the same uid stands again in row {row}, and the later row counts"
                repeated.append(Reject(row=earlier, uid=profile.uid, reason=reason))
            self._rows[profile.uid] = row
        return repeated

    def _store(self, people: list[Profile]) -> None:
        if self._matcher is None or not people:
            return
        summary = self._summary
        try:
            report = self._matcher.put_many(people)
        except NotIndexedError:
            summary.written += len(people)
            raise
        summary.written += report.written
        summary.unchanged += report.unchanged
        summary.embedded += report.embedded

    def _so_far(self, *, at_least: str = "") -> str:
        """Say how far it came; what was interrupted may have stored a batch that it could not count any more."""
        if self._matcher is None:
            return f"{self._summary.valid:,} valid people stand before that"
        stored = self._summary.written + self._summary.unchanged
        return f"{at_least}{stored:,} people of {self._summary.file} are stored"
