"""Matcher: people in, explained two-way matches out. It orchestrates the ports and computes nothing itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from swapmatch import registry
from swapmatch.asking import asked_sides, asked_skills, check_limit, check_text, check_threshold, condition
from swapmatch.encoders.caching import CachingEncoder
from swapmatch.errors import ConflictError, EncoderMismatchError, InvalidProfileError
from swapmatch.finding import Finder
from swapmatch.following import Follower
from swapmatch.intake import batches, no_collecting, print_count, sort_out
from swapmatch.models import Profile, PutReport
from swapmatch.powers import SkillVectors
from swapmatch.scoring import Scoring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import TracebackType

    from swapmatch.asking import Facets
    from swapmatch.intake import Row
    from swapmatch.models import Match, Mode, Recommendation, Reject, SearchHit
    from swapmatch.ports import Encoder, ProfileStore, VectorStore

DEFAULT_DB = "swapmatch.db"
DEFAULT_ENCODER = "sentence-transformers:"
DEFAULT_VECTORS = "exact:"
BATCH = 1_000  # people of one transaction, and of one page of the feed
TRIES = 3  # to change a profile that others change too


class Matcher:
    """Finds, for each person, the others with whom a swap works in both directions.

    All methods may be called from several threads. Errors are those of `swapmatch.errors`.
    """

    def __init__(
        self,
        *,
        encoder: Encoder,
        profiles: ProfileStore,
        vectors: VectorStore,
        scoring: Scoring | None = None,
        expose_email: bool = False,
    ) -> None:
        """Compose a matcher from parts and bring the index up to date; the caller closes the parts.

        Args:
            encoder: Texts -> vectors.
            profiles: The people.
            vectors: The index over their skills.
            scoring: The formula; by default with the relevance curve of the encoder.
            expose_email: Whether results carry other people's e-mail.

        Raises:
            EncoderMismatchError: The store was filled with another encoder.
        """
        self.profiles = profiles
        self.vectors = vectors
        self.scoring = scoring or Scoring(relevance=encoder.relevance)
        self._cached = CachingEncoder(encoder, profiles if isinstance(profiles, SkillVectors) else None)
        self._index = Follower(profiles, vectors, self._cached)
        self._finder = Finder(vectors, self._index, self._cached, self.scoring, expose_email=expose_email)
        self._opened: tuple[ProfileStore | VectorStore, ...] = ()
        self._is_closed = False
        self._index.start()

    @classmethod
    def open(
        cls,
        db: str | Path | ProfileStore = DEFAULT_DB,
        *,
        encoder: str | Encoder = DEFAULT_ENCODER,
        vectors: str | VectorStore = DEFAULT_VECTORS,
        vectors_options: Mapping[str, object] | None = None,
        scoring: Scoring | None = None,
        expose_email: bool = False,
    ) -> Self:
        """Open a matcher by names, as in the settings, or objects.

        Args:
            db: The path of an SQLite file, made if it is not there; `memory:`; or another profile store's name.
            encoder: `sentence-transformers:` (MiniLM), `sentence-transformers:FOLDER`, or `hashing:` for tests.
            vectors: `exact:`, the index in memory, or `qdrant:URL`.
            vectors_options: What is not part of such a name: `{"api_key": …}`.
            scoring: See `Matcher`.
            expose_email: See `Matcher`.

        Returns:
            A matcher that closes what was opened here, with its `close` or at the end of a `with` block.
        """
        opened: list[ProfileStore | VectorStore] = []
        try:
            engine = registry.open_encoder(encoder) if isinstance(encoder, str) else encoder
            if isinstance(vectors, str):
                vectors = registry.open_vector_store(vectors, **(vectors_options or {}))
                opened.append(vectors)
            if isinstance(db, str | Path):
                db = registry.open_profile_store(str(db))
                opened.append(db)
            matcher = cls(encoder=engine, profiles=db, vectors=vectors, scoring=scoring, expose_email=expose_email)
        except BaseException:
            for part in opened:
                part.close()
            raise
        matcher._opened = tuple(opened)
        return matcher

    @property
    def encoder(self) -> Encoder:
        """Texts -> vectors; another one in its place must be of the same fingerprint."""
        return self._cached.encoder

    @encoder.setter
    def encoder(self, encoder: Encoder) -> None:
        if encoder.fingerprint != self._cached.encoder.fingerprint:
            message = f"{encoder.fingerprint} cannot take the place of {self._cached.encoder.fingerprint}"
            raise EncoderMismatchError(message)
        self._cached.encoder = encoder

    def put(self, profile: Profile) -> Profile:
        """Store a person, new or in place of what was there, and return them as stored; matches see it at once.

        Raises:
            NotIndexedError: The person is stored but cannot be found yet.
            StoreError: The person is not stored.
        """
        (stored,) = self.profiles.put([profile])
        self._index.put([stored])
        return stored.profile

    def put_many(self, people: Iterable[Row], *, progress: bool | Callable[[int], object] = False) -> PutReport:
        """Store many people; whoever is no valid profile is rejected and the rest goes on.

        People already stored like this cost no write and no embedding, so an interrupted call may be repeated.

        Args:
            people: Profiles or mappings, or the error of one that could not be read; any iterable, stored in batches
                of 1,000.
            progress: True to count on stderr, or a function that is called with the number of people done so far.

        Raises:
            StoreError: The store failed; the batches before are stored.
            Exception: Whatever the iterable raised; everybody before that is stored.
        """
        report = print_count if progress is True else progress or (lambda _: None)
        written = unchanged = done = 0
        rejects: list[Reject] = []
        embedded_before = self._cached.embedded
        for batch in batches(people, BATCH):
            with no_collecting():
                valid, refused = sort_out(batch, first_row=done + 1)
                stored = self.profiles.put(valid)
                distinct = {one.profile.uid: one for one in stored}  # a batch may name somebody twice
                fresh = [one for one in distinct.values() if one.is_written]
                self._index.put(fresh)
            written, unchanged = written + len(fresh), unchanged + len(distinct) - len(fresh)
            rejects += refused
            done += len(batch)
            report(done)
        embedded = self._cached.embedded - embedded_before
        return PutReport(written=written, unchanged=unchanged, embedded=embedded, rejects=tuple(rejects))

    def get(self, uid: str) -> Profile:
        """Return a stored person. Raises ProfileNotFoundError."""
        return self.profiles.get(check_text(uid, "uid")).profile

    def find_by_email(self, email: str) -> Profile:
        """Return the person with this e-mail, whatever its case. Raises ProfileNotFoundError."""
        return self.profiles.find_by_email(check_text(email, "email")).profile

    def update(self, uid: str, changes: Mapping[str, Any]) -> Profile:
        """Change some fields of a stored person and return them as stored.

        Raises:
            ProfileNotFoundError: Nobody has this uid.
            InvalidProfileError: The changed profile is not valid; nothing was written.
            ConflictError: Others kept changing the same person.
        """
        if changes.get("uid", uid) != uid:
            message = f"uid: a uid cannot be changed ({uid!r})"
            raise InvalidProfileError(message, field="uid")
        tries, stored = TRIES, None
        while stored is None:
            before = self.profiles.get(check_text(uid, "uid"))
            profile = Profile.parse(before.profile.model_dump() | dict(changes))
            try:
                (stored,) = self.profiles.put([profile], expected_rev=before.rev)
            except ConflictError:
                tries -= 1
                if not tries:
                    raise
        self._index.put([stored])
        return stored.profile

    def delete(self, uid: str) -> bool:
        """Forget a person in the store and the index; return whether they were there."""
        rev = self.profiles.delete(check_text(uid, "uid"))
        if rev is None:
            return False
        self._index.delete(uid, rev)
        return True

    def people(self) -> Iterator[Profile]:
        """Go through everybody, each once, in the order in which they were last written."""
        seen: set[str] = set()
        cursor, more = None, True
        while more:
            page = self.profiles.changes(cursor, BATCH)
            cursor, more = page.cursor, page.more
            for change in page.items:
                if change.stored is not None and change.uid not in seen:
                    seen.add(change.uid)
                    yield change.stored.profile

    def match(
        self, uid: str, *, limit: int = 10, where: Facets | None = None, exclude: Iterable[str] = ()
    ) -> list[Match]:
        """Return the best two-way matches of a stored person, best first.

        Args:
            uid: Whom to match.
            limit: How many at most, at least 1.
            where: For city, timezone and names of facets the value, or the values of which one must fit.
            exclude: uids never to return.

        Raises:
            ProfileNotFoundError: Nobody has this uid.
        """
        profile = self.get(uid)
        check_limit(limit)
        others = condition(where, {uid, *exclude})
        return self._finder.match(profile.offers, profile.needs, limit=limit, where=others, keep=True)

    def match_text(
        self,
        *,
        offer: str,
        need: str,
        limit: int = 10,
        uid: str | None = None,
        where: Facets | None = None,
        exclude: Iterable[str] = (),
    ) -> list[Match]:
        """Return the best two-way matches of somebody who offers and needs this; nothing of it is stored.

        Args:
            offer: What they offer, in free text.
            need: What they need, in free text.
            limit: How many at most, at least 1.
            uid: Who is asking, if they are stored: never among their own matches.
            where: See `match`.
            exclude: See `match`.

        Raises:
            InvalidQueryError: A text is blank or beyond the limits of `swapmatch.skills`.
        """
        offers, needs = asked_skills(offer, "offer"), asked_skills(need, "need")
        check_limit(limit)
        others = condition(where, exclude if uid is None else {uid, *exclude})
        return self._finder.match(offers, needs, limit=limit, where=others, keep=False)

    def match_all(self, *, limit: int = 10, where: Facets | None = None) -> Iterator[tuple[str, list[Match]]]:
        """Go through everybody with their best matches; whoever is deleted meanwhile is left out."""
        check_limit(limit)
        for profile in self.people():
            others = condition(where, {profile.uid})
            found = self._finder.match(profile.offers, profile.needs, limit=limit, where=others, keep=True)
            yield profile.uid, found

    def search(
        self,
        query: str,
        *,
        mode: Mode = "offers",
        limit: int = 10,
        threshold: float = 0.0,
        where: Facets | None = None,
        exclude: Iterable[str] = (),
    ) -> list[SearchHit]:
        """Return the people whose skills fit a query best, best first.

        Args:
            query: One skill or several, in free text.
            mode: Look at what they offer, what they need, or both and take each person's better side.
            limit: How many at most, at least 1.
            threshold: The lowest score wanted, 0 to 1.
            where: See `match`.
            exclude: See `match`.

        Raises:
            InvalidQueryError: The mode is unknown, a number is out of range, or the query is blank or too long.
        """
        sides = asked_sides(mode)
        check_limit(limit)
        check_threshold(threshold)
        asked, others = asked_skills(query, "query"), condition(where, exclude)
        return self._finder.search(asked, sides, limit=limit, threshold=threshold, where=others)

    def recommend_skills(
        self, current_skills: str, *, limit: int = 5, exclude: Iterable[str] = ()
    ) -> list[Recommendation]:
        """Return skills that people near to these skills also have or want, best first; `exclude` as in `match`.

        Raises:
            InvalidQueryError: The text is blank or too long, or the limit is below 1.
        """
        check_limit(limit)
        asked = asked_skills(current_skills, "current_skills")
        return self._finder.recommend(asked, limit=limit, where=condition(None, exclude))

    def sync(self) -> int:
        """Bring the index up to date with the store and return how many changes were looked at.

        Whatever another process wrote is found from now on.
        """
        return self._index.sync()

    def close(self) -> None:
        """Save the index where it is worth it, and close what `open` opened."""
        if self._is_closed:
            return
        self._is_closed = True
        self._index.close()
        for part in self._opened:
            part.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what `open` opened."""
        self.close()
