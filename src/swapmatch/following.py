"""Follower: keeps an index true to the profile store by the store's change feed."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from swapmatch import skills
from swapmatch.asking import as_values
from swapmatch.errors import EncoderError, NotIndexedError, StoreError
from swapmatch.ports import Candidate, Entry, Hit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from swapmatch.encoders.caching import CachingEncoder
    from swapmatch.models import Profile
    from swapmatch.ports import Cursor, ProfileStore, Stored, VectorStore

PAGE = 1_000  # changes read at a time
TRIES = 3  # to read an index and a store that agree

Found = TypeVar("Found", Candidate, Hit)


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

    def sync(self) -> int:
        """Bring the index up to date and return how many changes were looked at."""
        looked_at, more = 0, True
        with self._lock:
            while more:
                page = self._profiles.changes(self._cursor, PAGE)
                self._put([change.stored for change in page.items if change.stored is not None])
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
                self.sync()
            self._put(stored)
        except (EncoderError, StoreError) as error:
            self._is_behind = True
            who = f"{stored[0].profile.uid} is" if len(stored) == 1 else f"{len(stored) or 'some'} people are"
            message = f"{who} stored, but cannot be found yet: {error}"
            raise NotIndexedError(message) from error

    def delete(self, uid: str, rev: int) -> None:
        """Take somebody out of the index who was just deleted. Raises NotIndexedError."""
        try:
            self._vectors.delete({uid: rev})
        except StoreError as error:
            message = f"{uid} is deleted; the index forgets them when it next follows the changes: {error}"
            raise NotIndexedError(message) from error

    def read(self, ask: Callable[[], Sequence[Found]]) -> list[tuple[Found, Profile]]:
        """Ask the index and return what it found with the profiles it was made from.

        Where the store has changed or deleted somebody since, the index catches up and is asked again; whoever still
        disagrees then is left out.
        """
        agreed: list[tuple[Found, Profile]] = []
        for _ in range(TRIES):
            found = ask()
            stored = self._profiles.get_many([one.uid for one in found])
            agreed = [
                (one, stored[one.uid].profile) for one in found if one.uid in stored and stored[one.uid].rev == one.rev
            ]
            if len(agreed) == len(found):
                break
            self.sync()
        return agreed

    def _put(self, stored: Sequence[Stored]) -> None:
        entries = [_entry(one) for one in stored]
        keys = {key for entry in entries for key in (*entry.offers, *entry.needs)}
        self._vectors.put(entries, self._encoder.vectors(keys, keep=True))


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
        offers=tuple(map(skills.key, profile.offers)),
        needs=tuple(map(skills.key, profile.needs)),
        facets=facets,
    )
