"""The application: routes, errors and documentation over one matcher."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from swapmatch import __version__
from swapmatch.api import health, matching, profiles
from swapmatch.api.body_limit import BodyLimit
from swapmatch.api.documents import DESCRIPTION, TAGS, TITLE, DocumentedAPI
from swapmatch.api.problems import answer
from swapmatch.api.workers import Workers
from swapmatch.errors import SwapMatchError
from swapmatch.matcher import Matcher

_ERRORS = (SwapMatchError, HTTPException, RequestValidationError, Exception)


def build(matcher: Matcher) -> FastAPI:
    """Return the application over a matcher: see `swapmatch.api.create_app`."""
    app = DocumentedAPI(
        title=TITLE,
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=_lifespan,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        exception_handlers={**dict.fromkeys(_ERRORS, answer), 405: _wrong_method},
    )
    app.state.workers = Workers(matcher)
    app.add_middleware(BodyLimit)
    for routes in (profiles, matching, health):
        app.include_router(routes.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with app.state.workers.running():
        yield


async def _wrong_method(request: Request, error: Exception) -> Response:
    """Allow all methods of a path: the router knows only those of the first route that fits."""
    headers = getattr(error, "headers", None)
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    if allowed := request.app.methods_at(path):
        headers = {"Allow": ", ".join(allowed)}
    return await answer(request, HTTPException(405, headers=headers))
