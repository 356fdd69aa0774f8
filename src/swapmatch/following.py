"""Follower: keeps an index true to the profile store by the store's change feed."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import contextmanager
from itertools import chain
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from swapmatch.asking import as_values
from swapmatch.errors import EncoderError, NotIndexedError, StoreError, StoreUnavailableError
from swapmatch.ports import Candidate, Entry, Hit
from swapmatch.powers import Counted, InFile, InMemory, OneEncoder, Resumable, Sequenced, SkillVectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from swapmatch.encoders.caching import CachingEncoder
    from swapmatch.models import Profile
    from swapmatch.ports import Cursor, ProfileStore, Stored, Vector, VectorStore

PAGE = 1_000  # changes read at a time
REMEMBERED = 1_000_000  # keys whose vectors the index was given: 60 MB beside texts that the index holds anyway
TRIES = 3  # to read an index and a store that agree
SAVED_FROM = 5_000  # people: fewer are read from the store in a moment
WORTH_SAVING = 0.05  # of an index
SAVE_EVERY_S = 900.0  # at most: everybody is written each time, 0.4 GB for a million people

Found = TypeVar("Found", Candidate, Hit)

logger = logging.getLogger(__name__)


class Follower:
    """Start-up, a second process's writes, recovery after a failure: all are one loop over `changes(since)`."""

    def __init__(self, profiles: ProfileStore, vectors: VectorStore, encoder: CachingEncoder) -> None:
        """Follow from the beginning of the feed; nothing is read yet."""
        self._profiles = profiles
        self._vectors = vectors
        self._encoder = encoder
        self._cursor: Cursor | None = None
        self._lock = Lock()
        self._is_behind = False  # some are stored whom the index does not know
        self._indexed: set[str] = set()  # keys whose vectors the index was given
        self._saving = Lock()
        self._saved_at = time.monotonic()

    def start(self) -> None:
        """Take up a saved index where there is one, and bring it up to date.

        An index that does not answer is left behind: it catches up with the first call that finds it there again.

        Raises:
            ConfigurationError: Everybody together will not fit into memory; nobody was loaded.
        """
        if isinstance(self._vectors, OneEncoder):
            self._vectors.expect_encoder(self._encoder.encoder.fingerprint, dimension=self._encoder.dimension)
        if isinstance(self._vectors, InMemory) and isinstance(self._profiles, Counted):
            counts = self._profiles.counts()
            self._vectors.reserve(counts.people, counts.skills, dimension=counts.dimension)
        if isinstance(self._vectors, Resumable):
            self._cursor = self._resumed(self._vectors)
        try:
            self.sync()
        except StoreUnavailableError as error:
            if not self._is_behind:  # it was the store, which is the truth
                raise
            logger.warning("nobody can be found until the index answers: %s", error)

    def sync(self) -> int:
        """Bring the index up to date, save it from time to time, and return how many changes were looked at."""
        looked_at = self._follow()
        if time.monotonic() - self._saved_at > SAVE_EVERY_S:
            self._save()
        return looked_at

    def close(self) -> None:
        """Save the index where that spares the next start some work."""
        self._save()

    def _follow(self) -> int:
        looked_at, more = 0, True
        with self._lock:
            while more:
                page = self._profiles.changes(self._cursor, PAGE)
                self._put([change.stored for change in page.items if change.stored is not None])
                with self._noting():
                    self._vectors.delete({change.uid: change.rev for change in page.items if change.stored is None})
                self._cursor, more = page.cursor, page.more
                looked_at += len(page.items)
            self._is_behind = False
        return looked_at

    def put(self, stored: Sequence[Stored]) -> None:
        """Index people who were just stored, so that the next question finds them, and whom an earlier call missed.

        Raises:
            NotIndexedError: The index or the encoder failed; `sync` will mend it.
        """
        try:
            if self._is_behind:
                self._follow()
            self._put(stored)
            self._seen([one.rev for one in stored])
        except (EncoderError, StoreError) as error:
            self._is_behind = True
            who = f"{stored[0].profile.uid} is" if len(stored) == 1 else f"{len(stored) or 'some'} people are"
            message = f"{who} stored, but cannot be found yet: {error}"
            raise NotIndexedError(message) from error

    def delete(self, uid: str, rev: int) -> None:
        """Take somebody out of the index who was just deleted. Raises NotIndexedError."""
        try:
            self._vectors.delete({uid: rev})
            self._seen([rev])
        except StoreError as error:
            message = f"{uid} is deleted; the index forgets them when it next follows the changes: {error}"
            raise NotIndexedError(message) from error

    def read(self, ask: Callable[[], Sequence[Found]]) -> list[tuple[Found, Profile]]:
        """Ask the index and return what it found with the profiles it was made from.

        Where the store has changed or deleted somebody since, the index catches up and is asked again; whoever still
        disagrees then is left out.
        """
        self._catch_up()
        agreed: list[tuple[Found, Profile]] = []
        for _ in range(TRIES):
            found = ask()
            stored = self._profiles.get_many([one.uid for one in found])
            agreed = [
                (one, stored[one.uid].profile) for one in found if one.uid in stored and stored[one.uid].rev == one.rev
            ]
            if len(agreed) == len(found):
                break
            self._follow()
        return agreed

    def _catch_up(self) -> None:
        """Bring an index up to date that is known to be behind, unless that is being done; else ask it as it is."""
        if self._is_behind and not self._lock.locked():
            try:
                self._follow()
            except (EncoderError, StoreError) as error:
                logger.warning("the index is still behind: %s", error)

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Take note that the index is behind where it does not answer."""
        try:
            yield
        except StoreUnavailableError:
            self._is_behind = True
            raise

    def _resumed(self, index: Resumable) -> Cursor | None:
        """Return where a saved index stands, or None, and the index empty, where the store knows no such place."""
        beside = self._profiles.path if isinstance(self._profiles, InFile) else None
        cursor = index.resume(self._encoder.encoder.fingerprint, beside=beside)
        if cursor is not None:
            try:
                self._profiles.changes(cursor, 1)
            except StoreUnavailableError:
                raise
            except StoreError as error:
                logger.warning("the saved index is of no use any more, and everybody is read anew: %s", error)
                index.clear()
                return None
        return cursor

    def _seen(self, revs: Sequence[int]) -> None:
        """Go on in the feed behind what was written here, unless somebody else wrote, too: that has to be read."""
        if isinstance(self._profiles, Sequenced) and revs and self._lock.acquire(blocking=False):
            try:
                if not self._is_behind:
                    self._cursor = self._profiles.behind(self._cursor, revs) or self._cursor
            except StoreError as error:  # what was written is indexed; `sync` will read it again, or say what is wrong
                logger.info("the place in the feed is not known: %s", error)
            finally:
                self._lock.release()

    def _save(self) -> None:
        """Save the index if it is worth it, then see whether somebody whom it holds was deleted meanwhile elsewhere."""
        index = self._vectors
        if not isinstance(index, Resumable) or not self._saving.acquire(blocking=False):
            return
        try:
            self._saved_at = time.monotonic()
            if (cursor := self._cursor) is None or len(self._vectors) < SAVED_FROM or index.unsaved < WORTH_SAVING:
                return
            if self._is_replaced():
                return
            index.save(self._encoder.encoder.fingerprint, cursor)
            self._follow()  # a deletion takes what was saved with it
        except (EncoderError, StoreError, MemoryError) as error:
            logger.warning("the next start will take longer: %s", error)
        finally:
            self._saving.release()

    def _is_replaced(self) -> bool:
        """Whether another encoder counts in the store by now: what is saved belongs to it."""
        theirs = self._profiles.encoder() if isinstance(self._profiles, SkillVectors) else None
        return theirs not in {None, self._encoder.encoder.fingerprint}

    def _put(self, stored: Sequence[Stored]) -> None:
        entries = [_entry(one) for one in stored]
        keys = set(chain.from_iterable((*entry.offers, *entry.needs) for entry in entries))
        new = keys - self._indexed
        wanted = _Wanted(keys, self._encoder.vectors(new, keep=True), self._encoder)
        with self._noting():
            self._vectors.put(entries, wanted)
        if len(self._indexed) > REMEMBERED:
            self._indexed.clear()
        self._indexed.update(new)


class _Wanted(Mapping[str, "Vector"]):
    """The vectors of skills that an index may ask for: at hand for those that it has not seen yet.

    An index asks for no others unless it has forgotten some; then all are looked up. Looking all of them up always
    took 20 microseconds a person where 50,000 people name 60,000 skills, a fifth of the import (2026-11-24).
    """

    def __init__(self, keys: AbstractSet[str], found: Mapping[str, Vector], encoder: CachingEncoder) -> None:
        self._keys = keys
        self._found = found
        self._encoder = encoder

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __getitem__(self, key: str) -> Vector:
        if key not in self._found and key in self._keys:
            self._found = self._encoder.vectors(self._keys, keep=True)
        return self._found[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def _entry(stored: Stored) -> Entry:
    """Return what an index knows of a person; a city that they do not show is no filter either."""
    profile = stored.profile
    facets = {name: as_values(values) for name, values in profile.facets.items()}
    if profile.city is not None and profile.show_city:
        facets["city"] = as_values(profile.city)
    if profile.timezone is not None:
        facets["timezone"] = as_values(profile.timezone)
    return Entry(
        uid=profile.uid,
        rev=stored.rev,
        offers=tuple(profile.offers_by_key),
        needs=tuple(profile.needs_by_key),
        facets=facets,
    )
