"""How fast swapmatch is and how much memory it takes: JSON lines on stdout, a table on stderr.

    nox -s bench -- [names] [--sizes 10k,100k,1M,10M] [--write-docs]

Names are those of `table.py`: build, match, text, encoded, import, startup, matcher, freetext, threads, encoder,
serving; all without any. `freetext --sizes 250k` measures half a million distinct skills. People are
composed in the way of the ESCO generator over distinct ESCO labels, embedded once and kept in a cache. Where there are
no labels, or with --random-vectors, the vectors are random and neither data nor a model is needed.

Each size is measured in fresh processes on one core, so that figures of memory are its own: swapmatch in one; the
usual ways, over the same vectors, in one each; and one that compares all answers with the formula worked out for
everybody. `ratio` is value / peer_value.

The HNSW index takes longest by far to build: 150 s for 100,000 people (2026-11-23, a core that others used, too), and
over ten times that for a million. --wap-up-to 100k leaves the latter out.

`encoder` and `serving` have no --sizes. The former gives --texts to the exported models and to torch, and holds against
each other the matches they make; the latter starts `swapmatch serve` on all cores, over --served people and over the
demo community, and asks it for --seconds.

The folder that the environment names as SWAPMATCH_DATA, or else ../shared/data beside the project, holds the labels.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from job import ESCO, Figure, Job, Prepared, Wanted
from measure import ONE_THREAD, all_cores, limit_memory, machine, missing, say, take_one_core
from report import as_lines, as_table, key_of, write_docs
from table import BENCHMARKS, INDEX, ON_ALL_CORES, PEERS, RECALL, Benchmark

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("SWAPMATCH_DATA") or ROOT.parent / "shared" / "data")
SIZES = "10k,100k,1M,10M"
PREPARE = "skill_vectors:prepare"
KINDS = {"Job": Job, "Wanted": Wanted}


class PartFailedError(Exception):
    """A process did not end well; the message says how."""


def size(text: str) -> int:
    """Return the number that 300, 10k or 1M stands for."""
    factor = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    digits = text if factor == 1 else text[:-1]
    if not digits.isdigit() or not int(digits):
        message = f"a size is written 300, 10k or 1M, not {text!r}"
        raise argparse.ArgumentTypeError(message)
    return int(digits) * factor


def sizes(text: str) -> list[int]:
    """Return several sizes, the smallest first."""
    return sorted({size(part.strip()) for part in text.split(",")})


def options() -> argparse.Namespace:
    """Read the command line."""
    names = list(dict.fromkeys(one.name for one in BENCHMARKS))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="name", help=f"what to measure: {', '.join(names)}; by default all")
    parser.add_argument("--sizes", type=sizes, default=sizes(SIZES), help=f"numbers of people; by default {SIZES}")
    parser.add_argument("--skills", type=size, default=60_000, help="distinct skills; by default 60k")
    parser.add_argument("--seekers", type=size, default=300, help="people asked for; by default 300")
    parser.add_argument("--writes", type=size, default=1_000, help="people written while threads ask; by default 1k")
    parser.add_argument("--texts", type=size, default=1_000, help="texts given to each encoder; by default 1k")
    parser.add_argument("--served", type=size, default=size("100k"), help="people of a server; by default 100k")
    parser.add_argument("--seconds", type=size, default=10, help="for how long a server is asked; by default 10")
    parser.add_argument("--random-vectors", action="store_true", help="do without labels, and people without a model")
    parser.add_argument("--wap-up-to", type=size, default=size("1M"), help="people beyond whom its HNSW takes too long")
    parser.add_argument("--no-peers", action="store_true", help="leave out the usual ways")
    parser.add_argument("--prepare", action="store_true", help="embed the labels into the cache, and no more")
    parser.add_argument("--cache", type=Path, default=ROOT / ".nox" / "bench-cache", help="for vectors and models")
    parser.add_argument("--cpu", type=int, help="the core to run on; by default the least busy one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", type=Path, help="a file with lines of earlier runs, for table and documents")
    parser.add_argument("--write-docs", action="store_true", help="write docs/performance.md and .svg")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="the folder to write them to")
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if unknown := set(given.names).difference(names):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; choose from {', '.join(names)}")
    return given


def main() -> int:
    """Measure what was asked for, or, in a process of its own, one part of it."""
    given = options()
    if given.part:
        answer(*given.part, cpu=given.cpu)
        return 0
    lines: dict[tuple[str, int, str | None], dict[str, Any]] = {}
    if given.lines:
        earlier = given.lines.read_text(encoding="utf-8").splitlines()
        lines = {key_of(line): line for line in map(json.loads, filter(None, earlier))}
    failed = False
    for line in () if given.lines and not given.names else measured(given):
        print(json.dumps(line), flush=True)
        lines[key_of(line)] = line
        failed |= line["unit"].startswith("failed")
    say(as_table(lines.values()))
    if given.write_docs:
        write_docs(given.docs, list(lines.values()))
    return int(failed)


def measured(given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Run the parts that the chosen benchmarks need, and yield their lines: over texts, size by size, over a server."""
    data = data_folder(given)
    chosen = list(installed(one for one in BENCHMARKS if one.name in given.names or not given.names))
    over = {each: [one for one in chosen if one.over == each] for each in ("texts", "people", "server")}
    if over["texts"] and not given.prepare:
        yield from lines_of(over["texts"], Wanted(given.texts, data, str(given.cache), given.seed), given)
    if not (over["people"] or over["server"] or given.prepare):
        return
    (fields,) = run(PREPARE, Wanted(given.skills, data, str(given.cache), given.seed), given.cpu)
    if given.prepare:
        return
    prepared = Prepared(**fields)
    for n in given.sizes:
        yield from of_size(n, [one for one in over["people"] if n <= one.largest], prepared, given)
    yield from of_size(given.served, over["server"], prepared, given)


def data_folder(given: argparse.Namespace) -> str | None:
    """Return the folder with the labels, if they are there and wanted."""
    if given.random_vectors:
        return None
    if not (DATA / ESCO).is_file():
        say(f"there is no {ESCO} (SWAPMATCH_DATA names its folder): measuring with random vectors")
        return None
    return str(DATA)


def installed(chosen: Iterable[Benchmark]) -> Iterator[Benchmark]:
    """Yield those that have the packages they need; of the others, say what is missing."""
    for one in chosen:
        if absent := missing(one.needs):
            say(f"{one.name}, left out: {', '.join(absent)} not installed ({one.part})")
        else:
            yield one


def of_size(n: int, chosen: list[Benchmark], prepared: Prepared, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield the lines of benchmarks over so many people."""
    with TemporaryDirectory(prefix="swapmatch-bench-") as folder:
        job = Job(
            n=n,
            names=tuple(one.name for one in chosen),
            folder=folder,
            seekers=min(given.seekers, n),
            writes=given.writes,
            wap_up_to=given.wap_up_to,
            seconds=given.seconds,
            cache=str(given.cache),
            seed=given.seed,
            **asdict(prepared),
        )
        yield from lines_of(chosen, job, given)


def lines_of(chosen: list[Benchmark], task: Job | Wanted, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Run the parts of some benchmarks and yield their lines."""
    n, what = (task.n, "people") if isinstance(task, Job) else (task.count, "texts")
    for part in dict.fromkeys(part for one in chosen for part in (one.after, one.part) if part):
        say(f"{n:,} {what}: {part}")
        figures = list(figures_of(part, task, given))
        if any(one.part == part for one in chosen):
            yield from as_lines(figures, n, machine(cores=all_cores() if part in ON_ALL_CORES else 1))


def figures_of(part: str, task: Job | Wanted, given: argparse.Namespace) -> Iterator[Figure]:
    """Yield the figures of a part and of what it is held against; a failure is a figure without a value."""
    names = set(task.names) if isinstance(task, Job) else set()
    has_peers = not given.no_peers and (part != INDEX or not names.isdisjoint({"build", "match"}))
    others = PEERS.get(part, ()) if has_peers else ()
    compared = (RECALL,) if part == INDEX and "match" in names else ()
    for each in (part, *others, *compared):
        try:
            yield from (Figure(**figure) for figure in run(each, task, given.cpu))
        except PartFailedError as failure:
            yield Figure(each, None, f"failed: {failure}")


def run(part: str, task: Job | Wanted, cpu: int | None) -> list[dict[str, Any]]:
    """Return what a part answers in a fresh process.

    Raises:
        PartFailedError: It ended otherwise than well.
    """
    command = [sys.executable, __file__, "--part", part, json.dumps([type(task).__name__, asdict(task)])]
    command += [] if cpu is None else ["--cpu", str(cpu)]
    threads = {} if part in ON_ALL_CORES else ONE_THREAD
    done = subprocess.run(command, env=os.environ | threads, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        ended = f"by signal {-done.returncode}" if done.returncode < 0 else f"with {done.returncode}"
        message = f"{part} ended {ended}"
        raise PartFailedError(message)
    return [json.loads(line) for line in done.stdout.splitlines()]


def answer(part: str, task: str, *, cpu: int | None) -> None:
    """Do one part, on one core unless it takes all, and print what it yields."""
    if part not in ON_ALL_CORES:
        take_one_core(cpu)
    limit_memory()
    kind, fields = json.loads(task)
    module, _, function = part.partition(":")
    for one in getattr(import_module(module), function)(KINDS[kind](**fields)):
        print(json.dumps(asdict(one)), flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PartFailedError as failure:
        sys.exit(str(failure))
