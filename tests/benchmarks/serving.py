"""`swapmatch serve` from the outside: how soon it is ready, what it takes, and whether it stays alive under load."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import deque
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from encoding import exported
from indexing import quantiles
from job import OURS, TORCH, Figure, Job
from load import NEW, OK, Load, ask, clients
from measure import latencies, quantile, resident, say, settle
from storing import database, import_people

from swapmatch import Matcher, Profile, registry
from swapmatch.demo import community

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from load import Answered

STARTS = 3  # with many people, of which the median counts
READY_WITHIN_S = 300.0
STOPPED_WITHIN_S = 60.0
LOOK_EVERY_S = 0.02
PROBE_EVERY_S = 0.01
FEW, MANY = 8, 32  # clients
REQUESTS = 200  # before memory is looked at
PEOPLE = [Profile.parse(fields) for fields in community()]
URL = re.compile(r"http://\S+?:\d+")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready.

    Attributes:
        url: Where it listens.
        process: Its id.
        started: How many seconds it took from the start of the process to the first 200 of /readyz.
    """

    url: str
    process: int
    started: float


def measure(job: Job) -> Iterator[Figure]:
    """Measure it on the exported model in int8."""
    yield from _measured(job, f"fastembed:{exported(job.cache, 'int8')}", OURS)


def measure_on_torch(job: Job) -> Iterator[Figure]:
    """Measure the same on torch."""
    yield from _measured(job, "sentence-transformers:", TORCH)


def _measured(job: Job, encoder: str, who: str) -> Iterator[Figure]:
    folder = Path(job.folder, who)
    folder.mkdir()
    many = _many(replace(job, folder=str(folder)), encoder)
    yield Figure("serving_ready", _started(many, encoder), "s", who, n=job.n)
    with served(_few(folder, encoder), encoder) as server:
        yield Figure("serving_ready", server.started, "s", who, n=len(PEOPLE))
        for one in _asked(server, job.seconds):
            yield replace(one, who=who, n=len(PEOPLE))


@contextmanager
def served(db: Path, encoder: str) -> Iterator[Server]:
    """Have a server, in a process of its own, over these people."""
    log = db.with_suffix(".log")
    command = [sys.executable, "-m", "swapmatch", "serve", "--db", str(db), "--encoder", encoder, "--port", "0"]
    started = time.perf_counter()
    with log.open("w", encoding="utf-8") as told:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=told)
    try:
        url = _ready(process, log)
        yield Server(url, process.pid, time.perf_counter() - started)
    finally:
        process.terminate()
        try:
            process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """Return where a server listens, once it is ready; it says so as soon as it has read the people."""
    until = time.perf_counter() + READY_WITHIN_S
    while process.poll() is None and time.perf_counter() < until:
        url = URL.search(log.read_text(encoding="utf-8"))
        if url and _get(url[0], "/readyz") == OK:
            return url[0]
        time.sleep(LOOK_EVERY_S)
    message = f"the server is not ready; it said: {log.read_text(encoding='utf-8')}"
    raise SystemExit(message)


def _get(url: str, path: str) -> int:
    with closing(HTTPConnection(urlsplit(url).netloc)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


def _many(job: Job, encoder: str) -> Path:
    """Store the people of the import; their vectors count as this encoder's, which none of them has to ask."""
    deque(import_people(replace(job, fingerprint=registry.open_encoder(encoder).fingerprint)), maxlen=0)
    return database(job)


def _few(folder: Path, encoder: str) -> Path:
    """Store the demo community."""
    file = folder / "community.db"
    with Matcher.open(file, encoder=registry.open_encoder(encoder)) as matcher:
        matcher.put_many(community())
        settle()
    return file


def _started(db: Path, encoder: str) -> float:
    took = []
    for _ in range(STARTS):
        with served(db, encoder) as server:
            took.append(server.started)
    return median(took)


def _asked(server: Server, seconds: int) -> Iterator[Figure]:
    offers = [offer for person in PEOPLE for offer in person.offers_by_key.values()]
    needs = [need for person in PEOPLE for need in person.needs_by_key.values()]
    pairs = list(zip(offers, needs, strict=False))
    stored = tuple((f"/match/{person.uid}", None) for person in PEOPLE)
    known = tuple(_reciprocal(offer, need) for offer, need in pairs)
    new = tuple(_reciprocal(f"{offer} {NEW}", f"{need} {NEW}") for offer, need in pairs)
    with clients() as pool:

        def under(load: Load) -> Future[Answered]:
            say(f"serving: {load.clients} clients, {load.requests[0][0]} and so on")
            return pool.submit(ask, load)

        mixed = tuple(one for both in zip(stored, new, strict=False) for one in both)
        first = under(Load(server.url, mixed, FEW, float("inf"), REQUESTS)).result()
        yield Figure("serving_memory", resident(server.process), "MiB")
        matches = under(Load(server.url, stored, FEW, seconds)).result()
        yield Figure("serving_match_rate", len(matches.took) / matches.seconds, "requests/s")
        texts = under(Load(server.url, known, FEW, seconds)).result()
        yield Figure("serving_reciprocal_rate", len(texts.took) / texts.seconds, "requests/s")
        asking = under(Load(server.url, new, MANY, seconds))
        alive, unseen = _probed(server.url, asking), asking.result()
    yield Figure("serving_new_texts_rate", len(unseen.took) / unseen.seconds, "requests/s")
    yield from quantiles("serving_new_texts", unseen.took)
    for name, value in (("p50", quantile(alive, 0.50)), ("p99", quantile(alive, 0.99)), ("max", max(alive))):
        yield Figure(f"serving_healthz_{name}", value, "ms")
    failed = sum(sum(one.failed.values()) for one in (first, matches, texts, unseen))
    yield Figure("serving_failed", float(failed), "requests")


def _reciprocal(offer: str, need: str) -> tuple[str, str]:
    return "/match/reciprocal", json.dumps({"my_offer_text": offer, "my_need_text": need})


def _probed(url: str, load: Future[Answered]) -> list[float]:
    """Return how many milliseconds each /healthz took while the load lasted."""
    took: list[float] = []
    with closing(HTTPConnection(urlsplit(url).netloc)) as connection:

        def probe(path: str) -> bytes:
            connection.request("GET", path)
            return connection.getresponse().read()

        while not load.done():
            took += latencies(probe, ["/healthz"])[1]
            time.sleep(PROBE_EVERY_S)
    return took
