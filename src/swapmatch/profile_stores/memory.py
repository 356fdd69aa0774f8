"""People in the memory of this process: the fake for tests, and enough for a small script."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from threading import RLock
from typing import TYPE_CHECKING, Self
from uuid import uuid4

import numpy as np

from swapmatch import profile_stores as shared
from swapmatch.errors import ConfigurationError, StoreError
from swapmatch.ports import Change, Changes, Stored
from swapmatch.powers import Counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from swapmatch.models import Profile
    from swapmatch.ports import Cursor, Vector


class MemoryProfileStore:
    """A ProfileStore with SkillVectors, Counted and Sequenced that keeps people until the process ends."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._identity = uuid4().hex
        self._rev = 0
        self._latest: dict[str, Change] = {}  # in the order of their revs
        self._encoder: str | None = None
        self._vectors: dict[str, dict[str, Vector]] = {}  # of the encoder that counts, and of one that is prepared
        self._is_closed = False

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Return a new empty store for the name `memory:`. Raises ConfigurationError."""
        if url.lower() != "memory:":
            message = f"a store in memory is named 'memory:', not {url!r}"
            raise ConfigurationError(message)
        return cls()

    def put(self, profiles: Sequence[Profile], *, expected_rev: int | None = None) -> list[Stored]:
        """Store all of these or none: see ProfileStore."""
        wanted = shared.by_uid(profiles, expected_rev=expected_rev)
        with self._lock:
            self._check_open()
            for uid in wanted:
                before = self._stored(uid)
                shared.check_rev(uid, expected_rev=expected_rev, rev=before.rev if before else 0)
            stored = {uid: self._put(profile) for uid, profile in wanted.items()}
        return [stored[profile.uid] for profile in profiles]

    def get(self, uid: str) -> Stored:
        """Return one person: see ProfileStore."""
        with self._lock:
            self._check_open()
            if stored := self._stored(uid):
                return stored
        raise shared.uid_not_found(uid)

    def get_many(self, uids: Sequence[str]) -> dict[str, Stored]:
        """Return those who are there: see ProfileStore."""
        with self._lock:
            self._check_open()
            return {uid: stored for uid in uids if (stored := self._stored(uid))}

    def find_by_email(self, email: str) -> Stored:
        """Return who has this e-mail: see ProfileStore."""
        key = shared.email_key(email)
        with self._lock:
            self._check_open()
            found = [
                stored
                for stored in self._alive()
                if stored.profile.email and shared.email_key(stored.profile.email) == key
            ]
        if not found:
            raise shared.email_not_found()
        return min(found, key=lambda stored: stored.profile.uid)

    def delete(self, uid: str) -> int | None:
        """Forget a person: see ProfileStore."""
        with self._lock:
            self._check_open()
            return self._append(uid, None) if self._stored(uid) else None

    def changes(self, since: Cursor | None, limit: int = 1000) -> Changes:
        """Return what happened after a cursor: see ProfileStore."""
        with self._lock:
            self._check_open()
            start = shared.rev_of(since, name_at=lambda _: self._identity, newest=self._rev)
            later = (change for change in self._latest.values() if change.rev > start)
            items = tuple(islice(later, max(limit, 0)))
            more = next(later, None) is not None
        end = items[-1].rev if items else start
        return Changes(items=items, cursor=shared.cursor_at(self._identity, end), more=more)

    def counts(self) -> Counts:
        """Return how much is here: see Counted."""
        with self._lock:
            self._check_open()
            counting = self._vectors.get(self._encoder or "", {})
            dimension = next((vector.size for vector in counting.values()), 0)
            return Counts(people=len(self._latest), skills=len(counting), dimension=dimension)

    def behind(self, cursor: Cursor | None, revs: Sequence[int]) -> Cursor | None:
        """Return the cursor behind these revs if no other is between: see Sequenced."""
        ordered = sorted(revs)
        with self._lock:
            self._check_open()
            start = shared.rev_of(cursor, name_at=lambda _: self._identity, newest=self._rev)
        if ordered != list(range(start + 1, start + 1 + len(ordered))):
            return None
        return shared.cursor_at(self._identity, ordered[-1])

    def encoder(self) -> str | None:
        """Return the fingerprint whose vectors count here: see SkillVectors."""
        with self._lock:
            self._check_open()
            return self._encoder

    def prepare_encoder(self, fingerprint: str) -> None:
        """Keep this fingerprint's vectors beside those that count: see SkillVectors."""
        with self._lock:
            self._check_open()
            self._keep_only(self._encoder, fingerprint)

    def use_encoder(self, fingerprint: str) -> None:
        """Let this fingerprint's vectors count: see SkillVectors."""
        with self._lock:
            self._check_open()
            self._encoder = fingerprint
            self._keep_only(fingerprint)

    def get_vectors(self, fingerprint: str, keys: Sequence[str]) -> dict[str, Vector]:
        """Return the kept vectors, read-only: see SkillVectors."""
        with self._lock:
            self._check_open()
            kept = self._vectors.get(fingerprint, {})
            return {key: kept[key] for key in keys if key in kept}

    def put_vectors(self, fingerprint: str, vectors: Mapping[str, Vector]) -> None:
        """Keep vectors: see SkillVectors."""
        copies = {key: np.array(vector, dtype=np.float32) for key, vector in vectors.items()}
        for copy in copies.values():
            copy.flags.writeable = False
        with self._lock:
            self._check_open()
            if fingerprint not in self._vectors:
                shared.check_encoder(self._encoder, fingerprint)
                self._encoder = fingerprint
            self._vectors[fingerprint] = copies | self._vectors.get(fingerprint, {})

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._is_closed = True
            self._latest.clear()
            self._vectors = {}

    def _keep_only(self, *fingerprints: str | None) -> None:
        self._vectors = {name: self._vectors.get(name, {}) for name in fingerprints if name is not None}

    def _put(self, profile: Profile) -> Stored:
        before = self._stored(profile.uid)
        if before and before.profile.same_as(profile):
            return before
        updated_at = shared.now()
        if before and before.profile.updated_at:
            updated_at = max(updated_at, before.profile.updated_at)
        created_at = before.profile.created_at if before else updated_at
        timestamps = {"created_at": created_at, "updated_at": updated_at}
        stored = Stored(profile=profile.model_copy(update=timestamps), rev=self._rev + 1)
        self._append(profile.uid, stored)
        return replace(stored, is_written=True)

    def _append(self, uid: str, stored: Stored | None) -> int:
        self._rev += 1
        self._latest.pop(uid, None)
        self._latest[uid] = Change(uid=uid, rev=self._rev, stored=stored)
        return self._rev

    def _stored(self, uid: str) -> Stored | None:
        change = self._latest.get(uid)
        return change.stored if change else None

    def _alive(self) -> Iterator[Stored]:
        return (change.stored for change in self._latest.values() if change.stored)

    def _check_open(self) -> None:
        if self._is_closed:
            message = "the store in memory is closed"
            raise StoreError(message)
