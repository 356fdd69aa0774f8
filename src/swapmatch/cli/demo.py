"""`swapmatch demo`: an invented community, and whom three of its people should meet."""

from __future__ import annotations

import shlex
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from swapmatch.cli import options

if TYPE_CHECKING:
    from swapmatch.matcher import Matcher
    from swapmatch.models import Match, Profile

DEMO_DB = "swapmatch-demo.db"
PEOPLE = ("ana", "ben", "chen")
MATCHES = 3
BATCH = 20  # people between two reports: embedding their skills takes a while the first time
WIDTH = 100


def command(
    *,
    db: options.Db = None,
    encoder: options.Encoder = None,
    vectors: options.Vectors = None,
) -> None:
    """Load an invented community and match three of its people.

    Without --db they go into swapmatch-demo.db.
    """
    from swapmatch.cli.opening import make_matcher, read_settings
    from swapmatch.cli.progress import progress
    from swapmatch.demo import community

    settings = read_settings(db=db or DEMO_DB, encoder=encoder, vectors=vectors)
    people = list(community())
    with make_matcher(settings) as matcher:
        with progress("loading the demo community", "people") as report:
            typer.echo(f"loading {len(people)} invented people into {settings.db} ...", err=True)
            for start in range(0, len(people), BATCH):
                matcher.put_many(people[start : start + BATCH])
                done = min(start + BATCH, len(people))
                report(done, done / len(people))
        for uid in PEOPLE:
            _introduce(matcher, uid)
    chosen = {"--db": settings.db, "--encoder": encoder, "--vectors": vectors}
    flags = [part for flag, value in chosen.items() if value for part in (flag, value)]
    typer.echo("To ask on, start the server and open its page /docs:\n")
    typer.echo(f"    {shlex.join([*this_command(), 'serve', *flags])}")


def _introduce(matcher: Matcher, uid: str) -> None:
    profile = matcher.get(uid)
    typer.secho(f"{profile.display_name}, {profile.city}", bold=True)
    typer.echo(_paragraph("  offers  ", ", ".join(profile.offers)))
    typer.echo(_paragraph("  needs   ", ", ".join(profile.needs)))
    typer.echo()
    for number, match in enumerate(matcher.match(uid, limit=MATCHES), start=1):
        typer.echo(_match_lines(number, match))
    typer.echo()


def _match_lines(number: int, match: Match) -> str:
    heading = f"  {number}. {_name(match.profile):<28} {match.score:.2f}  "
    both = f"(receives {match.receives:.2f}, gives {match.gives:.2f})"
    why = [_paragraph("     ", reason) for reason in match.explanation.split("; ")]
    return "\n".join([f"{heading}{both}", *why])


def _name(profile: Profile) -> str:
    name = profile.display_name or profile.uid
    return f"{name}, {profile.city}" if profile.city else name


def _paragraph(lead: str, text: str) -> str:
    from swapmatch.cli.output import visible

    indent = " " * len(lead)
    return textwrap.fill(visible(text), WIDTH, initial_indent=lead, subsequent_indent=indent)


def this_command() -> list[str]:
    """Return how to run swapmatch again from the working directory, in any shell.

    A script below the working directory is named by its path: it may be on the PATH of this process alone, as in an
    environment that a tool made.
    """
    script = Path(sys.argv[0]).absolute()
    if script.name == "__main__.py":
        return [_from_here(Path(sys.executable)), "-m", "swapmatch"]
    here = _from_here(script)
    if Path(here).is_absolute() and (found := shutil.which("swapmatch")) and Path(found).absolute() == script:
        return ["swapmatch"]
    return [here]


def _from_here(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
