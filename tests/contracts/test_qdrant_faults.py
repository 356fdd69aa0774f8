"""What the Qdrant index does while its server does not do what it should."""

from __future__ import annotations

import logging
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swapmatch import Matcher, Profile
from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.errors import (
    ConfigurationError,
    EncoderMismatchError,
    NotIndexedError,
    StoreError,
    StoreUnavailableError,
)
from swapmatch.ports import Where
from swapmatch.powers import OneEncoder
from swapmatch.profile_stores.memory import MemoryProfileStore
from swapmatch.registry import open_vector_store
from swapmatch.scoring import Scoring
from swapmatch.settings import load_settings
from swapmatch.testing.communities import entry, make_community

pytest.importorskip("qdrant_client", reason="qdrant-client is not installed: pip install 'swapmatch[qdrant]'")
from swapmatch.vector_stores.qdrant import breaker, points
from swapmatch.vector_stores.qdrant import store as module
from swapmatch.vector_stores.qdrant.breaker import Breaker
from swapmatch.wiring import build_matcher

COMMUNITY = make_community(50)
SEEKER = COMMUNITY.seeker(offers=["skill 1"], needs=["skill 0"])
ANYONE = Where()
ANA = entry("ana", rev=2, offers=["skill 0"], needs=["skill 1"])
BO = entry("bo", rev=3, offers=["skill 5"], needs=["skill 1"])
GARBAGE = ["<html>", "", "null", '{"result": null}', '"text"', "[1]", "{}", '{"result": {"points": 1}}']
CALLS = {
    "put": lambda store: store.put([BO], COMMUNITY.vectors),
    "change": lambda store: store.put([entry("ana", rev=9, offers=["skill 5"])], COMMUNITY.vectors),
    "delete": lambda store: store.delete({"ana": 9}),
    "search": lambda store: store.search(SEEKER.needs.vectors, "offers", limit=5, where=ANYONE),
    "candidates": lambda store: store.candidates(SEEKER, Scoring(), limit=5, where=ANYONE),
    "len": len,
}


@pytest.fixture
def again(qdrant_stub, monkeypatch):
    """Return a function that opens the index, as a process does that starts."""
    monkeypatch.setattr("swapmatch.vector_stores.qdrant.connection.WAIT_S", 0.01)
    monkeypatch.setattr("swapmatch.vector_stores.qdrant.connection.JITTER_S", 0.0)
    stores = []

    def opened(options="?timeout=1", **named):
        stores.append(open_vector_store(f"qdrant:{qdrant_stub.url}{options}", **named))
        stores[-1].expect_encoder("topics/1", dimension=32)
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


@pytest.fixture
def store(again):
    store = again()
    store.put([ANA], COMMUNITY.vectors)
    return store


def everybody(store):
    return {one.uid for one in store.candidates(SEEKER, Scoring(), limit=10, where=ANYONE).items}


def test_it_says_which_encoder_it_holds(store):
    assert isinstance(store, OneEncoder)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("fault", [408, 429, 502, 503, 504, "cut"])
def test_a_call_without_an_answer_is_made_again(qdrant_stub, store, name, fault):
    with qdrant_stub.failing(fault, times=2):
        CALLS[name](store)
    assert qdrant_stub.faulty == 0
    assert everybody(store) == {"put": {"ana", "bo"}, "delete": set(), "change": set()}.get(name, {"ana"})


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("fault", [429, 503, "cut"])
def test_a_server_that_keeps_failing_is_unavailable(qdrant_stub, store, name, fault):
    headers = {"Retry-After": "1"} if fault == 429 else {}
    with qdrant_stub.failing(fault, headers=headers), pytest.raises(StoreUnavailableError, match="could not") as caught:
        CALLS[name](store)
    assert caught.value.__cause__ is not None
    CALLS[name](store)


def test_an_odd_retry_after_is_no_reason_to_fail_otherwise(qdrant_stub, store):
    headers = {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}
    with qdrant_stub.failing(429, headers=headers), pytest.raises(StoreUnavailableError):
        len(store)


@pytest.mark.parametrize("name", CALLS)
def test_a_server_that_is_down_is_unavailable_until_it_is_up(qdrant_stub, store, name):
    qdrant_stub.stop()
    with pytest.raises(StoreUnavailableError):
        CALLS[name](store)
    qdrant_stub.start()
    CALLS[name](store)


def test_a_server_beyond_the_deadline_is_unavailable(qdrant_stub, store):
    started = time.monotonic()
    with qdrant_stub.failing("slow"), pytest.raises(StoreUnavailableError):
        len(store)
    assert time.monotonic() - started < qdrant_stub.slow_s
    assert len(store) == 1


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("fault", [400, 404, 409, 422, 500, 507, *GARBAGE])
@pytest.mark.parametrize("is_first", [True, False], ids=["at the first use", "later"])
def test_any_other_failure_is_a_store_error_and_not_tried_again(request, name, fault, is_first):
    qdrant_stub, again, store = map(request.getfixturevalue, ("qdrant_stub", "again", "store"))
    used = again() if is_first else store
    before = len(qdrant_stub.requests)
    with qdrant_stub.failing(fault), pytest.raises((StoreError, ConfigurationError)) as caught:
        CALLS[name](used)
    assert not isinstance(caught.value, StoreUnavailableError)
    assert len(qdrant_stub.requests) == before + 1
    CALLS[name](used)


@pytest.mark.parametrize("name", ["search", "candidates"])
def test_fewer_answers_than_questions_are_a_store_error(qdrant_stub, store, name):
    CALLS[name](store)
    with qdrant_stub.failing('{"result": []}'), pytest.raises(StoreError, match="0 answers to "):
        CALLS[name](store)


def test_an_answer_that_cannot_be_read_is_not_repeated_in_the_message(qdrant_stub, store):
    with (
        qdrant_stub.failing('{"result": {"count": "private"}}'),
        pytest.raises(StoreError, match="is not of") as caught,
    ):
        len(store)
    assert "private" not in str(caught.value)


@pytest.mark.parametrize("fault", [500, 503, "cut", "null"])
def test_a_write_that_broke_off_is_mended_by_the_same_write(qdrant_stub, store, fault):
    """Whatever request it broke off at."""
    for number in range(12):
        left = [number]

        def fails(method, path, body, answer=qdrant_stub.answer, left=left):
            left[0] -= 1
            if left[0] < 0:
                qdrant_stub.fault, qdrant_stub.faulty = fault, 10**6
            return answer(method, path, body)

        qdrant_stub.answer, before = fails, qdrant_stub.answer
        person = entry("cy", rev=10 + number, offers=[f"skill {5 * (number % 4)}"], needs=["skill 1"])
        try:
            store.put([person], COMMUNITY.vectors)
        except StoreError:
            pass
        finally:
            qdrant_stub.answer, qdrant_stub.faulty = before, 0
        store.put([person], COMMUNITY.vectors)
        seeker = COMMUNITY.seeker(offers=["skill 1"], needs=person.offers)
        best = store.candidates(seeker, Scoring(), limit=10, where=ANYONE).items
        assert ("cy", 10 + number) in {(one.uid, one.rev) for one in best if one.receives.max() > 0.99}


def test_a_wrong_key_is_a_matter_of_configuration(qdrant_stub, again, caplog):
    qdrant_stub.api_key = "right"
    with pytest.raises(ConfigurationError, match="Invalid API key") as caught:
        again(api_key="wrong").put([ANA], COMMUNITY.vectors)
    assert "wrong" not in str(caught.value)
    with pytest.raises(ConfigurationError):
        len(again())
    store = again(api_key="right")
    store.put([ANA], COMMUNITY.vectors)
    assert len(store) == 1
    with qdrant_stub.failing(403), pytest.raises(ConfigurationError):
        len(store)
    assert "insecure connection" in caplog.text
    assert "wrong" not in caplog.text


def test_a_server_that_is_too_old_is_refused(qdrant_stub, again):
    qdrant_stub.version = "1.15.5"
    with pytest.raises(ConfigurationError, match=r"1\.15\.5.*1\.16 or later"):
        again().put([ANA], COMMUNITY.vectors)
    qdrant_stub.version = "2.0.0-dev"
    again().put([ANA], COMMUNITY.vectors)


def test_vectors_of_another_length_or_encoder_never_meet(again, store):
    other = again()
    other.expect_encoder("long/1", dimension=384)
    with pytest.raises(EncoderMismatchError, match=r"32.*384"):
        len(other)
    other.expect_encoder("other/1", dimension=32)
    with pytest.raises(EncoderMismatchError, match=r"topics/1.*other/1"):
        other.put([ANA], COMMUNITY.vectors)
    other.expect_encoder("topics/1", dimension=32)
    assert len(other) == 1


def test_a_collection_of_somebody_else_is_left_alone(qdrant_stub, again):
    from qdrant_client import models

    plain = models.VectorParams(size=32, distance=models.Distance.COSINE)
    qdrant_stub.local.create_collection("swapmatch_people", vectors_config=plain)
    with pytest.raises(ConfigurationError, match="another prefix"):
        again().put([ANA], COMMUNITY.vectors)
    store = again("?prefix=mine")
    store.put([ANA], COMMUNITY.vectors)
    assert len(store) == 1


def test_two_processes_that_start_at_once_make_the_collections_once(qdrant_stub, again, monkeypatch):
    first, second = again(), again()
    exists = first._collections._exists

    def late(name):
        is_there = exists(name)
        second.put([BO], COMMUNITY.vectors)
        return is_there

    monkeypatch.setattr(first._collections, "_exists", late)
    first.put([ANA], COMMUNITY.vectors)
    assert everybody(first) == everybody(second) == {"ana", "bo"}


def test_an_index_that_knows_no_length_of_vectors_says_so(qdrant_stub):
    store = open_vector_store(f"qdrant:{qdrant_stub.url}")
    with pytest.raises(StoreError, match="expect_encoder"):
        store.delete({"ana": 1})
    store.put([ANA], COMMUNITY.vectors)
    store.delete({"ana": 5})
    assert len(store) == 0
    store.close()


def test_a_closed_index_asks_nothing(qdrant_stub, store):
    store.close()
    before = len(qdrant_stub.requests)
    for call in CALLS.values():
        with pytest.raises(StoreError, match="closed"):
            call(store)
    assert len(qdrant_stub.requests) == before


def test_a_client_that_was_given_is_left_open(qdrant_stub):
    from qdrant_client import QdrantClient

    client = QdrantClient(url=qdrant_stub.url, check_compatibility=False)
    store = module.QdrantVectorStore(client)
    store.put([ANA], COMMUNITY.vectors)
    store.close()
    assert client.count("swapmatch_people").count == 1
    client.close()


def test_after_many_failures_nothing_is_asked_for_a_while(qdrant_stub, again, store, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(breaker.time, "monotonic", lambda: now[0])
    store._connection._breaker = Breaker(failures=4, rest_s=10)
    with qdrant_stub.failing(503):
        for _ in range(2):
            with pytest.raises(StoreUnavailableError):
                len(store)
        before = len(qdrant_stub.requests)
        with pytest.raises(StoreUnavailableError, match="4 times in a row"):
            len(store)
        assert len(qdrant_stub.requests) == before
        now[0] = 10.0
        with pytest.raises(StoreUnavailableError):
            len(store)
        assert len(qdrant_stub.requests) == before + 1
    with pytest.raises(StoreUnavailableError, match="5 times in a row"):
        len(store)
    now[0] = 20.0
    assert len(store) == 1
    assert len(store) == 1


@given(st.lists(st.sampled_from(["answered", "failed", "checked"]), max_size=30))
def test_a_breaker_refuses_only_after_failures_in_a_row(events):
    tried = Breaker(failures=3, rest_s=1000)
    row = 0
    for event in events:
        if event == "checked":
            if row >= 3:
                with pytest.raises(StoreUnavailableError):
                    tried.check("ask")
            else:
                tried.check("ask")
        else:
            tried.note(is_answered=event == "answered")
            row = 0 if event == "answered" else row + 1


# names, local mode


@pytest.mark.parametrize(
    "name",
    [
        "qdrant:ftp://host",
        "qdrant:http://host:port",
        "qdrant:http://host?timeout=0",
        "qdrant:http://host?timeout=soon",
        "qdrant:http://host?timeout=inf",
        "qdrant:http://host?reach=0",
        "qdrant:http://host?reach=inf",
        "qdrant:http://host?key=secret",
    ],
)
def test_a_name_that_cannot_work_is_refused(name):
    with pytest.raises(ConfigurationError):
        open_vector_store(name)


def test_a_name_without_a_place_is_the_server_on_this_machine():
    store = open_vector_store("qdrant:")
    assert store._connection._client._client.rest_uri == "http://localhost:6333"
    store.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the client leaves its lock file open
def test_a_folder_keeps_everybody_and_belongs_to_one_process(tmp_path):
    name = f"qdrant://{tmp_path}/people"
    store = open_vector_store(name)
    store.expect_encoder("topics/1", dimension=32)
    store.put(COMMUNITY.entries, COMMUNITY.vectors)
    with pytest.raises(ConfigurationError, match="already accessed"):
        open_vector_store(name)
    before = everybody(store)
    store.close()
    again = open_vector_store(name)
    assert len(again) == len(COMMUNITY.entries)
    assert everybody(again) == before
    again.close()


def test_many_people_in_local_mode_are_worth_a_warning(monkeypatch, caplog):
    monkeypatch.setattr(module, "LOCAL_PEOPLE", 10)
    store = open_vector_store("qdrant::memory:")
    for _ in range(2):
        store.put(COMMUNITY.entries, COMMUNITY.vectors)
    store.close()
    assert [record.levelno for record in caplog.records if "use a server" in record.message] == [logging.WARNING]


def test_mixed_lengths_of_vectors_are_refused():
    vector = COMMUNITY.vectors["skill 0"]
    with pytest.raises(StoreError, match="31 numbers"):
        points.check(["a", "b"], {"a": vector, "b": vector[1:]}, dimension=None)


def test_a_matcher_starts_while_the_server_is_down_and_the_index_catches_up(qdrant_stub, tmp_path, monkeypatch):
    """By the names of the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QDRANT_URL", qdrant_stub.url)
    monkeypatch.setenv("QDRANT_API_KEY", "right")
    qdrant_stub.api_key = "right"
    asked = load_settings(db="people.db", encoder="hashing:", vectors="qdrant:")
    assert "right" not in repr(asked)
    ana = Profile(uid="ana", skills_to_offer="guitar", services_needed="Python")
    with build_matcher(asked) as matcher:
        matcher.put(ana)
    qdrant_stub.stop()
    with build_matcher(asked) as matcher:
        with pytest.raises(NotIndexedError):
            matcher.put(Profile(uid="bo", skills_to_offer="guitar", services_needed="Python"))
        qdrant_stub.start()
        matcher.vectors._connection._breaker.note(is_answered=True)
        assert [one.profile.uid for one in matcher.match_text(offer="Python", need="guitar")] == ["ana", "bo"]
        assert len(matcher.vectors) == 2


def test_an_index_of_another_encoder_is_told_of_at_the_start(qdrant_stub):
    """Of another database, which cannot tell."""
    ana = Profile(uid="ana", skills_to_offer="guitar", services_needed="Python")
    name, other = f"qdrant:{qdrant_stub.url}", HashingEncoder()
    other.fingerprint = "another/1"
    with Matcher.open("memory:", encoder=HashingEncoder(), vectors=name) as matcher:
        matcher.put(ana)
    people = MemoryProfileStore()
    people.put([ana])
    with pytest.raises(EncoderMismatchError, match="was filled with the encoder"):
        Matcher.open(people, encoder=other, vectors=name)
