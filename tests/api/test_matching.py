from __future__ import annotations

import json

import pytest

from swapmatch import Matcher
from swapmatch.api.answers import MatchAnswer, SearchAnswer
from swapmatch.demo import community
from swapmatch.models import Profile, Recommendation

PERSON = [*Profile.model_fields]


def test_search_finds_people_by_what_they_offer(neighbours):
    answer = neighbours.post("/search", {"query": "guitar lessons"})
    assert answer.status_code == 200
    people = answer.json()
    assert len(people) == 10
    assert list(people[0]) == [*PERSON, "score", "side", "skills"]
    scores = [person["score"] for person in people]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert {person["side"] for person in people} == {"offers"}


def test_search_looks_at_the_side_that_is_asked_for(neighbours):
    for mode, sides in (("needs", {"needs"}), ("both", {"needs", "offers"})):
        people = neighbours.post("/search", {"query": "guitar lessons", "mode": mode, "limit": 100}).json()
        assert {person["side"] for person in people} == sides
        assert len({person["uid"] for person in people}) == len(people)


def test_search_keeps_to_limit_threshold_where_and_exclude(neighbours):
    ask = {"query": "guitar lessons", "limit": 100}
    everybody = neighbours.post("/search", ask).json()
    assert len(neighbours.post("/search", ask | {"limit": 3}).json()) == 3
    some = neighbours.post("/search", ask | {"score_threshold": 0.5}).json()
    assert some == [person for person in everybody if person["score"] >= 0.5]
    assert neighbours.post("/search", ask | {"score_threshold": 1}).status_code == 200
    first = everybody[0]["uid"]
    others = neighbours.post("/search", ask | {"exclude": [first]}).json()
    assert first not in {person["uid"] for person in others}
    local = neighbours.post("/search", ask | {"where": {"city": "lisbon", "languages": ["English", "French"]}}).json()
    assert local
    assert {person["city"] for person in local} == {"Lisbon"}
    assert all({"English", "French"} & set(person["facets"]["languages"]) for person in local)


def test_a_stored_persons_matches_come_with_both_directions_and_their_reasons(neighbours):
    answer = neighbours.get("/match/ana", params={"limit": 5})
    assert answer.status_code == 200
    matches = answer.json()
    assert len(matches) == 5
    own = [
        "score",
        "reciprocal_score",
        "offer_match_score",
        "need_match_score",
        "explanation",
        "pairings",
        "exact",
    ]
    assert list(matches[0]) == [*PERSON, *own]
    assert set(matches[0]["pairings"][0]) == {"direction", "need", "offer", "similarity", "relevance"}
    assert "ana" not in {match["uid"] for match in matches}
    for match in matches:
        assert match["reciprocal_score"] == match["score"]
        assert match["explanation"]
        assert match["exact"] is True


def test_offer_match_score_says_how_well_they_offer_what_i_need(client):
    client.post(
        "/profiles/upsert",
        {
            "uid": "cy",
            "email": "cy@example.org",
            "skills_to_offer": "guitar lessons",
            "services_needed": "Python for beginners, plumbing, sewing, chess",
        },
    )
    asked = {"my_offer_text": "Python for beginners", "my_need_text": "guitar lessons"}
    one = next(match for match in client.post("/match/reciprocal", asked).json() if match["uid"] == "cy")
    assert one["offer_match_score"] > one["need_match_score"]
    mine = client.app.state.workers.matcher.match_text(offer=asked["my_offer_text"], need=asked["my_need_text"])
    expected = next(match for match in mine if match.profile.uid == "cy")
    assert (one["offer_match_score"], one["need_match_score"]) == (expected.receives, expected.gives)


def test_two_texts_are_matched_like_a_stored_person_who_says_the_same(neighbours):
    ana = neighbours.get("/profiles/ana").json()
    asked = {"my_offer_text": ana["skills_to_offer"], "my_need_text": ana["services_needed"], "my_uid": "ana"}
    answer = neighbours.post("/match/reciprocal", asked)
    assert answer.status_code == 200
    assert answer.json() == neighbours.get("/match/ana").json()


def test_reciprocal_keeps_to_limit_where_exclude_and_never_returns_who_asks(client):
    asked = {"my_offer_text": "Python for beginners", "my_need_text": "guitar lessons"}
    uids = [match["uid"] for match in client.post("/match/reciprocal", asked).json()]
    assert uids == ["ben"]
    for other in (
        {"my_uid": "ben"},
        {"exclude": ["ben"]},
        {"where": {"city": ["Lisbon", "Paris"]}},
    ):
        assert client.post("/match/reciprocal", asked | other).json() == []
    assert client.post("/match/reciprocal", asked | {"my_uid": None, "where": {"city": "TORONTO"}}).json()


def test_a_stored_persons_matches_keep_to_repeated_conditions(neighbours):
    where = ["city:Lisbon", "city:Toronto", "format:in person"]
    matches = neighbours.get("/match/ana", params={"limit": 50, "where": where}).json()
    assert {match["city"] for match in matches} == {"Lisbon", "Toronto"}
    assert all("in person" in match["facets"]["format"] for match in matches)
    gone = [match["uid"] for match in matches[:2]]
    rest = neighbours.get("/match/ana", params={"limit": 50, "where": where, "exclude": gone}).json()
    assert not set(gone) & {match["uid"] for match in rest}


def test_a_condition_may_hold_a_colon_in_its_value(neighbours):
    assert neighbours.get("/match/ana", params={"where": "city:a:b"}).json() == []


def test_matches_of_an_unknown_person_are_404(neighbours):
    assert neighbours.get("/match/nobody").status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=51", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("limit=1_0", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=5.0", "limit"),
        ("limit=%205", "limit"),
        ("limit=5&limit=5", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("where=city", "where.0"),
        ("where=:Lisbon", "where.0"),
        ("where=city:", "where.0"),
        ("where=City:Lisbon", "where.0"),
        ("where=city:%00", "where.0"),
        ("exclude=a%20b", "exclude.0"),
        ("limt=3", "limt"),
    ],
)
def test_a_bad_query_parameter_is_refused_by_its_name(neighbours, query, field):
    answer = neighbours.get(f"/match/ana?{query}")
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]


def test_skills_are_recommended_with_score_and_reason(neighbours):
    answer = neighbours.post("/search/recommend-skills", {"current_skills": "guitar lessons"})
    assert answer.status_code == 200
    recommended = answer.json()
    assert len(recommended) == 5
    assert list(recommended[0]) == [*Recommendation.model_fields]
    assert all(0 <= one["score"] <= 1 and one["reason"] for one in recommended)
    assert len(neighbours.post("/search/recommend-skills", {"current_skills": "guitar", "limit": 20}).json()) <= 20


def test_answers_are_what_their_models_promise(neighbours):
    for person in neighbours.post("/search", {"query": "bike", "mode": "both", "limit": 100}).json():
        SearchAnswer.model_validate_json(json.dumps(person))
    for match in neighbours.get("/match/ana?limit=50").json():
        MatchAnswer.model_validate_json(json.dumps(match))


def test_nobodys_email_timestamps_or_hidden_city_appear_in_the_results_of_others(neighbours):
    answers = [
        neighbours.post("/search", {"query": "guitar; bike repair; cooking; Python", "mode": "both", "limit": 100}),
        neighbours.post("/match/reciprocal", {"my_offer_text": "Python", "my_need_text": "cooking", "limit": 50}),
        neighbours.get("/match/ana?limit=50"),
        neighbours.post("/search/recommend-skills", {"current_skills": "cooking", "limit": 20}),
    ]
    hidden = {person["uid"] for person in community() if person["show_city"] is False}
    seen = [person for answer in answers[:3] for person in answer.json()]
    for person in seen:
        assert person["email"] is None
        assert person["created_at"] is None
        assert person["updated_at"] is None
        assert (person["city"] is None) == (person["uid"] in hidden)
    assert hidden & {person["uid"] for person in seen}, "nobody who hides their city was found"
    for answer in answers:
        assert "@" not in answer.text


def test_a_hidden_city_is_no_filter_either(client):
    client.patch("/profiles/ben", {"show_city": False})
    assert client.post("/search", {"query": "guitar lessons", "where": {"city": "Toronto"}}).json() == []
    assert client.get("/match/ana").json()[0]["city"] is None


def test_emails_appear_in_results_where_the_setting_says_so(serving, ana):
    with Matcher.open("memory:", encoder="hashing:", expose_email=True) as matcher:
        matcher.put_many([ana])
        with serving(matcher) as client:
            (found,) = client.post("/search", {"query": "Python for beginners"}).json()
    assert found["email"] == "ana@example.org"
