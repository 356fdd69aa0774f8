"""`swapmatch reindex`: embeds everybody anew with the configured encoder, while the one so far serves."""

from __future__ import annotations

import shlex
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from swapmatch.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from swapmatch.models import Profile
    from swapmatch.ports import Encoder, ProfileStore
    from swapmatch.powers import SkillVectors
    from swapmatch.settings import Settings

PROBE = "guitar lessons"
PEOPLE_AT_A_TIME = 1_000


def command(
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    db: options.Db = None,
    encoder: options.Encoder = None,
) -> None:
    """Embed everybody anew, with another encoder than so far.

    The people stay as they are, and the vectors of the encoder so far until all the new ones are there: a server goes
    on meanwhile. Repeat an interrupted run, and it goes on where it was; a run with the encoder so far deletes what it
    left.
    """
    from swapmatch import registry
    from swapmatch.cli.opening import check_there, read_settings
    from swapmatch.errors import ConfigurationError
    from swapmatch.powers import SkillVectors

    settings = read_settings(db=db, encoder=encoder)
    check_there(settings)
    engine = registry.open_encoder(settings.encoder)
    with closing(registry.open_profile_store(settings.db)) as store:
        if not isinstance(store, SkillVectors):
            message = f"{settings.db} keeps no vectors: there is nothing to embed anew"
            raise ConfigurationError(message)
        before = store.encoder()
        people, missing = survey(store, engine.fingerprint)
        _confirm(before, engine.fingerprint, people, missing, is_sure=yes)
        if missing:
            engine.encode([PROBE])  # a model that cannot run must fail before anything is changed
        store.prepare_encoder(engine.fingerprint)
        embedded = _embed(engine, (skills for _, skills in _pages(store)), store, missing)
        store.use_encoder(engine.fingerprint)
        _index(settings, store, engine)
    typer.echo(f"{embedded:,} skills of {people:,} people embedded with {engine.fingerprint}", err=True)
    if before not in {None, engine.fingerprint}:
        setting = f"SWAPMATCH_ENCODER={shlex.quote(settings.encoder)}"
        typer.echo(f"restart whatever still runs with {before}, with {setting}", err=True)


def survey(store: ProfileStore, fingerprint: str) -> tuple[int, int]:
    """Return how many people a store holds, and how many of their distinct skills it keeps no vector for."""
    from swapmatch.powers import SkillVectors

    people: set[str] = set()
    missing = 0
    for profiles, skills in _pages(store):
        people.update(profile.uid for profile in profiles)
        kept = store.get_vectors(fingerprint, list(skills)) if isinstance(store, SkillVectors) else {}
        missing += len(skills) - len(kept)
    return len(people), missing


def _pages(store: ProfileStore) -> Iterator[tuple[list[Profile], set[str]]]:
    """Yield some people and those of their skills that are new, until there is nobody whom others wrote meanwhile."""
    known: set[str] = set()
    cursor, more = None, True
    while more:
        page = store.changes(cursor, PEOPLE_AT_A_TIME)
        cursor, more = page.cursor, page.more or bool(page.items)
        profiles = [change.stored.profile for change in page.items if change.stored is not None]
        skills = {key for profile in profiles for key in (*profile.offers_by_key, *profile.needs_by_key)} - known
        known |= skills
        yield profiles, skills


def _confirm(before: str | None, after: str, people: int, missing: int, *, is_sure: bool) -> None:
    from swapmatch.errors import ConfigurationError

    is_other = before is not None and before != after
    typer.echo(f"{people:,} people; {missing:,} distinct skills to embed with {after}", err=True)
    if is_other:
        typer.echo(f"the vectors of {before} count until all of these are embedded, and are deleted then", err=True)
    if is_sure or not is_other:
        return
    if not sys.stdin.isatty():
        message = "nobody is there to confirm this: add --yes"
        raise ConfigurationError(message)
    typer.confirm("go on?", abort=True, err=True)


def _embed(encoder: Encoder, pages: Iterable[set[str]], kept: SkillVectors, missing: int) -> int:
    """Embed the skills that have no vector yet, and return how many these were."""
    from swapmatch.cli.progress import progress
    from swapmatch.encoders.caching import BATCH, CachingEncoder

    cached = CachingEncoder(encoder)  # it looks at what the encoder gives
    with progress("embedding", "skills") as report:
        for skills in pages:
            new = sorted(skills - kept.get_vectors(encoder.fingerprint, list(skills)).keys(), key=len)
            for start in range(0, len(new), BATCH):
                kept.put_vectors(encoder.fingerprint, cached.vectors(new[start : start + BATCH], keep=False))
                report(cached.embedded, min(cached.embedded / missing, 1.0) if missing else None)
    return cached.embedded


def _index(settings: Settings, store: ProfileStore, encoder: Encoder) -> None:
    """Save an index of the new vectors, where one is saved beside the people, so that the next start is quick."""
    from swapmatch.errors import SwapMatchError
    from swapmatch.matcher import Matcher

    scheme, _, place = settings.vectors.partition(":")
    if scheme.lower() != "exact" or place == "unsaved":
        return
    try:
        Matcher.open(store, encoder=encoder, vectors=settings.vectors).close()
    except SwapMatchError as error:
        typer.echo(f"warning: the next start will take longer: {error}", err=True)
