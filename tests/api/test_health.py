from __future__ import annotations

import pytest

from swapmatch import Matcher
from swapmatch.api import workers
from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.errors import EncoderError, StoreUnavailableError
from swapmatch.vector_stores.exact import ExactVectorStore


class LateEncoder(HashingEncoder):
    """Fails the first time."""

    tries = 0

    def encode(self, texts):
        self.tries += 1
        if self.tries == 1:
            raise EncoderError("not yet")
        return super().encode(texts)


class UnreachableIndex(ExactVectorStore):
    """Does not answer."""

    def __len__(self):
        raise StoreUnavailableError("no route to it")


def test_health_touches_nothing_not_even_a_closed_store(serving):
    matcher = Matcher.open("memory:", encoder="hashing:")
    matcher.close()
    with serving(matcher) as client:
        answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"ok": True, "status": "healthy"}


def test_ready_names_each_component(neighbours):
    neighbours.wait_until_ready()
    assert neighbours.get("/readyz").json() == {
        "status": "ready",
        "components": {"encoder": "ready", "profiles": "ready", "vectors": "ready"},
    }


def test_a_store_that_fails_makes_the_server_not_ready(serving):
    matcher = Matcher.open("memory:", encoder="hashing:")
    with serving(matcher) as client:
        client.wait_until_ready()
        matcher.profiles.close()
        answer = client.get("/readyz")
    matcher.close()
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert answer.json()["components"]["profiles"] == "failed"
    assert answer.json()["components"]["encoder"] == "ready"


def test_an_index_that_fails_makes_the_server_not_ready(serving):
    with Matcher.open("memory:", encoder="hashing:", vectors=UnreachableIndex()) as matcher, serving(matcher) as client:
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["components"]["vectors"] == "failed"


def test_a_warm_up_that_fails_is_told_and_tried_again(serving, monkeypatch, caplog):
    monkeypatch.setattr(workers, "RETRY_S", 0.05)
    with Matcher.open("memory:", encoder=LateEncoder()) as matcher, serving(matcher) as client:
        client.wait_until_ready()
    assert "could not be warmed up" in caplog.text


def test_the_matcher_is_still_open_when_the_server_has_stopped(serving, ana):
    with Matcher.open("memory:", encoder="hashing:") as matcher:
        with serving(matcher) as client:
            client.post("/profiles/upsert", ana)
        assert matcher.get("ana").display_name == "Ana"


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
def test_the_documentation_is_served(neighbours, path):
    assert neighbours.get(path).status_code == 200
