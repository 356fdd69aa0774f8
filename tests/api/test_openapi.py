from __future__ import annotations

import json
import re

import pytest

from swapmatch import __version__
from swapmatch.api import examples
from swapmatch.api.answers import MatchAnswer, SearchAnswer, StoredProfile
from swapmatch.api.bodies import ProfileBody, ProfileChanges, ReciprocalBody, RecommendBody, SearchBody
from swapmatch.api.problems import MEDIA_TYPE
from swapmatch.models import Profile, Recommendation

OPERATIONS = {
    ("POST", "/profiles/upsert"): "upsert_profile",
    ("GET", "/profiles/email/{email}"): "find_profile_by_email",
    ("GET", "/profiles/{uid}"): "get_profile",
    ("PATCH", "/profiles/{uid}"): "update_profile",
    ("DELETE", "/profiles/{uid}"): "delete_profile",
    ("POST", "/search"): "search",
    ("POST", "/match/reciprocal"): "match_reciprocal",
    ("GET", "/match/{uid}"): "match_profile",
    ("POST", "/search/recommend-skills"): "recommend_skills",
    ("GET", "/healthz"): "check_health",
    ("GET", "/readyz"): "check_readiness",
}


@pytest.fixture(scope="module")
def document(neighbours):
    return neighbours.get("/openapi.json").json()


@pytest.fixture(scope="module")
def operations(document):
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_is_documented_under_a_stable_unique_name(document, operations):
    assert {at: operation["operationId"] for at, operation in operations.items()} == OPERATIONS
    assert document["info"]["title"] == "swapmatch"
    assert document["info"]["version"] == __version__
    assert document["info"]["description"]
    tags = {tag["name"] for tag in document["tags"]}
    for operation in operations.values():
        assert operation["summary"]
        assert operation["description"]
        assert set(operation["tags"]) <= tags


def test_every_body_and_every_answer_has_an_example(operations):
    for at, operation in operations.items():
        if "requestBody" in operation:
            body = operation["requestBody"]["content"]["application/json"]
            assert body.get("examples") or body["schema"].get("examples"), at
        for status, answer in operation["responses"].items():
            for media in answer.get("content", {}).values():
                assert media.get("example"), (at, status)


def test_every_error_is_documented_as_a_problem(document, operations):
    for at, operation in operations.items():
        errors = {status: answer for status, answer in operation["responses"].items() if status[0] in "45"}
        takes_body = "requestBody" in operation
        assert takes_body == ({"400", "413", "415"} <= set(errors)), at
        if at[1] == "/readyz":
            continue
        assert ("422" in errors) == (at[1] != "/healthz"), at
        assert ("404" in errors) == ("{" in at[1]), at
        assert ("503" in errors) == (at[1] != "/healthz"), at
        for answer in errors.values():
            assert answer["content"][MEDIA_TYPE]["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert "409" in operations["PATCH", "/profiles/{uid}"]["responses"]
    assert set(document["components"]["schemas"]["Problem"]["required"]) >= {"type", "title", "status", "detail"}


def test_the_document_knows_nothing_of_the_frameworks_own_errors_and_refers_to_nothing_missing(document):
    text = json.dumps(document)
    assert "ValidationError" not in text
    named = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert named <= set(document["components"]["schemas"])


def test_the_examples_are_valid():
    ProfileBody.model_validate(examples.ANA)
    ProfileChanges.model_validate(examples.CHANGES)
    SearchBody.model_validate(examples.SEARCH)
    ReciprocalBody.model_validate(examples.RECIPROCAL)
    RecommendBody.model_validate(examples.RECOMMEND)
    models = {
        "search": SearchAnswer,
        "match_reciprocal": MatchAnswer,
        "recommend_skills": Recommendation,
        "get_profile": StoredProfile,
    }
    for operation, model in models.items():
        shown = examples.ANSWERS[operation]
        for one in shown if isinstance(shown, list) else [shown]:
            model.model_validate_json(json.dumps(one))
            assert list(one) == list(model.model_fields) or set(one) == set(model.model_fields)


def test_the_documented_example_shows_what_is_null(operations):
    example = operations["POST", "/search"]["responses"]["200"]["content"]["application/json"]["example"]
    assert example[0]["email"] is None


def test_a_profile_may_be_sent_with_all_its_fields_but_those_that_the_store_sets():
    own = set(Profile.model_fields) - {"created_at", "updated_at"}
    assert set(ProfileBody.model_fields) == own
    assert set(ProfileChanges.model_fields) == own - {"uid"}


def test_changes_have_no_defaults_in_the_document(document):
    changes = document["components"]["schemas"]["ProfileChanges"]
    assert "required" not in changes
    assert not any("default" in field for field in changes["properties"].values())
    assert document["components"]["schemas"]["ProfileBody"]["properties"]["dm_open"]["default"] is True
