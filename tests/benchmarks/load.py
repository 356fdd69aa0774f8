"""Clients of a server: as light as can be, as they share its machine, and in a process of their own."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from multiprocessing import get_context
from string import ascii_lowercase
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

NEW = "{new}"  # stands in a body for a word that no other request has
LETTERS = 9
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
OK = 200


@dataclass(frozen=True, slots=True)
class Load:
    """What clients ask a server.

    Attributes:
        url: Of the server.
        requests: Path and body of each, or no body; they are sent over and over.
        clients: How many ask at a time.
        seconds: For how long.
        most: After how many requests all of them stop before that, if at all.
    """

    url: str
    requests: tuple[tuple[str, str | None], ...]
    clients: int
    seconds: float
    most: int | None = None


@dataclass(slots=True)
class Answered:
    """How it went.

    Attributes:
        took: The milliseconds of each request that was answered with 200.
        failed: How many were answered otherwise, by status.
        seconds: How long it all took.
    """

    took: list[float] = field(default_factory=list)
    failed: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0


@contextmanager
def clients() -> Iterator[ProcessPoolExecutor]:
    """Have a process for `ask` that has started already."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(ready).result()
        yield pool


def ready() -> None:
    """Do nothing: whoever has called it has imported this module."""


def ask(load: Load) -> Answered:
    """Ask as told, each client one request after the other."""
    return asyncio.run(_ask(load))


async def _ask(load: Load) -> Answered:
    answered, requests = Answered(), islice(_written(load), load.most)
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(load.clients):
            group.create_task(_client(load, requests, started + load.seconds, answered))
    answered.seconds = time.perf_counter() - started
    return answered


def _written(load: Load) -> Iterator[bytes]:
    chance, host = random.Random(load.url), urlsplit(load.url).netloc
    for path, body in cycle(load.requests):
        head = f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\nHost: {host}\r\n"
        if body is None:
            yield f"{head}\r\n".encode()
            continue
        while NEW in body:
            body = body.replace(NEW, "".join(chance.choices(ascii_lowercase, k=LETTERS)), 1)  # noqa: PLW2901
        content = body.encode()
        yield f"{head}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content


async def _client(load: Load, requests: Iterator[bytes], until: float, answered: Answered) -> None:
    where = urlsplit(load.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    for request in requests:
        started = time.perf_counter()
        if started >= until:
            break
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = LENGTH.search(head)
        await reader.readexactly(int(length[1]) if length else 0)
        status = int(head.split(maxsplit=2)[1])
        if status == OK:
            answered.took.append((time.perf_counter() - started) * 1e3)
        else:
            answered.failed[status] += 1
    writer.close()
