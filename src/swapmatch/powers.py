"""Powers that not every adapter has: each a protocol of its own beside the ports, found by isinstance.

`swapmatch.testing` holds a contract suite for each that tests exactly these sentences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from swapmatch.ports import Cursor, Vector


@runtime_checkable
class SkillVectors(Protocol):
    """The power of a profile store that also keeps the vectors of distinct skills, so that none is computed twice.

    The vectors of one encoder count. Those of another may be prepared beside them, to count from one moment to the
    next. Vectors of different encoders never meet.
    """

    def encoder(self) -> str | None:
        """Return the fingerprint whose vectors count here, or None before the first that does was kept."""
        ...

    def prepare_encoder(self, fingerprint: str) -> None:
        """From now on keep this fingerprint's vectors beside those that count; those of any other prepared one go.

        Preparing one again changes nothing. Where the one that counts already is named, nothing is prepared any more.
        """
        ...

    def use_encoder(self, fingerprint: str) -> None:
        """From now on this fingerprint's vectors count, those prepared among them; those of any other are deleted.

        Whoever looks meanwhile, or after a crash, finds all as before or all as after.
        """
        ...

    def get_vectors(self, fingerprint: str, keys: Sequence[str]) -> dict[str, Vector]:
        """Return the kept vectors of those keys that have one with this fingerprint."""
        ...

    def put_vectors(self, fingerprint: str, vectors: Mapping[str, Vector]) -> None:
        """Keep vectors, all or none; those kept already stay as they are. The first that are kept count.

        Raises:
            EncoderMismatchError: Another fingerprint's vectors count, and this one is not prepared.
        """
        ...


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a profile store holds.

    Attributes:
        people: How many uids it knows: everybody, and those tombstones that it would cost more to leave out.
        skills: How many skills it keeps a vector of.
        dimension: Length of these vectors; 0 where there are none.
    """

    people: int
    skills: int
    dimension: int = 0


@runtime_checkable
class Counted(Protocol):
    """The power of a profile store that can tell how much it holds, for a million people within 100 ms."""

    def counts(self) -> Counts:
        """Return how much there is."""
        ...


@runtime_checkable
class InFile(Protocol):
    """The power of a profile store that keeps the people in one file: an index may save itself beside it."""

    @property
    def path(self) -> Path:
        """Where the file is."""
        ...


@runtime_checkable
class Sequenced(Protocol):
    """The power of a profile store that can tell whether anything happened between two writes."""

    def behind(self, cursor: Cursor | None, revs: Sequence[int]) -> Cursor | None:
        """Return the cursor behind these revs, just written here, or None if others were given after `cursor`, too.

        Whoever has seen everything up to `cursor`, and these, has then seen everything up to what is returned.
        """
        ...


@runtime_checkable
class InMemory(Protocol):
    """The power of an index in memory that can tell whether everybody will fit."""

    def reserve(self, people: int, skills: int, *, dimension: int) -> None:
        """Return if so many people with so many distinct skills will fit, before anybody is loaded.

        Args:
            people: How many.
            skills: How many distinct ones they name together.
            dimension: Length of a vector.

        Raises:
            ConfigurationError: They will not; the message says how many would.
        """
        ...


@runtime_checkable
class OneEncoder(Protocol):
    """The power of an index outside the process: it holds the vectors of one encoder, and refuses those of another."""

    def expect_encoder(self, fingerprint: str, *, dimension: int) -> None:
        """Say whose vectors will come, before any does. Nothing is asked of a server yet.

        Later calls raise EncoderMismatchError where the index was filled with another encoder.

        Args:
            fingerprint: Of the encoder.
            dimension: Length of its vectors.
        """
        ...


@runtime_checkable
class Resumable(Protocol):
    """The power of an index that outlives the process: it knows up to where in the change feed it stands."""

    def resume(self, fingerprint: str, *, beside: Path | None) -> Cursor | None:
        """Take up what was saved, and return the cursor of that time; None where nothing sound is there.

        What is damaged, of another version or made with another encoder is left where it is: the index stays empty.

        Args:
            fingerprint: Of the encoder whose vectors count.
            beside: The file that the people are in, where they are in one: an index that was given no place of its
                own is saved beside it.
        """
        ...

    def save(self, fingerprint: str, cursor: Cursor) -> None:
        """Save everybody, in place of what was saved before; does nothing where there is no place for it.

        Args:
            fingerprint: Of the encoder that made the vectors.
            cursor: Everything up to here was put and deleted.

        Raises:
            StoreError: It cannot be saved; what was saved before is still there.
        """
        ...

    @property
    def unsaved(self) -> float:
        """How much of the index is not in what was saved: about a share, more than 1 where there is nothing saved.

        Whoever is deleted takes with them what was saved, so that nothing of them is left on the disk.
        """
        ...

    def clear(self) -> None:
        """Forget everybody, and what was saved."""
        ...
