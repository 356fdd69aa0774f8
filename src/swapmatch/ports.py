"""The three ports and what passes through them: every promise that an adapter makes, and nothing else.

Powers that not every adapter has stand in `swapmatch.powers`.

`swapmatch.testing` holds a contract suite for each port that tests exactly these sentences.

All adapters: methods may be called from several threads at once. `close` may be called twice; it closes what the
adapter opened itself and nothing else; after it any call raises StoreError. Driver errors never leave an adapter:
they are StoreError, StoreUnavailableError (trying again may work) or EncoderError, with the driver's as the cause.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NewType, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from swapmatch.models import Profile, Side
    from swapmatch.relevance import Relevance
    from swapmatch.scoring import Scoring

Vectors = NDArray[np.float32]  # (n, dimension), each row of length 1
Vector = NDArray[np.float32]  # (dimension,), of length 1
Cosines = NDArray[np.float32]  # (needs, offers)
Cursor = NewType("Cursor", str)  # a place in a change feed; opaque; valid for the store that gave it


class Encoder(Protocol):
    """Texts -> vectors whose cosine tells how near two texts are in meaning.

    The same text gives the same vector, whatever stands beside it in the batch (to 1e-5 in each component).
    """

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    @property
    def fingerprint(self) -> str:
        """Names model, revision and precision: vectors of two fingerprints must never meet."""
        ...

    @property
    def relevance(self) -> Relevance:
        """The curve from this encoder's cosines to relevance."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, in order, `(len(texts), dimension)` float32; no texts give no rows.

        Raises:
            EncoderError: The model failed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """A profile as it stands in a store.

    Attributes:
        profile: With both timestamps set.
        rev: Grows with each change of this uid, also over a deletion and a return; never given twice.
        is_written: Whether the `put` that returned it wrote it; False where it said nothing new or was merely read.
    """

    profile: Profile
    rev: int
    is_written: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """The latest thing that happened to a uid.

    Attributes:
        uid: Whose profile it is.
        rev: The revision that it left.
        stored: The profile as it stands, or None where it was deleted.
    """

    uid: str
    rev: int
    stored: Stored | None


@dataclass(frozen=True, slots=True)
class Changes:
    """One page of a change feed.

    Attributes:
        items: In the order in which they happened; each uid once, at its latest change.
        cursor: Where the next page starts.
        more: Whether a next page was there when this one was read.
    """

    items: tuple[Change, ...]
    cursor: Cursor
    more: bool


class ProfileStore(Protocol):
    """The people: the truth that every index can be rebuilt from."""

    def put(self, profiles: Sequence[Profile], *, expected_rev: int | None = None) -> list[Stored]:
        """Store all of these or none, and return them as stored, in order.

        `created_at` is kept from the first time, `updated_at` is set; both come from the store, whatever the profiles
        say. A profile that says nothing new is not written: it comes back with its old rev and timestamps, and the
        change feed does not mention it. Of a uid that is given twice the last one counts.

        Args:
            profiles: Who to store.
            expected_rev: Only with one profile: write only if this is its rev now (0: only if nobody is there).

        Raises:
            ConflictError: `expected_rev` is not the rev; nothing was written.
            InvalidQueryError: `expected_rev` came with other than one profile.
        """
        ...

    def get(self, uid: str) -> Stored:
        """Return one person. Raises ProfileNotFoundError."""
        ...

    def get_many(self, uids: Sequence[str]) -> dict[str, Stored]:
        """Return those of the uids who are there; the others are missing from the mapping."""
        ...

    def find_by_email(self, email: str) -> Stored:
        """Return who has this e-mail, whatever its case; of several the smallest uid. Raises ProfileNotFoundError."""
        ...

    def delete(self, uid: str) -> int | None:
        """Forget a person and leave a bare tombstone in the feed; return its rev, or None if nobody was there."""
        ...

    def changes(self, since: Cursor | None, limit: int = 1000) -> Changes:
        """Return what happened after a cursor (None: from the beginning), at most `limit` changes.

        A cursor stays good for as long as its store lives, whoever writes to it and however often it is opened.
        Following the cursors misses nobody: at the end the follower has seen the latest change of every uid, also of
        those that were written while it read. Deleted people who came back are there once, alive.

        Raises:
            StoreError: The cursor is not one of this store's, or of what an older copy has undone.
        """
        ...

    def close(self) -> None:
        """Let go of what the adapter opened."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """What an index knows of a person.

    Attributes:
        uid: Who it is.
        rev: The revision of the profile that this was made from.
        offers: Keys (swapmatch.skills.key) of the skills they offer, distinct, in the profile's order.
        needs: Likewise for what they need.
        facets: Values by name, city and timezone among them, to filter by.
    """

    uid: str
    rev: int
    offers: tuple[str, ...]
    needs: tuple[str, ...]
    facets: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Where:
    """Who may be returned.

    Attributes:
        facets: For each name the values of which a person must have at least one; all names must fit.
        exclude: uids never to return.
    """

    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exclude: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SeekerSide:
    """One side of a seeker: keys of distinct skills with their vectors, `(len(keys), dimension)`."""

    keys: tuple[str, ...]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Seeker:
    """The person we match for, stored or not."""

    offers: SeekerSide
    needs: SeekerSide


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be a match, with all that score and explanation need.

    Attributes:
        uid: Who it is.
        rev: The revision that the cosines were made from.
        receives: Cosines `(seeker's needs, their offers)`, in the order of the seeker and of the entry; 0 where a
            pair lies below the floor or beyond the neighbour limit.
        gives: Cosines `(their needs, seeker's offers)`, likewise.
    """

    uid: str
    rev: int
    receives: Cosines
    gives: Cosines


@dataclass(frozen=True, slots=True)
class Candidates:
    """The people who may score highest.

    Attributes:
        items: In any order.
        bound: Nobody who fits `where` and is not among the items scores higher than this.
    """

    items: tuple[Candidate, ...]
    bound: float


@dataclass(frozen=True, slots=True)
class Hit:
    """Somebody found by one side of their skills.

    Attributes:
        uid: Who it is.
        rev: The revision that was searched.
        side: The side that was searched.
        score: Mean over the rows of the query of the best cosine among their skills, each at least 0; [0, 1].
        skills: For each row of the query the position of their best skill in the entry's side.
    """

    uid: str
    rev: int
    side: Side
    score: float
    skills: tuple[int, ...]


class VectorStore(Protocol):
    """An index that finds people by the meaning of their skills. It can always be rebuilt; it is never the truth.

    A write is visible to the next call. Entries and tombstones carry `rev`: one that is older than what the index
    knows of the uid changes nothing, so writes may be repeated and may arrive in any order.
    """

    def put(self, entries: Sequence[Entry], vectors: Mapping[str, Vector]) -> None:
        """Index these people in place of what was known of them.

        Args:
            entries: Who to index.
            vectors: A unit vector for each skill key that the entries name (more are allowed).

        Raises:
            StoreError: A vector is missing, not finite, not of length 1 or of another dimension; nothing was indexed.
        """
        ...

    def delete(self, revs: Mapping[str, int]) -> None:
        """Forget these uids as of these revs (of their tombstones); unknown uids are remembered as deleted too."""
        ...

    def search(self, query: Vectors, side: Side, *, limit: int, where: Where) -> list[Hit]:
        """Return who fits a query best on one side: by score, highest first, then by uid; nobody who scores 0.

        Args:
            query: One row a skill asked for, `(n, dimension)`, n at least 1.
            side: Which of their skills to look at.
            limit: How many at most.
            where: Who may be returned.
        """
        ...

    def candidates(self, seeker: Seeker, scoring: Scoring, *, limit: int, where: Where) -> Candidates:
        """Return the people who may score highest in both directions.

        Whoever ranks among the first `limit` by (score, sum of both coverages, smaller uid) is among the items,
        unless the bound says otherwise: a store that may have left somebody out says how high they could score.

        Args:
            seeker: Whom to match; a side without skills gives nobody.
            scoring: The formula, to choose by.
            limit: How many people are wanted, at least 1.
            where: Who may be returned.
        """
        ...

    def __len__(self) -> int:
        """How many people are indexed."""
        ...

    def close(self) -> None:
        """Let go of what the adapter opened."""
        ...
