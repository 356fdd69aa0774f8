"""The REST server: a thin adapter over Matcher.

from swapmatch import Matcher
from swapmatch.api import create_app

app = create_app(Matcher.open("community.db"))

app          the application: routes, errors, documents
profiles     people in and out                 matching    search, matches, recommended skills
health       alive? ready?                     workers     the threads in which the matcher runs
bodies       what may be sent                  answers     what comes back
problems     every error -> its answer         body_limit  how large and how strict a body may be
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from swapmatch._extras import require

if TYPE_CHECKING:
    from fastapi import FastAPI

    from swapmatch.matcher import Matcher

__all__ = ["create_app"]


def create_app(matcher: Matcher) -> FastAPI:
    """Return the ASGI application over a matcher; the caller closes the matcher once the server has stopped.

    The application warms the encoder up when its lifespan begins. A server does that; whoever mounts it in another
    application enters `app.router.lifespan_context(app)` in the lifespan of that one.

    Raises:
        MissingExtraError: FastAPI is not installed.
    """
    require("fastapi", adapter="the REST server", extra="server")
    from swapmatch.api.app import build

    return build(matcher)
