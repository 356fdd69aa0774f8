"""Finder: a checked question -> people from the index, with their profiles, scores and reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from swapmatch import skills
from swapmatch.explanation import pairings, sentence
from swapmatch.models import Match, SearchHit
from swapmatch.ports import Seeker, SeekerSide, Where
from swapmatch.recommendations import NEAR, NEAREST, recommend
from swapmatch.scoring import DECIMALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from swapmatch.encoders.caching import CachingEncoder
    from swapmatch.following import Follower
    from swapmatch.models import Profile, Recommendation, Side
    from swapmatch.ports import Candidate, Hit, VectorStore
    from swapmatch.scoring import Scoring


@dataclass(frozen=True, slots=True)
class _Scored:
    """A candidate with what the formula says of them; relevances in the shapes of the candidate's cosines."""

    candidate: Candidate
    profile: Profile
    score: float
    receives: float
    gives: float
    coverage: float
    received: NDArray[np.float64]
    given: NDArray[np.float64]


class Finder:
    """Asks the index, reads the people it found, and lets the formula rank and explain them."""

    def __init__(
        self,
        vectors: VectorStore,
        follower: Follower,
        encoder: CachingEncoder,
        scoring: Scoring,
        *,
        expose_email: bool,
    ) -> None:
        """Compose it of the parts of a matcher."""
        self._vectors = vectors
        self._follower = follower
        self._encoder = encoder
        self._scoring = scoring
        self._expose_email = expose_email

    def match(
        self, offers: Sequence[str], needs: Sequence[str], *, limit: int, where: Where, keep: bool
    ) -> list[Match]:
        """Return the best two-way matches of somebody with these skills.

        Args:
            offers: Skills as the seeker wrote them.
            needs: Likewise.
            limit: How many at most.
            where: Who may be returned.
            keep: Whether the seeker is stored, so that their vectors are worth keeping.
        """
        seeker = Seeker(offers=self._side(offers, keep=keep), needs=self._side(needs, keep=keep))
        bound = 0.0

        def ask() -> Sequence[Candidate]:
            nonlocal bound
            found = self._vectors.candidates(seeker, self._scoring, limit=limit, where=where)
            bound = found.bound
            return found.items

        ranked = self._scored(self._follower.read(ask))
        ranked.sort(key=lambda one: (-one.score, -one.coverage, one.candidate.uid))
        return [self._match(one, offers, needs, bound) for one in ranked[:limit] if one.score > 0]

    def search(
        self, asked: Sequence[str], sides: Sequence[Side], *, limit: int, threshold: float, where: Where
    ) -> list[SearchHit]:
        """Return the people whose skills on these sides fit the asked ones best."""
        query = self._side(asked, keep=False)
        found = self._follower.read(lambda: self._hits(query, sides, limit, where))
        return [self._search_hit(hit, profile) for hit, profile in found if hit.score >= threshold]

    def recommend(self, asked: Sequence[str], *, limit: int, where: Where) -> list[Recommendation]:
        """Return skills that the people nearest to the asked ones also have or want."""
        query = self._side(asked, keep=False)
        weights: dict[str, float] = {}

        def ask() -> list[Hit]:
            nonlocal weights
            hits, weights = self._nearest(query, where)
            return hits

        near = [(profile, weights[hit.uid]) for hit, profile in self._follower.read(ask)]
        keys = {key for profile, _ in near for key in (*profile.offers_by_key, *profile.needs_by_key)}
        vectors = self._encoder.vectors(keys, keep=True)
        return recommend(near, query.vectors, vectors, self._scoring.relevance, limit=limit)

    def _nearest(self, query: SeekerSide, where: Where) -> tuple[list[Hit], dict[str, float]]:
        """Return the people nearest to any of these skills, nearest first, and how near each of them is.

        Somebody with one of many skills is near, too: the weight is that of a direction, over the skills asked about.
        """
        hits: dict[str, Hit] = {}
        relevances: dict[str, NDArray[np.float64]] = {}
        for row in range(len(query.keys)):
            one = SeekerSide(query.keys[row : row + 1], query.vectors[row : row + 1])
            for hit in self._hits(one, ("offers", "needs"), NEAREST, where):
                hits[hit.uid] = hit
                each = relevances.setdefault(hit.uid, np.zeros(len(query.keys)))
                each[row] = self._scoring.relevance(np.array(hit.score))
        weights = {uid: float(self._scoring.blend(each.mean(), each.max())) for uid, each in relevances.items()}
        near = [uid for uid, weight in weights.items() if weight >= NEAR]
        near.sort(key=lambda uid: (-weights[uid], uid))
        return [hits[uid] for uid in near[:NEAREST]], weights

    def _side(self, texts: Sequence[str], *, keep: bool) -> SeekerSide:
        keys = tuple(map(skills.key, texts))
        vectors = self._encoder.vectors(keys, keep=keep)
        rows = [vectors[key] for key in keys]
        return SeekerSide(keys, np.stack(rows) if rows else np.zeros((0, self._encoder.dimension), np.float32))

    def _hits(self, query: SeekerSide, sides: Sequence[Side], limit: int, where: Where) -> list[Hit]:
        """Search several sides and keep each person's better one."""
        best: dict[str, Hit] = {}
        for side in sides:
            for hit in self._vectors.search(query.vectors, side, limit=limit, where=where):
                if hit.uid not in best or hit.score > best[hit.uid].score:
                    best[hit.uid] = hit
        return sorted(best.values(), key=lambda hit: (-hit.score, hit.uid))[:limit]

    def _scored(self, found: Sequence[tuple[Candidate, Profile]]) -> list[_Scored]:
        pairs = [(one, profile) for one, profile in found if one.receives.size and one.gives.size]
        receives = self._scoring.directions([one.receives for one, _ in pairs])
        gives = self._scoring.directions([one.gives for one, _ in pairs])
        return list(
            map(
                _Scored,
                (one for one, _ in pairs),
                (profile for _, profile in pairs),
                self._scoring.fuse(receives.scores, gives.scores).tolist(),
                np.round(receives.scores, DECIMALS).tolist(),
                np.round(gives.scores, DECIMALS).tolist(),
                np.round(receives.coverages + gives.coverages, DECIMALS).tolist(),
                receives.relevances,
                gives.relevances,
            )
        )

    def _match(self, one: _Scored, offers: Sequence[str], needs: Sequence[str], bound: float) -> Match:
        profile = one.profile
        found = (
            *pairings("receives", needs, profile.offers, one.candidate.receives, one.received),
            *pairings("gives", profile.needs, offers, one.candidate.gives, one.given),
        )
        return Match(
            profile=profile.public(expose_email=self._expose_email),
            score=one.score,
            receives=one.receives,
            gives=one.gives,
            pairings=found,
            explanation=sentence(profile.display_name, found),
            exact=one.score >= bound,
        )

    def _search_hit(self, hit: Hit, profile: Profile) -> SearchHit:
        theirs = profile.offers if hit.side == "offers" else profile.needs
        return SearchHit(
            profile=profile.public(expose_email=self._expose_email),
            score=hit.score,
            side=hit.side,
            skills=tuple(dict.fromkeys(theirs[skill] for skill in hit.skills)),
        )
