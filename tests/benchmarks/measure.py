"""Time, memory, and one core to measure them on."""

from __future__ import annotations

import os
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import machine as architecture
from platform import python_version
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

# Read by the numeric libraries when they are imported, so set in the environment of a process that is yet to start.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
MIB = 2**20
SPARE = 512 * MIB  # of the memory that is free, left to everybody else
LOOK_EVERY_S = 0.1
IDLE_SHARE = 0.1  # of a core: below it nothing goes on in the background
IDLE_LOOKS = 10  # in a row: what goes on in the background pauses while somebody may still be writing
SETTLED_WITHIN_S = 900.0


def take_one_core(cpu: int | None) -> None:
    """Stay on one core, the least busy of those allowed unless told otherwise; where that cannot be done, on all."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {_least_busy(os.sched_getaffinity(0)) if cpu is None else cpu})


def limit_memory() -> None:
    """Make this process fail for itself, by MemoryError, before the system has to end one."""
    free = available()
    if free is None:
        return
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (max(free - SPARE, SPARE),) * 2)


def all_cores() -> int:
    """Return how many cores a process may use that stays on none."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def missing(packages: Iterable[str]) -> list[str]:
    """Return which of these, as pip names them, are not installed."""

    def is_missing(package: str) -> bool:
        try:
            version(package)
        except PackageNotFoundError:
            return True
        return False

    return [package for package in packages if is_missing(package)]


def available() -> int | None:
    """Return how many bytes of memory are free to take, where the system says so."""
    return _kib("/proc/meminfo", "MemAvailable")


def resident(process: int | str = "self") -> float | None:
    """Return the memory of this process, or of another, in MiB, where the system says so."""
    return _mib("VmRSS", process)


def peak() -> float | None:
    """Return the most memory that this process had since `reset_peak`, in MiB."""
    return _mib("VmHWM")


def reset_peak() -> None:
    """Forget how much memory this process once had."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        say("the peak of memory counts from the start of the process: it cannot be reset here")


def latencies(ask: Callable[[Asked], Answer], asked: Iterable[Asked]) -> tuple[list[Answer], list[float]]:
    """Return the answers, and how many milliseconds each took."""
    answers, took = [], []
    for one in asked:
        started = time.perf_counter()
        answers.append(ask(one))
        took.append((time.perf_counter() - started) * 1e3)
    return answers, took


def quantile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def settle() -> float:
    """Wait until nothing goes on in the background of this process; return for how many seconds something did."""
    started = busy_until = time.perf_counter()
    idle = 0
    while idle < IDLE_LOOKS and time.perf_counter() - started < SETTLED_WITHIN_S:
        worked = time.process_time()
        time.sleep(LOOK_EVERY_S)
        idle += 1
        if time.process_time() - worked > IDLE_SHARE * LOOK_EVERY_S:
            busy_until, idle = time.perf_counter(), 0
    return busy_until - started


def machine(*, cores: int = 1) -> str:
    """Describe the machine in words, of which so many cores were used."""
    model = architecture()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    except OSError:
        pass  # what Python says of it must do
    total = _kib("/proc/meminfo", "MemTotal")
    memory = f", {total / 2**30:.0f} GiB" if total else ""
    used = "one core" if cores == 1 else f"{cores} cores"
    return f"{used} of {model}{memory}, Python {python_version()}, numpy {version('numpy')}"


def say(message: str) -> None:
    """Tell whoever waits."""
    print(message, file=sys.stderr, flush=True)


def _least_busy(cores: Iterable[int]) -> int:
    before = _idle()
    time.sleep(2 * LOOK_EVERY_S)
    after = _idle()
    return max(cores, key=lambda core: after.get(core, 0) - before.get(core, 0))


def _idle() -> dict[int, int]:
    """Return for how long each core has had nothing to do, in ticks."""
    try:
        lines = [line.split() for line in Path("/proc/stat").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return {}
    cores = (line for line in lines if line[0].startswith("cpu") and line[0] != "cpu")
    return {int(core[0].removeprefix("cpu")): int(core[4]) for core in cores}


def _mib(name: str, process: int | str = "self") -> float | None:
    size = _kib(f"/proc/{process}/status", name)
    return None if size is None else size / MIB


def _kib(file: str, name: str) -> int | None:
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), None)
