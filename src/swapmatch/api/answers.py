"""What comes back: people as their owner sees them, and as others do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter
from starlette.responses import Response

from swapmatch.models import Match, Pairing, Profile, Recommendation, SearchHit, Side

Score = Annotated[float, Field(ge=0.0, le=1.0)]


class StoredProfile(Profile):
    """A person as stored."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    created_at: AwareDatetime
    updated_at: AwareDatetime


class FoundProfile(Profile):
    """A person as others see them: e-mail and both timestamps are null, the city if they do not show it."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    score: Score = Field(description="How well they fit")


class SearchAnswer(FoundProfile):
    """Somebody found by the meaning of their skills."""

    side: Side = Field(description="Where it was found")
    skills: tuple[str, ...] = Field(description="For each skill asked about their nearest one, as they wrote it")

    @classmethod
    def of(cls, hit: SearchHit) -> SearchAnswer:
        """Return what to answer; nothing is validated, the hit is valid already."""
        return cls.model_construct(**dict(hit.profile), score=hit.score, side=hit.side, skills=hit.skills)


class MatchAnswer(FoundProfile):
    """Somebody with whom a swap works both ways."""

    reciprocal_score: Score = Field(description="The same as score")
    offer_match_score: Score = Field(description="How well they offer what I need")
    need_match_score: Score = Field(description="How well I offer what they need")
    explanation: str = Field(description="Why, in a sentence")
    pairings: tuple[Pairing, ...] = Field(description="Which offer meets which need, most relevant first")
    exact: bool = Field(description="Whether nobody outside the list can score higher")

    @classmethod
    def of(cls, match: Match) -> MatchAnswer:
        """Return what to answer; nothing is validated, the match is valid already."""
        return cls.model_construct(
            **dict(match.profile),
            score=match.score,
            reciprocal_score=match.score,
            offer_match_score=match.receives,
            need_match_score=match.gives,
            explanation=match.explanation,
            pairings=match.pairings,
            exact=match.exact,
        )


_SEARCH = TypeAdapter(list[SearchAnswer])
_MATCHES = TypeAdapter(list[MatchAnswer])
_RECOMMENDATIONS = TypeAdapter(list[Recommendation])


# Written out here, in the thread of the caller, so that the event loop neither validates nor serialises.
def profile_answer(profile: Profile) -> Response:
    """Return a stored person as an answer."""
    return _json(profile.model_dump_json().encode())


def search_answer(hits: Iterable[SearchHit]) -> Response:
    """Return the people found as an answer."""
    return _json(_SEARCH.dump_json([SearchAnswer.of(hit) for hit in hits]))


def match_answer(matches: Iterable[Match]) -> Response:
    """Return matches as an answer."""
    return _json(_MATCHES.dump_json([MatchAnswer.of(match) for match in matches]))


def recommendation_answer(recommendations: Iterable[Recommendation]) -> Response:
    """Return recommended skills as an answer."""
    return _json(_RECOMMENDATIONS.dump_json(list(recommendations)))


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json")
