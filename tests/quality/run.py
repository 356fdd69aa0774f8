"""How good the matches are: one JSON line per figure on stdout, progress on stderr.

    python tests/quality/run.py [--only survey|esco]

Two data sets, which the project does not ship:

- survey: what 35,071 people of the 2019 Stack Overflow developer survey work with and want to learn.
- esco: 10,000 people composed of real ESCO labels (the labels are real, the people are not): 1,000 skills, seed 1.

They are looked for in the folder that the environment names as SWAPMATCH_DATA, or else in ../shared/data beside the
project; the script that composes the people of ESCO in ../tools beside that folder. What is not there is skipped, and
the reason is printed on stderr.

The two ways beside swapmatch embed every text of every person, at 50 to 80 texts a second and core for the long ones of
the survey, so all three ways run on 5,000 people of it, drawn with seed 1, and swapmatch on everybody as well.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from swapmatch.encoders.sentence_transformers import SentenceTransformersEncoder
from swapmatch.evaluation import evaluate, load_dataset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from swapmatch.evaluation import Dataset, Figure

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("SWAPMATCH_DATA") or ROOT.parent / "shared" / "data")
SURVEY = DATA / "so_survey_2019_dev.csv.gz"
ESCO_SKILLS = DATA / "esco_skills_dev.csv.gz"
ESCO_PEOPLE = DATA.parent / "tools" / "esco_people.py"
SUBSET = 5_000  # people of the survey on whom all three ways run
SAMPLE = 200
SEED = 1


def missing(name: str) -> str | None:
    """Return why a data set is not to be had here, or None if it is."""
    wanted = {"survey": (SURVEY,), "esco": (ESCO_SKILLS, ESCO_PEOPLE)}[name]
    absent = [str(path) for path in wanted if not path.is_file()]
    return f"{name}: there is no {' and no '.join(absent)} (SWAPMATCH_DATA names the folder)" if absent else None


def survey() -> Dataset:
    """Return the people of the survey."""
    return load_dataset(SURVEY)


def esco() -> Dataset:
    """Compose the people of ESCO and return them."""
    with TemporaryDirectory() as folder:
        people = Path(folder, "esco_people.jsonl")
        numbers = ("--people", "10000", "--skills", "1000", "--seed", "1")
        subprocess.run([sys.executable, ESCO_PEOPLE, ESCO_SKILLS, *numbers, "-o", people], check=True)
        return load_dataset(people)


def figures(name: str) -> Iterator[Figure]:
    """Measure one data set."""
    encoder = SentenceTransformersEncoder()
    if name == "esco":
        yield from evaluate(esco(), encoder, sample=SAMPLE, seed=SEED, progress=True)
        return
    people = survey()
    yield from evaluate(people, encoder, sample=SAMPLE, seed=SEED, ways=["swapmatch"], progress=True)
    yield from evaluate(people.subset(SUBSET, SEED), encoder, sample=SAMPLE, seed=SEED, progress=True)


def main() -> None:
    """Print the figures of every data set that is here."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("survey", "esco"))
    only = parser.parse_args().only
    started = time.monotonic()
    for name in (only,) if only else ("survey", "esco"):
        if reason := missing(name):
            print(f"skipped {reason}", file=sys.stderr)
            continue
        for figure in figures(name):
            print(json.dumps(asdict(figure)), flush=True)
    print(f"took {time.monotonic() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
