"""Routes that find people: /search, /match and recommended skills."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from swapmatch.api import examples
from swapmatch.api.answers import (
    MatchAnswer,
    SearchAnswer,
    match_answer,
    recommendation_answer,
    search_answer,
)
from swapmatch.api.bodies import MatchQuery, ReciprocalBody, RecommendBody, SearchBody
from swapmatch.api.documents import BODY_ERRORS, errors
from swapmatch.api.workers import Core
from swapmatch.errors import InvalidQueryError
from swapmatch.fields import Uid
from swapmatch.matcher import Matcher
from swapmatch.models import Recommendation

router = APIRouter(tags=["matching"])


@router.post(
    "/search",
    operation_id="search",
    summary="Find people by meaning",
    response_model=list[SearchAnswer],
    response_description="People, best first",
    responses=errors(*BODY_ERRORS, 503),
)
async def search(body: Annotated[SearchBody, Body(examples=[examples.SEARCH])], core: Core) -> Response:
    """Return the people whose skills fit a query best."""

    def ask(matcher: Matcher) -> Response:
        hits = matcher.search(
            body.query,
            mode=body.mode,
            limit=body.limit,
            threshold=body.score_threshold,
            where=body.where,
            exclude=body.exclude,
        )
        return search_answer(hits)

    return await core.encode(ask)


@router.post(
    "/match/reciprocal",
    operation_id="match_reciprocal",
    summary="Match two texts",
    response_model=list[MatchAnswer],
    response_description="Matches, best first",
    responses=errors(*BODY_ERRORS, 503),
)
async def match_reciprocal(
    body: Annotated[ReciprocalBody, Body(examples=[examples.RECIPROCAL])], core: Core
) -> Response:
    """Return the people who offer what I need and need what I offer."""

    def ask(matcher: Matcher) -> Response:
        matches = matcher.match_text(
            offer=body.my_offer_text,
            need=body.my_need_text,
            limit=body.limit,
            uid=body.my_uid,
            where=body.where,
            exclude=body.exclude,
        )
        return match_answer(matches)

    return await core.encode(ask)


async def _one_limit(request: Request) -> None:
    """Refuse a limit that is given twice, of which FastAPI would take the last."""
    if len(request.query_params.getlist("limit")) > 1:
        message = "limit: give it once"
        raise InvalidQueryError(message, field="limit")


@router.get(
    "/match/{uid}",
    operation_id="match_profile",
    summary="Match a stored person",
    response_model=list[MatchAnswer],
    response_description="Matches, best first",
    responses=errors(404, 422, 503),
    dependencies=[Depends(_one_limit)],
)
async def match_profile(
    uid: Annotated[Uid, Path(description="Whom to match")], query: Annotated[MatchQuery, Query()], core: Core
) -> Response:
    """Return the best two-way matches of a stored person."""

    def ask(matcher: Matcher) -> Response:
        return match_answer(matcher.match(uid, limit=query.limit, where=query.conditions(), exclude=query.exclude))

    return await core.match(ask)


@router.post(
    "/search/recommend-skills",
    operation_id="recommend_skills",
    summary="Recommend skills",
    response_model=list[Recommendation],
    response_description="Skills, best first",
    responses=errors(*BODY_ERRORS, 503),
)
async def recommend_skills(body: Annotated[RecommendBody, Body(examples=[examples.RECOMMEND])], core: Core) -> Response:
    """Return skills that people near to these skills also have or want."""
    return await core.encode(
        lambda matcher: recommendation_answer(matcher.recommend_skills(body.current_skills, limit=body.limit))
    )
