"""The application in this process, called from plain functions: no server, no sockets."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from functools import partial

import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from swapmatch import Matcher
from swapmatch.api import create_app
from swapmatch.demo import community

ANA = {
    "uid": "ana",
    "email": "ana@example.org",
    "display_name": "Ana",
    "skills_to_offer": "Python for beginners",
    "services_needed": "guitar lessons",
    "city": "Lisbon",
}
BEN = {
    "uid": "ben",
    "email": "ben@example.org",
    "display_name": "Ben",
    "skills_to_offer": "guitar lessons",
    "services_needed": "Python for beginners",
    "city": "Toronto",
}


class Client:
    """Sends requests to an application, one after another or, with `run`, as a coroutine wants them."""

    def __init__(self, app, portal, http):
        self.app = app
        self.portal = portal
        self.http = http

    def request(self, method, path, **options):
        return self.portal.call(partial(self.http.request, method, path, **options))

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.request("POST", path, **_as_json(body), **options)

    def patch(self, path, body):
        return self.request("PATCH", path, **_as_json(body))

    def delete(self, path):
        return self.request("DELETE", path)

    def run(self, function, *arguments):
        return self.portal.call(function, *arguments)

    def is_ready(self):
        return self.get("/readyz").status_code == 200

    def wait_until_ready(self):
        deadline = time.monotonic() + 10
        while not self.is_ready():
            assert time.monotonic() < deadline, "not ready after 10 s"
            time.sleep(0.01)


def _as_json(body):
    """Write the JSON here: httpx could not send halves of surrogate pairs, NaN and the like."""
    if body is None:
        return {}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return {"content": content, "headers": {"content-type": "application/json"}}


@contextmanager
def _serving(matcher):
    app = create_app(matcher)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    http = httpx.AsyncClient(transport=transport, base_url="http://swapmatch.test")
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        yield Client(app, portal, http)


@pytest.fixture(scope="session")
def serving():
    """A context manager that serves a matcher and gives a client."""
    return _serving


@pytest.fixture(scope="session")
def neighbours():
    """The demo community, served; only for tests that change nothing."""
    with Matcher.open("memory:", encoder="hashing:") as matcher:
        matcher.put_many(community())
        with _serving(matcher) as client:
            yield client


@pytest.fixture
def client():
    """Ana and Ben, who are each other's match, served for one test."""
    with Matcher.open("memory:", encoder="hashing:") as matcher:
        matcher.put_many([ANA, BEN])
        with _serving(matcher) as client:
            yield client


@pytest.fixture
def ana():
    """What Ana sent."""
    return dict(ANA)
