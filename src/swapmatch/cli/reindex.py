"""`swapmatch reindex`: embeds everybody anew with the configured encoder."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from swapmatch.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swapmatch.cli.progress import Report
    from swapmatch.ports import Encoder, ProfileStore, Vectors
    from swapmatch.relevance import Relevance

PROBE = "guitar lessons"
VECTORS_AT_A_TIME = 1_000


def command(
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    db: options.Db = None,
    encoder: options.Encoder = None,
) -> None:
    """Embed everybody anew, with another encoder than so far.

    The people stay as they are. The vectors of the old encoder are deleted; an interrupted run goes on where it was.
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
        people, missing = survey(store, engine.fingerprint)
        _confirm(store.encoder(), engine.fingerprint, people, missing, is_sure=yes)
        if missing:
            engine.encode([PROBE])  # a model that cannot run must fail before the old vectors are gone
        store.use_encoder(engine.fingerprint)
        embedded = _embed(store, engine, missing)
    typer.echo(f"{embedded:,} skills of {people:,} people embedded with {engine.fingerprint}", err=True)


def survey(store: ProfileStore, fingerprint: str) -> tuple[int, int]:
    """Return how many people a store holds, and how many of their distinct skills it keeps no vector for."""
    from swapmatch.powers import SkillVectors

    people: set[str] = set()
    known: set[str] = set()
    missing = 0
    cursor, more = None, True
    while more:
        page = store.changes(cursor, VECTORS_AT_A_TIME)
        cursor, more = page.cursor, page.more
        profiles = [change.stored.profile for change in page.items if change.stored is not None]
        people.update(profile.uid for profile in profiles)
        new = {key for profile in profiles for key in (*profile.offers_by_key, *profile.needs_by_key)} - known
        known |= new
        kept = store.get_vectors(fingerprint, list(new)) if isinstance(store, SkillVectors) else {}
        missing += len(new) - len(kept)
    return len(people), missing


def _confirm(before: str | None, after: str, people: int, missing: int, *, is_sure: bool) -> None:
    from swapmatch.errors import ConfigurationError

    is_other = before is not None and before != after
    typer.echo(f"{people:,} people; {missing:,} distinct skills to embed with {after}", err=True)
    if is_other:
        typer.echo(f"the vectors of {before} will be deleted", err=True)
    if is_sure or not is_other:
        return
    if not sys.stdin.isatty():
        message = "nobody is there to confirm this: add --yes"
        raise ConfigurationError(message)
    typer.confirm("go on?", abort=True, err=True)


def _embed(store: ProfileStore, engine: Encoder, missing: int) -> int:
    """Embed what is missing: a matcher does so when it is built."""
    from swapmatch.cli.progress import progress
    from swapmatch.matcher import Matcher

    with progress("embedding", "skills") as report:
        counting = _Counting(engine, missing, report)
        Matcher.open(store, encoder=counting, vectors="exact:unsaved").close()
    return counting.done


class _Counting:
    """An Encoder that reports how many texts it has embedded."""

    def __init__(self, encoder: Encoder, total: int, report: Report) -> None:
        self.done = 0
        self._encoder = encoder
        self._total = total
        self._report = report

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    @property
    def fingerprint(self) -> str:
        return self._encoder.fingerprint

    @property
    def relevance(self) -> Relevance:
        return self._encoder.relevance

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = self._encoder.encode(texts)
        self.done += len(texts)
        self._report(self.done, min(self.done / self._total, 1.0) if self._total else None)
        return vectors
