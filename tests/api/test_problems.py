from __future__ import annotations

import inspect
import logging
import sys

import pytest
from fastapi import HTTPException

import swapmatch.errors
from swapmatch import Matcher
from swapmatch.api import create_app
from swapmatch.api.problems import kind_of
from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.errors import (
    ConflictError,
    EncoderError,
    MissingExtraError,
    StoreError,
    StoreUnavailableError,
    SwapMatchError,
)
from swapmatch.profile_stores.memory import MemoryProfileStore

PRIVATE = "/srv/private/people.db"
OWN_ERRORS = [
    error for _, error in inspect.getmembers(swapmatch.errors, inspect.isclass) if issubclass(error, SwapMatchError)
]


class BrokenStore(MemoryProfileStore):
    """Fails on `get` with the given error."""

    error: Exception

    def get(self, uid):
        raise self.error


class BreakableEncoder(HashingEncoder):
    """Fails once it is broken."""

    is_broken = False

    def encode(self, texts):
        if self.is_broken:
            raise EncoderError(f"no room for {PRIVATE}")
        return super().encode(texts)


def check_problem(answer, status, name):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"] == f"urn:swapmatch:problem:{name}"
    assert problem["title"]
    assert problem["detail"]
    assert PRIVATE not in answer.text


@pytest.mark.parametrize("error", OWN_ERRORS)
def test_every_error_of_ours_has_an_answer(error):
    kind = kind_of(error)
    assert 400 <= kind.status < 600
    assert kind.title


@pytest.mark.parametrize(
    ("error", "status", "name"),
    [
        (StoreUnavailableError(PRIVATE), 503, "store-unavailable"),
        (StoreError(PRIVATE), 500, "store-failed"),
        (ConflictError(PRIVATE), 409, "conflict"),
        (SwapMatchError(PRIVATE), 500, "internal-error"),
        (RuntimeError(PRIVATE), 500, "internal-error"),
        (KeyError(PRIVATE), 500, "internal-error"),
    ],
)
def test_a_failing_store_is_answered_without_what_it_said(serving, caplog, error, status, name):
    store = BrokenStore()
    store.error = error
    with serving(Matcher.open(store, encoder="hashing:")) as client, caplog.at_level(logging.ERROR, "swapmatch"):
        answer = client.get("/profiles/ana")
        assert client.get("/healthz").status_code == 200
    check_problem(answer, status, name)
    logged = [record for record in caplog.records if record.name.startswith("swapmatch")]
    if status < 500:
        assert not logged
        return
    assert PRIVATE in logged[0].getMessage()
    assert "/profiles/{uid}" in logged[0].getMessage()
    assert "/ana" not in caplog.text
    assert bool(logged[0].exc_info) == (not isinstance(error, SwapMatchError))


def test_a_store_that_does_not_answer_says_when_to_try_again(serving):
    store = BrokenStore()
    store.error = StoreUnavailableError("gone")
    with serving(Matcher.open(store, encoder="hashing:")) as client:
        assert client.get("/profiles/ana").headers["retry-after"] == "5"


def test_a_person_who_could_not_be_indexed_is_stored_and_told_so(serving, ana):
    encoder = BreakableEncoder()
    with Matcher.open("memory:", encoder=encoder) as matcher, serving(matcher) as client:
        client.wait_until_ready()
        encoder.is_broken = True
        answer = client.post("/profiles/upsert", ana)
        check_problem(answer, 503, "not-indexed")
        assert "stored" in answer.json()["detail"]
        assert client.get("/profiles/ana").status_code == 200
        check_problem(client.post("/search", {"query": "guitar"}), 503, "encoder-failed")
        encoder.is_broken = False
        matcher.sync()
        assert client.post("/search", {"query": "Python for beginners"}).json()[0]["uid"] == "ana"


@pytest.mark.parametrize("path", ["/nowhere", "/", "/metrics", "/profiles", "/profiles/a/b/c", "/search/x"])
def test_an_unknown_route_is_404(neighbours, path):
    check_problem(neighbours.get(path), 404, "no-such-route")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/profiles/ana", "DELETE, GET, PATCH"),
        ("GET", "/search", "POST"),
        ("DELETE", "/search/recommend-skills", "POST"),
        ("POST", "/match/ana", "GET"),
        ("PUT", "/profiles/upsert", "DELETE, GET, PATCH, POST"),
        ("POST", "/healthz", "GET"),
        ("TRACE", "/readyz", "GET"),
    ],
)
def test_an_unknown_method_is_405_and_names_the_known_ones(neighbours, method, path, allowed):
    answer = neighbours.request(method, path)
    check_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == allowed


def test_an_error_of_the_framework_that_has_no_sort_of_ours_is_a_problem_too(client):
    async def teapot():
        raise HTTPException(418, "short and stout")

    client.app.add_api_route("/teapot", teapot)
    answer = client.get("/teapot")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {"type": "about:blank", "title": "I'm a Teapot", "status": 418, "detail": "short and stout"}


def test_the_documents_themselves_take_no_other_method(neighbours):
    answer = neighbours.post("/openapi.json")
    check_problem(answer, 405, "method-not-allowed")
    assert "GET" in answer.headers["allow"]


def test_without_fastapi_the_error_names_the_extra_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fastapi", None)
    with (
        Matcher.open("memory:", encoder="hashing:") as matcher,
        pytest.raises(MissingExtraError, match=r"pip install 'swapmatch\[server\]'"),
    ):
        create_app(matcher)
