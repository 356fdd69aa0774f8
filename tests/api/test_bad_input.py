"""Whatever is sent: the answer names the field, repeats nothing of it, and the next request works."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swapmatch import Matcher

SECRET = "tell-nobody"
TEXT_FIELDS = [
    ("/search", {"query": "x"}, "query"),
    ("/match/reciprocal", {"my_offer_text": "x", "my_need_text": "y"}, "my_offer_text"),
    ("/match/reciprocal", {"my_offer_text": "x", "my_need_text": "y"}, "my_need_text"),
    ("/search/recommend-skills", {"current_skills": "x"}, "current_skills"),
]
BAD_TEXTS = {
    "empty": "",
    "blank": "  \t\n",
    "no-break space": "\u00a0",
    "zero width": "\u200b",
    "punctuation": "...",
    "33 skills": ";".join(f"skill {number}" for number in range(33)),
    "201 characters": "x" * 201,
    "NUL": f"{SECRET}\x00",
    "half a surrogate pair": f"{SECRET}\ud800",
    "20,000 characters": "word " * 4_000,
    "number": 5,
    "null": None,
    "list": ["a"],
    "object": {},
    "truth": True,
}
ROUTES = [
    ("POST", "/profiles/upsert"),
    ("POST", "/search"),
    ("POST", "/match/reciprocal"),
    ("POST", "/search/recommend-skills"),
    ("PATCH", "/profiles/ana"),
]


def check_refused(answer, field):
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert field in problem["detail"]
    assert field in [fault["field"] for fault in problem["errors"]]
    assert SECRET not in answer.text


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS)
@pytest.mark.parametrize(("path", "body", "field"), TEXT_FIELDS, ids=[case[2] for case in TEXT_FIELDS])
def test_a_bad_text_is_refused_by_the_name_it_was_sent_under(neighbours, path, body, field, text):
    check_refused(neighbours.post(path, body | {field: text}), field)


@pytest.mark.parametrize("name", ["33 skills", "201 characters", "NUL", "half a surrogate pair", "number", "object"])
@pytest.mark.parametrize("side", ["skills_to_offer", "services_needed"])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_bad_side_of_a_profile_is_refused_and_loses_nothing(client, ana, method, side, name):
    before = client.get("/profiles/ana").json()
    sent = {side: BAD_TEXTS[name]}
    refused = client.patch("/profiles/ana", sent) if method == "PATCH" else client.post("/profiles/upsert", ana | sent)
    check_refused(refused, side)
    assert client.get("/profiles/ana").json() == before


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        *(("/search", "limit", value) for value in (0, 101, -1, "5", 5.0, True, None, 10**30, [1])),
        *(("/search", "score_threshold", value) for value in (-0.1, 1.1, "0.5", True, None)),
        *(("/search", "mode", value) for value in ("everything", "", None, 1, ["offers"])),
        *(("/match/reciprocal", "limit", value) for value in (0, 51, "10")),
        *(("/match/reciprocal", "my_uid", value) for value in ("", "a b", "../x", 5, "__x__", "\ud800")),
        *(("/search/recommend-skills", "limit", value) for value in (0, 21, 1.5)),
        *(("/search", "where", value) for value in (None, [], "city", {"city": []})),
        *(("/search", "where", value) for value in ({"City": "x"}, {"city": 1}, {"city": None}, {"city": [1]})),
        *(("/search", "where", value) for value in ({"city": "x\x00"}, {"city": "x" * 201}, {"": "x"})),
        *(("/search", "exclude", value) for value in (None, "ana", ["a b"], [1], ["a"] * 1001)),
        *(("/search", field, 1) for field in ("my_uid", "vector", "rev", "threshold")),
    ],
)
def test_a_bad_value_is_refused_by_its_field(neighbours, path, field, value):
    body = next(body for known, body, _ in TEXT_FIELDS if known == path)
    answer = neighbours.post(path, body | {field: value})
    assert answer.status_code == 422
    assert all(fault["field"].split(".")[0] == field for fault in answer.json()["errors"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("uid", value) for value in (None, "", "a/b", "..", "__x__", "a" * 129, 5, "a\n", "ä", "\ud800")),
        *(("email", value) for value in (None, "", " ", "ana", "a@b", f"{SECRET} x@example.org", "a@[::1]", 5)),
        *((field, "now") for field in ("created_at", "updated_at", "rev", "score", "offer_vec", "is_admin")),
        *(("dm_open", value) for value in (None, "yes", 1)),
        ("bio", "x" * 5_001),
        ("bio", "\x00"),
        ("city", "x" * 201),
        ("city", ["Lisbon"]),
        ("display_name", "\udc00"),
        ("photo_url", "javascript:alert(1)"),
        ("facets", {"city": "Lisbon"}),
        ("facets", {"A": "b"}),
        ("facets", {f"name_{number}": "x" for number in range(17)}),
        ("facets", [1]),
    ],
)
def test_a_bad_field_of_a_profile_is_refused_by_its_name(client, ana, field, value):
    answer = client.post("/profiles/upsert", ana | {field: value})
    assert answer.status_code == 422
    assert all(fault["field"].split(".")[0] == field for fault in answer.json()["errors"])
    assert SECRET not in answer.text
    assert client.get("/profiles/ana").status_code == 200


@pytest.mark.parametrize("field", ["uid", "email"])
def test_a_profile_without_uid_or_email_is_refused(client, ana, field):
    del ana[field]
    check_refused(client.post("/profiles/upsert", ana), field)


def test_a_profile_that_neither_offers_nor_needs_anything_is_refused(client):
    answer = client.post("/profiles/upsert", {"uid": "zoe", "email": "zoe@example.org", "skills_to_offer": "..."})
    assert answer.status_code == 422
    assert "services_needed" in answer.json()["detail"]
    assert client.get("/profiles/zoe").status_code == 404


def test_names_that_the_client_made_up_are_cut_short_and_many_errors_too(neighbours):
    answer = neighbours.post("/search", {"query": "x", "n" * 5000: 1, "\ud800": 1})
    assert answer.status_code == 422
    assert len(answer.content) < 1_000
    answer = neighbours.post("/search", {"query": "x", "exclude": ["a b"] * 900})
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 20


@pytest.mark.parametrize(
    "text", ["🎸", "👩‍👩‍👧", "\u202egnirotut", "İstanbul'da gitar", "e" + "\u0301" * 150, "<script>", "' OR 1=1 --"]
)
def test_unusual_but_valid_text_is_taken(client, ana, text):
    assert client.post("/profiles/upsert", ana | {"skills_to_offer": text}).status_code == 200
    assert client.post("/search", {"query": text}).status_code == 200


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("body", [b"[]", b"5", b'"x"', b"null", b"[[1]]"])
def test_a_body_that_is_no_object_is_refused(client, method, path, body):
    answer = client.request(method, path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_body_at_all_is_refused(client, method, path):
    answer = client.request(method, path)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == ["body"]


# Any text, halves of surrogate pairs and NUL included, and any JSON made of it.
TEXT = st.text(st.characters(exclude_categories=()), max_size=60) | st.sampled_from(["ana", "guitar; bike", "\x00"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)
FIELDS = {
    "/search": ("query", "mode", "limit", "score_threshold", "where", "exclude"),
    "/match/reciprocal": ("my_offer_text", "my_need_text", "limit", "my_uid", "where", "exclude"),
    "/search/recommend-skills": ("current_skills", "limit"),
    "/profiles/upsert": ("uid", "email", "skills_to_offer", "services_needed", "bio", "facets", "photo_url"),
}
NEARLY_VALID = {
    "/search": {"query": "guitar"},
    "/match/reciprocal": {"my_offer_text": "guitar", "my_need_text": "bike"},
    "/search/recommend-skills": {"current_skills": "guitar"},
    "/profiles/upsert": {"uid": "zoe", "email": "zoe@example.org", "skills_to_offer": "guitar"},
}


@pytest.fixture(scope="module")
def scratch(serving):
    with Matcher.open("memory:", encoder="hashing:") as matcher:
        matcher.put_many([{"uid": "ana", "skills_to_offer": "Python", "services_needed": "guitar"}])
        with serving(matcher) as client:
            yield client


@pytest.mark.parametrize("path", FIELDS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_json_at_all_makes_the_server_fail(scratch, path, data):
    names = st.sampled_from(FIELDS[path]) | TEXT
    changed = data.draw(st.dictionaries(names, JSON, max_size=3) | JSON)
    body = NEARLY_VALID[path] | changed if isinstance(changed, dict) else changed
    answer = scratch.post(path, json.dumps(body).encode())
    assert answer.status_code < 500
    answer.json()


@pytest.mark.parametrize("path", FIELDS)
@settings(max_examples=40, deadline=None)
@given(body=st.binary(max_size=200) | TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_at_all_make_the_server_fail(scratch, path, body):
    answer = scratch.post(path, body)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


@settings(max_examples=100, deadline=None)
@given(uid=TEXT, prefix=st.sampled_from(["/profiles/", "/profiles/email/", "/match/"]))
def test_no_path_at_all_makes_the_server_fail(scratch, uid, prefix):
    assert scratch.get(prefix + quote(uid, safe="", errors="replace")).status_code < 500
