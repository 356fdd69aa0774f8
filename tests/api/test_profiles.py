from __future__ import annotations

import re

import anyio
import pytest

from swapmatch import Profile

UTC_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


def test_a_new_person_is_stored_and_comes_back_with_every_field_and_both_timestamps(client):
    sent = {
        "uid": "zoe",
        "email": "zoe@example.org",
        "skills_to_offer": "sewing; knitting",
        "services_needed": "",
        "bio": "  ",
        "photo_url": "",
        "facets": {"languages": ["Dutch", "English"], "format": "online"},
    }
    answer = client.post("/profiles/upsert", sent)
    assert answer.status_code == 200
    person = answer.json()
    assert list(person) == list(Profile.model_fields)
    assert person["facets"] == {"format": ["online"], "languages": ["Dutch", "English"]}
    assert person["bio"] is None
    assert person["photo_url"] is None
    assert person["dm_open"] is True
    assert re.fullmatch(UTC_TIME, person["created_at"])
    assert re.fullmatch(UTC_TIME, person["updated_at"])
    assert client.get("/profiles/zoe").json() == person


def test_a_person_who_was_just_stored_is_found_by_the_next_search(client):
    client.post("/profiles/upsert", {"uid": "zoe", "email": "zoe@example.org", "skills_to_offer": "sewing curtains"})
    found = client.post("/search", {"query": "sewing curtains"}).json()
    assert found[0]["uid"] == "zoe"


def test_upsert_replaces_what_was_known_and_keeps_the_first_timestamp(client):
    before = client.get("/profiles/ana").json()
    sent = {"uid": "ana", "email": "ana@example.org", "services_needed": "piano lessons"}
    after = client.post("/profiles/upsert", sent).json()
    assert after["created_at"] == before["created_at"]
    assert after["updated_at"] >= before["updated_at"]
    assert after["skills_to_offer"] == ""
    assert after["city"] is None


def test_upsert_of_the_same_again_changes_nothing(client, ana):
    before = client.get("/profiles/ana").json()
    assert client.post("/profiles/upsert", ana).json() == before


@pytest.mark.parametrize("skills", [["sewing", "knitting"], []])
@pytest.mark.parametrize("side", ["skills_to_offer", "services_needed"])
def test_a_list_of_skills_is_refused_since_the_document_says_text(client, ana, side, skills):
    for answer in (
        client.post("/profiles/upsert", ana | {side: skills}),
        client.patch("/profiles/ana", {side: skills}),
    ):
        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json()["errors"]] == [side]


@pytest.mark.parametrize("email", ["Ana <ana@example.org>", "<ana@example.org>", '"Ana" <ana@example.org>'])
def test_an_email_with_a_name_before_it_is_refused_and_not_repeated(client, ana, email):
    for answer in (
        client.post("/profiles/upsert", ana | {"email": email}),
        client.patch("/profiles/ana", {"email": email}),
    ):
        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json()["errors"]] == ["email"]
        assert "ana@example.org" not in answer.text


def test_a_person_is_found_by_their_email_whatever_its_case(client):
    answer = client.get("/profiles/email/ANA@Example.ORG")
    assert answer.status_code == 200
    assert answer.json()["uid"] == "ana"


def test_an_email_with_a_slash_is_found_too(client, ana):
    client.post("/profiles/upsert", ana | {"uid": "odd", "email": "a/b@example.org"})
    assert client.get("/profiles/email/a%2Fb@example.org").json()["uid"] == "odd"


@pytest.mark.parametrize("path", ["/profiles/nobody", "/profiles/email/secret.person@example.org"])
def test_an_unknown_person_is_404_and_the_answer_repeats_neither_uid_nor_email(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:swapmatch:problem:profile-not-found"
    assert "nobody" not in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize("uid", ["%00", "%2e%2e", "a%20b", "__reserved__", "a" * 129, "%F0%9F%8E%B8", "a.b", "%ff"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_bad_uid_in_the_path_is_refused(client, method, uid):
    body = {"content": b"{}", "headers": {"content-type": "application/json"}} if method == "PATCH" else {}
    answer = client.request(method, f"/profiles/{uid}", **body)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == ["uid"]


def test_a_uid_in_the_path_with_a_slash_is_another_route(client):
    assert client.get("/profiles/a%2Fb").status_code == 404


def test_patch_changes_only_what_is_sent(client):
    before = client.get("/profiles/ana").json()
    answer = client.patch("/profiles/ana", {"show_city": False, "bio": "New here."})
    assert answer.status_code == 200
    after = answer.json()
    assert after == before | {"show_city": False, "bio": "New here.", "updated_at": after["updated_at"]}
    assert client.get("/profiles/ana").json() == after


def test_patch_takes_away_what_may_be_absent(client):
    assert client.patch("/profiles/ana", {"city": None, "display_name": ""}).status_code == 200
    after = client.get("/profiles/ana").json()
    assert after["city"] is None
    assert after["display_name"] is None


def test_patch_with_nothing_in_it_changes_nothing(client):
    before = client.get("/profiles/ana").json()
    answer = client.patch("/profiles/ana", {})
    assert answer.status_code == 200
    assert answer.json() == before


def test_a_patched_skill_is_found_by_the_next_search(client):
    client.patch("/profiles/ana", {"skills_to_offer": "bookbinding"})
    assert client.post("/search", {"query": "bookbinding"}).json()[0]["uid"] == "ana"


@pytest.mark.parametrize(
    "field", ["email", "skills_to_offer", "services_needed", "dm_open", "email_updates", "show_city", "facets"]
)
def test_patch_may_not_take_away_what_must_be_there(client, field):
    before = client.get("/profiles/ana").json()
    answer = client.patch("/profiles/ana", {field: None})
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]
    assert client.get("/profiles/ana").json() == before


@pytest.mark.parametrize("field", ["uid", "created_at", "updated_at", "rev", "score", "offer_vec", "is_admin"])
def test_patch_takes_no_field_that_is_not_the_persons_own(client, field):
    answer = client.patch("/profiles/ana", {field: "ana"})
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]


def test_patch_may_not_leave_both_sides_blank(client):
    answer = client.patch("/profiles/ana", {"skills_to_offer": "", "services_needed": " "})
    assert answer.status_code == 422
    assert "skills_to_offer" in answer.json()["detail"]


def test_patch_of_an_unknown_person_is_404(client):
    assert client.patch("/profiles/nobody", {"bio": "x"}).status_code == 404


def test_a_deleted_person_is_forgotten_everywhere(client):
    answer = client.delete("/profiles/ben")
    assert answer.status_code == 204
    assert answer.content == b""
    assert client.get("/profiles/ben").status_code == 404
    assert client.get("/profiles/email/ben@example.org").status_code == 404
    assert client.get("/match/ben").status_code == 404
    assert client.get("/match/ana").json() == []
    assert client.delete("/profiles/ben").status_code == 404


def test_concurrent_upserts_of_one_uid_all_succeed_and_leave_one_of_them(client, ana):
    texts = [f"skill number {number}" for number in range(24)]

    async def upsert(text, statuses):
        answer = await client.http.post("/profiles/upsert", json=ana | {"skills_to_offer": text})
        statuses.append(answer.status_code)

    async def upsert_all():
        statuses = []
        async with anyio.create_task_group() as tasks:
            for text in texts:
                tasks.start_soon(upsert, text, statuses)
        return statuses

    assert client.run(upsert_all) == [200] * len(texts)
    left = client.get("/profiles/ana").json()["skills_to_offer"]
    assert left in texts
    found = client.post("/search", {"query": left, "limit": 1}).json()
    assert (found[0]["uid"], found[0]["skills"]) == ("ana", [left])


def test_concurrent_patches_of_one_person_lose_no_change_that_was_answered_with_200(client):
    fields = ["bio", "full_name", "username", "timezone"]

    async def patch(field, done):
        answer = await client.http.patch("/profiles/ana", json={field: "set"})
        if answer.status_code == 200:
            done.append(field)
        else:
            assert answer.status_code == 409

    async def patch_all():
        done = []
        async with anyio.create_task_group() as tasks:
            for field in fields:
                tasks.start_soon(patch, field, done)
        return done

    done = client.run(patch_all)
    after = client.get("/profiles/ana").json()
    assert done
    assert [field for field in fields if after[field] == "set"] == sorted(done, key=fields.index)
