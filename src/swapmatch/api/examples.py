"""Examples for the documentation: the same few people through all routes. Tests hold them against the models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ANA: dict[str, Any] = {
    "uid": "ana",
    "email": "ana@example.org",
    "display_name": "Ana",
    "skills_to_offer": "Python for beginners, data analysis",
    "services_needed": "acoustic guitar lessons",
    "bio": "I have owned a guitar for ten years without learning a single song.",
    "city": "Lisbon",
    "timezone": "Europe/Lisbon",
    "facets": {"languages": ["English", "Portuguese"]},
}
_ANA_STORED: dict[str, Any] = {
    **ANA,
    "photo_url": None,
    "full_name": None,
    "username": None,
    "dm_open": True,
    "email_updates": True,
    "show_city": True,
    "created_at": "2026-11-02T09:30:00Z",
    "updated_at": "2026-11-20T18:05:00Z",
}
CHANGES: dict[str, Any] = {"services_needed": "acoustic guitar lessons; bicycle repair", "show_city": False}

_BEN: dict[str, Any] = {
    "uid": "ben",
    "email": None,
    "display_name": "Ben",
    "skills_to_offer": "Guitar lessons for beginners; bike repairs",
    "services_needed": "Learning Python",
    "bio": "I run a small bicycle workshop.",
    "city": "Toronto",
    "photo_url": None,
    "full_name": None,
    "username": None,
    "timezone": "America/Toronto",
    "dm_open": True,
    "email_updates": True,
    "show_city": True,
    "facets": {"languages": ["English"]},
    "created_at": None,
    "updated_at": None,
}
SEARCH: dict[str, Any] = {"query": "someone to mend my bike", "mode": "offers", "limit": 10, "score_threshold": 0.3}
_FOUND: list[dict[str, Any]] = [{**_BEN, "score": 0.712, "side": "offers", "skills": ["bike repairs"]}]
RECIPROCAL: dict[str, Any] = {
    "my_offer_text": "Python for beginners",
    "my_need_text": "acoustic guitar lessons",
    "limit": 10,
    "my_uid": "ana",
    "where": {"languages": ["English", "Portuguese"]},
}
_MATCHES: list[dict[str, Any]] = [
    {
        **_BEN,
        "score": 0.843,
        "reciprocal_score": 0.843,
        "offer_match_score": 0.807,
        "need_match_score": 0.882,
        "explanation": "you need acoustic guitar lessons: Ben offers Guitar lessons for beginners; "
        "Ben needs Learning Python: you offer Python for beginners",
        "pairings": [
            {
                "direction": "receives",
                "need": "acoustic guitar lessons",
                "offer": "Guitar lessons for beginners",
                "similarity": 0.814,
                "relevance": 0.807,
            },
            {
                "direction": "gives",
                "need": "Learning Python",
                "offer": "Python for beginners",
                "similarity": 0.861,
                "relevance": 0.882,
            },
        ],
        "exact": True,
    }
]
RECOMMEND: dict[str, Any] = {"current_skills": "Python programming", "limit": 5}
_RECOMMENDED: list[dict[str, Any]] = [
    {
        "skill": "data analysis",
        "score": 0.42,
        "reason": "21 of the 50 people nearest to your skills also offer or want it",
    }
]

# By operation.
ANSWERS: Mapping[str, object] = {
    "upsert_profile": _ANA_STORED,
    "get_profile": _ANA_STORED,
    "find_profile_by_email": _ANA_STORED,
    "update_profile": _ANA_STORED,
    "search": _FOUND,
    "match_reciprocal": _MATCHES,
    "match_profile": _MATCHES,
    "recommend_skills": _RECOMMENDED,
    "check_health": {"ok": True, "status": "healthy"},
    "check_readiness": {
        "status": "ready",
        "components": {"encoder": "ready", "profiles": "ready", "vectors": "ready"},
    },
}
NOT_READY: dict[str, Any] = {
    "status": "not ready",
    "components": {"encoder": "cold", "profiles": "ready", "vectors": "ready"},
}
