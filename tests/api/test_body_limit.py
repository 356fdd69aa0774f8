from __future__ import annotations

import json
import time

import pytest

from swapmatch.api.body_limit import MAX_BODY_BYTES, MAX_DEPTH, BodyLimit

JSON = {"content-type": "application/json"}


def nested(depth):
    return b'{"query": "x", "where": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def check_problem(answer, status, name):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:swapmatch:problem:{name}"


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 1_000_000])
def test_a_large_body_is_refused(neighbours, size):
    body = json.dumps({"query": "x" * size}).encode()
    check_problem(neighbours.post("/search", body), 413, "body-too-large")


def test_a_large_body_in_chunks_is_refused_before_it_ends(neighbours):
    sent = 0

    async def chunks():
        nonlocal sent
        yield b'{"query": "'
        while True:  # never ends
            sent += 1024
            yield b"x" * 1024

    answer = neighbours.post("/search", content=chunks(), headers=JSON)
    check_problem(answer, 413, "body-too-large")
    assert sent <= MAX_BODY_BYTES + 2048


def test_a_body_in_small_chunks_is_taken(neighbours):
    async def chunks():
        for byte in b'{"query": "guitar"}':
            yield bytes([byte])

    assert neighbours.post("/search", content=chunks(), headers=JSON).status_code == 200


def test_a_body_just_below_the_limit_reaches_the_route(neighbours):
    body = json.dumps({"query": "guitar"}).encode()
    assert neighbours.post("/search", body + b" " * (MAX_BODY_BYTES - len(body))).status_code == 200


def test_a_length_that_is_claimed_and_too_large_is_refused_unread(neighbours):
    for length in (str(MAX_BODY_BYTES + 1), "9" * 5000):
        answer = neighbours.post("/search", content=b"{}", headers=JSON | {"content-length": length})
        check_problem(answer, 413, "body-too-large")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"])
def test_another_type_than_json_is_refused(neighbours, kind):
    answer = neighbours.post("/search", content=b'{"query": "x"}', headers={"content-type": kind})
    check_problem(answer, 415, "not-json")


def test_a_compressed_body_is_refused(neighbours):
    answer = neighbours.post("/search", content=b"\x1f\x8b", headers=JSON | {"content-encoding": "gzip"})
    check_problem(answer, 415, "not-json")


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"]
)
def test_json_by_its_other_names_is_taken(neighbours, kind):
    answer = neighbours.post("/search", content=b'{"query": "guitar"}', headers={"content-type": kind})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'query': 'x'}",
        b'{"query": "x",}',
        b"\xff\xfe",
        b'{"query": "\xff"}',
        b'{"query": "\xed\xa0\x80"}',
        '{"query": "x"}'.encode("utf-16"),
        b'{"query": "x", "limit": NaN}',
        b'{"query": "x", "limit": -Infinity}',
        b'{"query": "x", "query": "y"}',
        b'{"query": "x", "where": {"city": "a", "city": "b"}}',
        b'{"query": "x", "limit": ' + b"9" * 10_000 + b"}",
        b'{"query": "x\n"}',
    ],
)
def test_what_is_no_strict_json_is_refused(neighbours, body):
    check_problem(neighbours.post("/search", body), 400, "malformed-body")


def test_a_number_beyond_all_floats_is_refused(neighbours):
    answer = neighbours.post("/search", b'{"query": "x", "score_threshold": 1e400}')
    check_problem(answer, 422, "invalid-request")


def test_a_byte_order_mark_does_no_harm(neighbours):
    assert neighbours.post("/search", b'\xef\xbb\xbf{"query": "guitar"}').status_code == 200


def test_json_may_be_nested_to_the_limit_and_no_deeper(neighbours):
    check_problem(neighbours.post("/search", nested(MAX_DEPTH)), 422, "invalid-request")
    for depth in (MAX_DEPTH + 1, 30_000):
        check_problem(neighbours.post("/search", nested(depth)), 400, "malformed-body")
    check_problem(neighbours.post("/search", b"[" * MAX_BODY_BYTES), 400, "malformed-body")


def test_brackets_inside_texts_and_beside_each_other_are_not_depth(neighbours):
    body = {"query": '[[[[[[[[[[[[[[[[[[[[[[[[[ "\\" guitar {{{', "exclude": []}
    assert neighbours.post("/search", body).status_code == 200
    wide = neighbours.post("/search", {"query": "guitar", "exclude": [[]] * 50})
    check_problem(wide, 422, "invalid-request")


@pytest.mark.parametrize(
    "body", [b'"' * MAX_BODY_BYTES, b"\\" * MAX_BODY_BYTES, b'"' + b"[\\" * 30_000, b"[" * 21 + b'"\\']
)
def test_the_worst_texts_are_checked_in_no_time(neighbours, body):
    start = time.process_time()
    check_problem(neighbours.post("/search", body), 400, "malformed-body")
    assert time.process_time() - start < 2


def test_routes_that_read_no_body_look_at_none(neighbours):
    assert neighbours.request("GET", "/healthz", content=b"x" * 100_000).status_code == 200
    assert neighbours.post("/nowhere", content=b"x" * 100_000).status_code == 404


def test_a_client_that_leaves_before_its_body_ends_does_no_harm(neighbours):
    async def leave():
        messages = iter([{"type": "http.request", "body": b'{"que', "more_body": True}, {"type": "http.disconnect"}])
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/search",
            "raw_path": b"/search",
            "root_path": "",
            "query_string": b"",
            "headers": [(b"content-type", b"application/json")],
        }

        async def receive():
            return next(messages)

        async def send(_):
            pass

        await neighbours.app(scope, receive, send)

    neighbours.run(leave)
    assert neighbours.get("/healthz").status_code == 200


def test_the_checked_body_comes_once_and_other_connections_pass_untouched(neighbours):
    seen = []

    async def inner(scope, receive, send):
        seen.extend([await receive(), await receive()])

    messages = [{"type": "http.request", "body": b"{}"}, {"type": "http.disconnect"}]
    headers = [(b"content-type", b"application/json")]

    async def pass_through(kind):
        left = iter(messages)

        async def receive():
            return next(left)

        await BodyLimit(inner)({"type": kind, "headers": headers}, receive, None)

    neighbours.run(pass_through, "http")
    assert seen == [messages[0] | {"more_body": False}, messages[1]]
    seen.clear()
    neighbours.run(pass_through, "websocket")
    assert seen == messages
