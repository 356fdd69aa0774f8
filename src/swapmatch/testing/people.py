"""People and small steps that the suites share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from swapmatch.models import Profile

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from swapmatch.ports import Change, Cursor, ProfileStore, Stored

Result = TypeVar("Result")


def person(uid: str, **fields: object) -> Profile:
    """Return a profile that differs from others in its uid only, but for what is given."""
    return Profile.model_validate({"uid": uid, "skills_to_offer": "Python", **fields})


def everything(uid: str) -> Profile:
    """Return a profile with every field set, in several scripts."""
    return person(
        uid,
        email=f"{uid}@example.org",
        display_name="Ána 🎸 Müller",
        skills_to_offer="Python, C++; 中文\nعربى",
        services_needed="- guitar, for beginners\n- vélo 'repair' \"now\" \\ %s",
        bio="two\nlines\tand more 👩‍👩‍👧",
        city="Köln",
        photo_url="https://example.org/a?b=c&d",
        full_name="Ana María Müller",
        username="ana",
        timezone="Europe/Berlin",
        dm_open=False,
        email_updates=False,
        show_city=False,
        facets={"languages": ["de", "es"], "level": "β"},
    )


def put_people(store: ProfileStore, *profiles: Profile) -> list[Stored]:
    """Put profiles and return them as a later reading shows them."""
    return [replace(stored, is_written=False) for stored in store.put(profiles)]


def timestamps(stored: Stored) -> tuple[datetime, datetime]:
    """Return when a stored person was created and updated."""
    created_at, updated_at = stored.profile.created_at, stored.profile.updated_at
    assert created_at is not None
    assert updated_at is not None
    return created_at, updated_at


def follow(store: ProfileStore, since: Cursor | None, latest: dict[str, Change]) -> Cursor:
    """Add all changes after a cursor to what was seen before, and return where they end."""
    more = True
    while more:
        page = store.changes(since, 7)
        latest |= {change.uid: change for change in page.items}
        since, more = page.cursor, page.more
    assert since is not None
    return since


def feed(store: ProfileStore, since: Cursor | None = None) -> list[Change]:
    """Return all changes after a cursor."""
    latest: dict[str, Change] = {}
    follow(store, since, latest)
    return list(latest.values())


def end_of(store: ProfileStore) -> Cursor:
    """Return the cursor behind all that has happened."""
    return follow(store, None, {})


def in_threads(work: Callable[[int], Result], count: int) -> list[Result]:
    """Run work(0), work(1), ... at once and return their results, or raise the first error."""
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(work, range(count)))
