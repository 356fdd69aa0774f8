"""Whether everybody will fit into memory, told before anybody is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from swapmatch.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 2**20
# With two skills a side: 120 bytes that stay, and as much again while segments are merged (10 million, 2026-11-24).
PERSON_BYTES = 250
SKILL_BYTES = 2_500  # a key, and a list of 256 neighbours; the vector comes on top
BASE_BYTES = 40 * MIB
MEMINFO, STATUS = Path("/proc/meminfo"), Path("/proc/self/status")
CGROUPS, OWN_CGROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def check(people: int, skills: int, *, dimension: int) -> None:
    """Return if so many people and distinct skills fit into the memory that is free, or if nobody can tell.

    Raises:
        ConfigurationError: They do not; the message says how many would.
    """
    free = available()
    skill_bytes = skills * (SKILL_BYTES + 4 * dimension)
    needed = BASE_BYTES + people * PERSON_BYTES + skill_bytes
    if free is None or needed <= free or not people:
        return
    share = (free - BASE_BYTES) / (needed - BASE_BYTES)
    fitting = max(0, int(people * share))
    message = (
        f"the index in memory needs about {_shown(needed)} for {people:,} people with {skills:,} distinct skills, but "
        f"{_shown(free)} are free: enough for about {fitting:,} people. Nobody was loaded. Give this process more "
        "memory, or keep fewer people in this database"
    )
    raise ConfigurationError(message)


def available() -> int | None:
    """Return how many bytes this process may still take: of the machine, its control group and its own limits."""
    return min((limit for limit in _limits() if limit is not None), default=None)


def _limits() -> Iterator[int | None]:
    yield _number_in(MEMINFO, "MemAvailable:", unit=1024)
    for group in _groups():
        for most, now in (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")):
            limit, usage = _number(group / most), _number(group / now)
            if limit is not None and usage is not None:
                cache = _number_in(group / "memory.stat", "inactive_file") or 0  # given back when it is needed
                yield limit - usage + cache
    yield from _own_limits()


def _groups() -> Iterator[Path]:
    """Yield the control groups of this process and all that these stand in, of both versions."""
    yield from (CGROUPS, CGROUPS / "memory")
    try:
        lines = OWN_CGROUPS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        root = CGROUPS if not controllers else CGROUPS / "memory"
        if controllers in {"", "memory"}:
            group = root / path.lstrip("/")
            while group != root and root in group.parents:
                yield group
                group = group.parent


def _own_limits() -> Iterator[int]:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    for kind, used in ((resource.RLIMIT_AS, "VmSize:"), (resource.RLIMIT_DATA, "VmData:")):
        limit, _ = resource.getrlimit(kind)
        if limit != resource.RLIM_INFINITY:
            yield limit - (_number_in(STATUS, used, unit=1024) or 0)


def _number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None  # "max" is no limit


def _number_in(path: Path, name: str, *, unit: int = 1) -> int | None:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    words = next((line.split() for line in lines if line.startswith(name)), None)
    return int(words[1]) * unit if words else None


def _shown(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{max(size, 0) / MIB:.0f} MiB"
