"""Everything a contributor runs, by name. `nox --list` shows it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from zipfile import ZipFile

import nox

nox.needs_version = ">=2025.5.1"
nox.options.sessions = ["lint", "typing", "tests"]
# pip, not uv: only pip finds wheels through every option of pip's own configuration.
nox.options.default_venv_backend = "virtualenv"
# By pins, a second run in an environment equals the first, but for the wait.
nox.options.reuse_venv = "yes"
# Set, because nox takes a missing Python for a failure wherever CI is set: `versions` skips it.
nox.options.error_on_missing_interpreters = False

PYPROJECT = nox.project.load_toml("pyproject.toml")
CONSTRAINTS = "constraints.txt"
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
OTHER_PYTHONS = [v for v in nox.project.python_versions(PYPROJECT) if v != HERE]

LIGHT = "cli,qdrant,server"  # the extras that bring no torch
FULL = f"{LIGHT},export"  # every extra that the tests need so far
MODEL_ENV = {
    "HF_HUB_OFFLINE": "1",  # the weights come from a package: nothing may be fetched
    "TOKENIZERS_PARALLELISM": "false",  # else the tokenizer warns after every fork
}
IN_WHEEL = ("swapmatch/py.typed", "swapmatch/demo/community.jsonl")


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format, and the direction of imports."""
    _install(session, *_group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports", env={"PYTHONPATH": "src"})


@nox.session
def typing(session: nox.Session) -> None:
    """Types of the package, of its public face and of this file."""
    _install(session, "-e", f".[{LIGHT}]", *_group("typing"))
    session.run("mypy", *(session.posargs or ("src", "tests/typing", "noxfile.py")))


@nox.session
def tests(session: nox.Session) -> None:
    """All tests on the Python that runs nox, with the real model and branch coverage."""
    _install(session, "-e", f".[{FULL}]", *_group("test"))
    session.run("pytest", "--cov", "--cov-report=term", *session.posargs, env=MODEL_ENV)


@nox.session(python=OTHER_PYTHONS)
def versions(session: nox.Session) -> None:
    """The tests on every other supported Python, from the built package and without torch."""
    _install(session, f".[{LIGHT}]", *_group("test"))
    session.run("pytest", *session.posargs, env=MODEL_ENV)


@nox.session
def quality(session: nox.Session) -> None:
    """How good the matches are: one JSON line per figure."""
    _install(session, "-e", f".[{FULL}]")
    session.run("python", "tests/quality/run.py", *session.posargs, env=MODEL_ENV)


@nox.session
def bench(session: nox.Session) -> None:
    """How fast it is and how much memory it takes, beside the usual ways: one JSON line per figure."""
    _install(session, "-e", f".[{FULL}]", *_group("bench"))
    session.run("python", "tests/benchmarks/run.py", *session.posargs, env=MODEL_ENV)


@nox.session
def demo(session: nox.Session) -> None:
    """The bundled community, with three people's best matches explained."""
    _install(session, "-e", f".[{FULL}]")
    session.run("swapmatch", "demo", "--db", "swapmatch-demo.db", *session.posargs, env=MODEL_ENV)


@nox.session
def build(session: nox.Session) -> None:
    """The sdist, and from it the wheel, tried in an environment that has nothing else."""
    _install(session, *_group("build"))
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build", "--no-isolation")
    (wheel,) = Path("dist").glob("*.whl")
    missing = set(IN_WHEEL).difference(ZipFile(wheel).namelist())
    if missing:
        session.error(f"{wheel} lacks {', '.join(sorted(missing))}")

    fresh = Path(session.create_tmp(), "fresh")
    scripts = fresh.resolve() / ("Scripts" if os.name == "nt" else "bin")
    python = str(scripts / "python")
    session.run("python", "-m", "venv", "--clear", str(fresh))
    for what in (str(wheel), f"{wheel}[cli]"):
        pip = (python, "-m", "pip", "install", "--quiet", "-c", CONSTRAINTS, what)
        session.run(*pip, external=True)
        session.run(python, "-c", "import swapmatch; swapmatch.Profile", external=True)
    session.run(str(scripts / "swapmatch"), "--help", external=True)


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation as web pages, in docs/_build/html."""
    if not Path("docs/conf.py").exists():
        session.skip("there is no docs/conf.py: the pages are read as Markdown")
    _install(session, "-e", f".[{LIGHT}]", *_group("docs"))
    session.run("sphinx-build", "-W", "-b", "html", "docs", "docs/_build/html", *session.posargs)


def _install(session: nox.Session, *what: str) -> None:
    """Install by pins alone, the tools that build the package included."""
    session.install("-c", CONSTRAINTS, "--build-constraint", CONSTRAINTS, *what)


def _group(name: str) -> tuple[str, ...]:
    return nox.project.dependency_groups(PYPROJECT, name)
