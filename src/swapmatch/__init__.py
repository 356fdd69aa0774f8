"""swapmatch finds people who can help each other: two-way matches from what they offer and what they need.

    from swapmatch import Matcher, Profile

    with Matcher.open("community.db") as matcher:
        matcher.put(Profile(uid="ana", skills_to_offer="Python, data analysis", services_needed="guitar lessons"))
        for match in matcher.match("ana", limit=5):
            print(match.profile.display_name, match.score, match.explanation)

Names are loaded on first use, so importing the package costs nothing that the program does not need.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from swapmatch.errors import (
        ConfigurationError,
        ConflictError,
        EncoderError,
        EncoderMismatchError,
        InvalidProfileError,
        InvalidQueryError,
        MissingExtraError,
        NotIndexedError,
        PeopleFileError,
        ProfileNotFoundError,
        StoreError,
        StoreUnavailableError,
        SwapMatchError,
    )
    from swapmatch.matcher import Matcher
    from swapmatch.models import (
        Match,
        Pairing,
        Profile,
        PutReport,
        Recommendation,
        Reject,
        SearchHit,
    )
    from swapmatch.ports import Where
    from swapmatch.relevance import Relevance
    from swapmatch.scoring import Scoring

__version__ = "0.1.0"

_HOMES = {
    "errors": (
        "ConfigurationError",
        "ConflictError",
        "EncoderError",
        "EncoderMismatchError",
        "InvalidProfileError",
        "InvalidQueryError",
        "MissingExtraError",
        "NotIndexedError",
        "PeopleFileError",
        "ProfileNotFoundError",
        "StoreError",
        "StoreUnavailableError",
        "SwapMatchError",
    ),
    "matcher": ("Matcher",),
    "models": (
        "Match",
        "Pairing",
        "Profile",
        "PutReport",
        "Recommendation",
        "Reject",
        "SearchHit",
    ),
    "ports": ("Where",),
    "relevance": ("Relevance",),
    "scoring": ("Scoring",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "ConfigurationError",
    "ConflictError",
    "EncoderError",
    "EncoderMismatchError",
    "InvalidProfileError",
    "InvalidQueryError",
    "Match",
    "Matcher",
    "MissingExtraError",
    "NotIndexedError",
    "Pairing",
    "PeopleFileError",
    "Profile",
    "ProfileNotFoundError",
    "PutReport",
    "Recommendation",
    "Reject",
    "Relevance",
    "Scoring",
    "SearchHit",
    "StoreError",
    "StoreUnavailableError",
    "SwapMatchError",
    "Where",
]


def __getattr__(name: str) -> object:
    """Load a public name from its module on first use."""
    if name not in _HOME_OF:
        message = f"module 'swapmatch' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"swapmatch.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME_OF])
