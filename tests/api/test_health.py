from __future__ import annotations

import threading
import time

import pytest

from swapmatch import Matcher
from swapmatch.api import workers
from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.errors import EncoderError, StoreUnavailableError
from swapmatch.profile_stores.memory import MemoryProfileStore
from swapmatch.vector_stores.exact import ExactVectorStore

SECRET = "tell-nobody"


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


class FailingStore(MemoryProfileStore):
    """Fails for as long as it is told to, with words of a person in its message."""

    is_failing = False
    failures = 0

    def changes(self, since, limit=1000):
        if self.is_failing:
            self.failures += 1
            raise StoreUnavailableError(SECRET)
        return super().changes(since, limit)


class SlowStore(MemoryProfileStore):
    """Reads changes only while its gate is open."""

    def __init__(self):
        super().__init__()
        self.gate, self.is_waiting = threading.Event(), threading.Event()
        self.gate.set()

    def changes(self, since, limit=1000):
        if not self.gate.is_set():
            self.is_waiting.set()
            assert self.gate.wait(20), "the gate was never opened"
        return super().changes(since, limit)


def wait_until(is_so):
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline, "not so after 10 s"
        time.sleep(0.005)


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


def test_what_another_process_writes_is_found_without_a_restart(serving, ana, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "FOLLOW_EVERY_S", 0.01)
    path = tmp_path / "people.db"
    with (
        Matcher.open(path, encoder="hashing:") as matcher,
        Matcher.open(path, encoder="hashing:") as other,
        serving(matcher) as client,
    ):

        def found():
            return [hit["uid"] for hit in client.post("/search", {"query": "Python for beginners"}).json()]

        assert found() == []
        other.put_many([ana])
        wait_until(lambda: found() == ["ana"])
        other.delete("ana")
        wait_until(lambda: len(matcher.vectors) == 0)


def test_a_store_that_fails_is_told_once_and_followed_again_when_it_is_back(serving, ana, monkeypatch, caplog):
    monkeypatch.setattr(workers, "FOLLOW_EVERY_S", 0.001)
    profiles = FailingStore()
    with (
        Matcher.open(profiles, encoder="hashing:") as matcher,
        Matcher.open(profiles, encoder="hashing:") as other,
        serving(matcher),
    ):
        for streak in (1, 2):
            profiles.failures, profiles.is_failing = 0, True
            wait_until(lambda: profiles.failures >= 5)
            profiles.is_failing = False
            other.put_many([ana | {"uid": f"ana{streak}"}])
            wait_until(lambda streak=streak: len(matcher.vectors) == streak)
    told = [record.getMessage() for record in caplog.records if "cannot be followed" in record.getMessage()]
    assert told == ["the changes cannot be followed: StoreUnavailableError; trying on"] * 2
    assert SECRET not in caplog.text


def test_the_server_stops_while_it_reads_many_changes(serving, monkeypatch):
    monkeypatch.setattr(workers, "FOLLOW_EVERY_S", 0.001)
    profiles = SlowStore()
    try:
        with Matcher.open(profiles, encoder="hashing:") as matcher:
            profiles.gate.clear()
            with serving(matcher) as client:
                assert profiles.is_waiting.wait(10)
                assert client.get("/healthz").status_code == 200
    finally:
        profiles.gate.set()


def test_a_database_that_was_deleted_makes_the_server_not_ready_and_refuses_writes(serving, ana, tmp_path):
    path = tmp_path / "people.db"
    with Matcher.open(path, encoder="hashing:") as matcher, serving(matcher) as client:
        client.wait_until_ready()
        path.unlink()
        assert client.get("/readyz").json()["components"]["profiles"] == "failed"
        assert client.post("/profiles/upsert", ana).status_code == 503


def test_the_matcher_is_still_open_when_the_server_has_stopped(serving, ana):
    with Matcher.open("memory:", encoder="hashing:") as matcher:
        with serving(matcher) as client:
            client.post("/profiles/upsert", ana)
        assert matcher.get("ana").display_name == "Ana"


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
def test_the_documentation_is_served(neighbours, path):
    assert neighbours.get(path).status_code == 200
