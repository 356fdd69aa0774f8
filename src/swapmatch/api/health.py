"""Routes for whoever runs the server: is it alive, is it ready?"""

from __future__ import annotations

import logging
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import JSONResponse

from swapmatch.api.examples import NOT_READY
from swapmatch.api.workers import Core
from swapmatch.errors import SwapMatchError
from swapmatch.matcher import Matcher

Component = Literal["ready", "cold", "failed"]

logger = logging.getLogger(__name__)
router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process is alive."""

    ok: Literal[True] = True
    status: Literal["healthy"] = "healthy"


class Components(BaseModel):
    """What the server consists of."""

    encoder: Component
    profiles: Component
    vectors: Component


class Readiness(BaseModel):
    """Whether requests would be answered, and by what not."""

    status: Literal["ready", "not ready"]
    components: Components


@router.get(
    "/healthz",
    operation_id="check_health",
    summary="Alive?",
    response_description="The process is alive",
)
async def check_health() -> Health:
    """Answer, and touch nothing: neither the stores nor the encoder."""
    return Health()


@router.get(
    "/readyz",
    operation_id="check_readiness",
    summary="Ready?",
    response_model=Readiness,
    response_description="The encoder is warm and the stores answer",
    responses={
        503: {
            "model": Readiness,
            "description": "Something is not ready",
            "content": {"application/json": {"example": NOT_READY}},
        },
    },
)
async def check_readiness(core: Core) -> JSONResponse:
    """Tell whether the encoder is warm and the stores answer."""
    profiles, vectors = await core.read(_stores)
    components = Components(encoder=core.encoder, profiles=profiles, vectors=vectors)
    is_ready = set(components.model_dump().values()) == {"ready"}
    readiness = Readiness(status="ready" if is_ready else "not ready", components=components)
    return JSONResponse(readiness.model_dump(), status_code=200 if is_ready else 503)


def _stores(matcher: Matcher) -> tuple[Component, Component]:
    """Ask each store for next to nothing."""
    profiles: Component = "ready"
    vectors: Component = "ready"
    try:
        matcher.profiles.changes(None, 1)
    except SwapMatchError as error:
        logger.warning("the profile store is not ready: %s", error)
        profiles = "failed"
    try:
        len(matcher.vectors)
    except SwapMatchError as error:
        logger.warning("the vector store is not ready: %s", error)
        vectors = "failed"
    return profiles, vectors
