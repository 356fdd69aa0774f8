"""The event loop is never blocked, and what encodes never uses up the threads of what does not."""

from __future__ import annotations

import threading
from functools import partial

import anyio
import pytest
from threadpoolctl import threadpool_info

from swapmatch import Matcher
from swapmatch.api import workers
from swapmatch.api.workers import COMPUTING, COMPUTING_REMOTE, ENCODING
from swapmatch.encoders.hashing import HashingEncoder
from swapmatch.powers import InFile

TIMEOUT_S = 3  # only so that a failure is no hang


class GatedEncoder(HashingEncoder):
    """Encodes while its gate is open, and holds every caller up while it is closed."""

    def __init__(self):
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = self.calls = self.texts = 0  # texts: of those who wait
        self.most_waiting = 0
        self._lock = threading.Lock()

    def encode(self, texts):
        with self._lock:
            self.waiting += 1
            self.texts += len(texts)
            self.calls += 1
            self.most_waiting = max(self.most_waiting, self.waiting)
        try:
            assert self.gate.wait(TIMEOUT_S), "the gate was never opened"
        finally:
            with self._lock:
                self.waiting -= 1
                self.texts -= len(texts)
        return super().encode(texts)


@pytest.fixture
def encoder():
    encoder = GatedEncoder()
    yield encoder
    encoder.gate.set()


@pytest.fixture(params=["memory:", ""], ids=["elsewhere", "here"])  # four may compute at a time, and one
def gated(request, serving, encoder, ana, tmp_path):
    with Matcher.open(request.param or tmp_path / "people.db", encoder=encoder) as matcher:
        matcher.put_many([ana])
        with serving(matcher) as client:
            client.wait_until_ready()
            yield client


def turns_of(client):
    is_here = isinstance(client.app.state.workers.matcher.profiles, InFile)
    return COMPUTING if is_here else COMPUTING_REMOTE


def waiting_texts(client):
    return client.app.state.workers.matcher.encoder._waiting


def test_health_and_reads_are_answered_while_more_searches_encode_than_there_are_threads(gated, encoder):
    order = []
    searches = 3 * ENCODING

    async def request(name, send):
        answer = await send()
        assert answer.status_code == 200
        order.append(name)

    async def everything():
        encoder.gate.clear()
        async with anyio.create_task_group() as tasks:
            for number in range(searches):
                search = partial(gated.http.post, "/search", json={"query": f"question {number}"})
                tasks.start_soon(request, "search", search)
            while encoder.texts + waiting_texts(gated) < ENCODING:  # noqa: ASYNC110 - threads count, the loop looks
                await anyio.sleep(0.001)
            for _ in range(50):
                await request("health", partial(gated.http.get, "/healthz"))
            for path in ("/readyz", "/profiles/ana", "/match/ana"):
                await request("read", partial(gated.http.get, path))
            encoder.gate.set()

    gated.run(everything)
    assert order == ["health"] * 50 + ["read"] * 3 + ["search"] * searches
    assert encoder.most_waiting == 1  # one thread talks to it
    assert encoder.calls < searches / 2  # with the texts of several


def test_beyond_a_full_queue_callers_are_told_to_come_again(gated, encoder, monkeypatch):
    monkeypatch.setattr(workers, "QUEUED", 3)
    statuses, refusals = [], set()

    async def search(number):
        answer = await gated.http.post("/search", json={"query": f"question {number}"})
        statuses.append(answer.status_code)
        if answer.status_code != 200:
            refusals.add((answer.headers.get("retry-after"), answer.json()["type"]))

    async def everything():
        encoder.gate.clear()
        async with anyio.create_task_group() as tasks:
            for number in range(ENCODING + 3 + 5):
                tasks.start_soon(search, number)
            while len(statuses) < 5:  # noqa: ASYNC110 - as above
                await anyio.sleep(0.001)
            encoder.gate.set()

    gated.run(everything)
    assert sorted(statuses) == [200] * (ENCODING + 3) + [503] * 5
    assert refusals == {("1", "urn:swapmatch:problem:encoder-busy")}


def test_a_full_batch_queue_is_told_too(gated, encoder):
    gated.app.state.workers.matcher.encoder._limit = 2
    statuses = []

    async def search(number):
        statuses.append((await gated.http.post("/search", json={"query": f"question {number}"})).status_code)

    async def everything():
        encoder.gate.clear()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(search, 0)
            while not encoder.waiting:  # noqa: ASYNC110 - as above
                await anyio.sleep(0.001)
            for number in range(1, 10):
                tasks.start_soon(search, number)
            while len(statuses) < 7:  # noqa: ASYNC110 - as above
                await anyio.sleep(0.001)
            encoder.gate.set()

    gated.run(everything)
    assert sorted(statuses) == [200] * 3 + [503] * 7  # one at the encoder, two in the queue


def all_return(client, encoder, call):
    """Whether as many calls as would use up all turns return, with the encoder busy until all of them are there."""
    returned = []

    async def work():
        await client.app.state.workers.encode(call)
        returned.append(True)

    async def everything():
        encoder.gate.clear()
        async with anyio.create_task_group() as tasks:
            for _ in range(3 * turns_of(client)):
                tasks.start_soon(work)
            await anyio.sleep(0.1)
            encoder.gate.set()
            with anyio.move_on_after(TIMEOUT_S):
                while len(returned) < 3 * turns_of(client):  # noqa: ASYNC110 - as above
                    await anyio.sleep(0.001)
            in_time = len(returned)
            client.app.state.workers._turns.release(3 * turns_of(client))  # so that a failure is no hang
        return in_time == 3 * turns_of(client)

    return client.run(everything)


def test_many_may_ask_the_same_at_once(gated, encoder):
    assert all_return(gated, encoder, lambda matcher: matcher.search("one question"))


def test_who_waits_for_the_encoder_may_hold_what_those_want_who_have_the_turns(gated, encoder):
    lock = threading.Lock()

    def call(matcher):
        with lock:
            matcher.encoder.encode(["one text"])

    assert all_return(gated, encoder, call)


def test_no_turn_is_lost_or_doubled(gated, encoder):
    for number in range(3):
        assert all_return(gated, encoder, lambda matcher, number=number: matcher.search(f"question {number}"))
        turns = gated.app.state.workers._turns
        for _ in range(3 * turns_of(gated)):  # what `all_return` gave in addition
            assert turns.acquire(blocking=False)
        assert turns._value == turns_of(gated)


def test_matches_of_stored_people_take_turns_with_what_encodes(gated):
    workers = gated.app.state.workers

    def has_turn(_):
        return workers._thread.has_turn, workers._turns._value

    assert gated.run(workers.match, has_turn) == (True, turns_of(gated) - 1)
    assert gated.run(workers.encode, has_turn) == (True, turns_of(gated) - 1)


def test_blas_has_one_thread_while_serving_and_its_own_again_afterwards(serving):
    def threads():
        return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]

    before = threads()
    assert before
    with Matcher.open("memory:", encoder="hashing:") as matcher, serving(matcher):
        assert set(threads()) == {1}
    assert threads() == before


def test_a_client_that_goes_away_takes_nobodys_answer_with_it(gated, encoder):
    async def everything():
        encoder.gate.clear()
        async with anyio.create_task_group() as others:
            answers = []

            async def stay():
                answers.append(await gated.http.post("/search", json={"query": "Python for beginners, please"}))

            async with anyio.create_task_group() as leaving:
                for number in range(5):
                    leaving.start_soon(partial(gated.http.post, "/search", json={"query": f"question {number}"}))
                others.start_soon(stay)
                while encoder.texts + waiting_texts(gated) < 6:  # noqa: ASYNC110 - as above
                    await anyio.sleep(0.001)
                leaving.cancel_scope.cancel()
                encoder.gate.set()
        assert [answer.status_code for answer in answers] == [200]
        assert (await gated.http.post("/search", json={"query": "question 1"})).status_code == 200

    gated.run(everything)


def test_texts_that_wait_are_answered_before_the_server_stops(serving, encoder, ana):
    with Matcher.open("memory:", encoder=encoder) as matcher:
        matcher.put_many([ana])
        with serving(matcher) as client:
            client.wait_until_ready()
            batching = matcher.encoder
            encoder.gate.clear()
            futures = [batching.submit([f"text {number}"]) for number in range(5)]
            threading.Timer(0.05, encoder.gate.set).start()
        assert [len(future.result(timeout=0)) for future in futures] == [1] * 5
        assert matcher.encoder is encoder


def test_the_server_is_alive_before_it_is_ready(serving, encoder, ana):
    with Matcher.open("memory:", encoder=encoder) as matcher:
        matcher.put_many([ana])
        encoder.gate.clear()
        with serving(matcher) as client:
            assert client.get("/healthz").json() == {"ok": True, "status": "healthy"}
            cold = client.get("/readyz")
            assert cold.status_code == 503
            assert cold.json()["components"] == {"encoder": "cold", "profiles": "ready", "vectors": "ready"}
            assert client.get("/profiles/ana").status_code == 200
            encoder.gate.set()
            client.wait_until_ready()


def test_the_server_stops_while_the_encoder_is_still_loading(serving, encoder):
    encoder.gate.clear()
    with Matcher.open("memory:", encoder=encoder) as matcher, serving(matcher) as client:
        assert client.get("/healthz").status_code == 200


def test_one_application_may_be_served_again(encoder, ana, serving):
    with Matcher.open("memory:", encoder=encoder) as matcher:
        matcher.put_many([ana])
        for _ in range(2):
            with serving(matcher) as client:
                client.wait_until_ready()
                assert client.post("/search", {"query": "Python"}).status_code == 200
