"""Whether everybody fits into memory is told before anybody is loaded."""

import resource
import sys

import pytest

from swapmatch.errors import ConfigurationError
from swapmatch.vector_stores.exact import ExactVectorStore, memory

GIB = 2**30


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine of 8 GiB free, without control groups; what a test writes into the folder is read."""
    files = {"MEMINFO": "meminfo", "STATUS": "status", "CGROUPS": "v2", "OWN_CGROUPS": "cgroup"}
    for name, file in files.items():
        monkeypatch.setattr(memory, name, tmp_path / file)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    (tmp_path / "meminfo").write_text(f"MemTotal: {16 * GIB // 1024} kB\nMemAvailable: {8 * GIB // 1024} kB\n")
    (tmp_path / "v2" / "memory" / "box").mkdir(parents=True)
    (tmp_path / "v2" / "system.slice" / "swapmatch.service").mkdir(parents=True)
    return tmp_path


def test_what_the_machine_has_free_counts(machine):
    assert memory.available() == 8 * GIB


def test_a_control_group_may_leave_less(machine):
    (machine / "v2" / "memory.max").write_text(f"{2 * GIB}\n")
    (machine / "v2" / "memory.current").write_text(f"{GIB}\n")
    assert memory.available() == GIB
    (machine / "v2" / "memory.stat").write_text(f"anon 5\ninactive_file {GIB // 2}\n")
    assert memory.available() == GIB + GIB // 2
    (machine / "v2" / "memory.max").write_text("max\n")
    assert memory.available() == 8 * GIB


def test_an_older_control_group_may_leave_less(machine):
    (machine / "v2" / "memory" / "memory.limit_in_bytes").write_text(f"{3 * GIB}\n")
    (machine / "v2" / "memory" / "memory.usage_in_bytes").write_text(f"{GIB}\n")
    assert memory.available() == 2 * GIB


@pytest.mark.parametrize("group", ["system.slice", "system.slice/swapmatch.service"])
def test_the_group_of_the_process_and_those_around_it_may_leave_less(machine, group):
    (machine / "cgroup").write_text("0::/system.slice/swapmatch.service\n")
    (machine / "v2" / group / "memory.max").write_text(f"{GIB}\n")
    (machine / "v2" / group / "memory.current").write_text("0\n")
    assert memory.available() == GIB


def test_so_may_an_older_one(machine):
    (machine / "cgroup").write_text("5:cpu:/other\n4:memory:/box\n")
    (machine / "v2" / "memory" / "box" / "memory.limit_in_bytes").write_text(f"{GIB}\n")
    (machine / "v2" / "memory" / "box" / "memory.usage_in_bytes").write_text("0\n")
    assert memory.available() == GIB


def test_a_limit_of_the_process_may_leave_less(machine, monkeypatch):
    (machine / "status").write_text(f"Name: python\nVmSize: {GIB // 1024} kB\nVmData: {GIB // 2048} kB\n")
    limits = {resource.RLIMIT_AS: 4 * GIB, resource.RLIMIT_DATA: GIB}
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (limits[kind], limits[kind]))
    assert memory.available() == GIB // 2


def test_a_system_without_limits_of_processes_has_none(machine, monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)
    assert memory.available() == 8 * GIB


def test_where_nothing_is_known_everybody_is_let_in(machine):
    (machine / "meminfo").unlink()
    assert memory.available() is None
    memory.check(10**9, 10**7, dimension=384)


def test_the_error_says_how_many_would_fit(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 200 * memory.MIB)
    memory.check(100_000, 10_000, dimension=384)
    with pytest.raises(ConfigurationError, match=r"1,000,000 people .* 200 MiB are free") as caught:
        ExactVectorStore().reserve(1_000_000, 60_000, dimension=384)
    (told,) = [part for part in str(caught.value).split() if part.replace(",", "").isdigit() and part != "1,000,000"][
        -1:
    ]
    fitting = int(told.replace(",", ""))
    memory.check(fitting, 60_000 * fitting // 1_000_000, dimension=384)
    with pytest.raises(ConfigurationError):
        memory.check(fitting + fitting // 20, 60_000 * fitting // 1_000_000 + 3_000, dimension=384)


def test_less_than_nothing_is_enough_for_nobody(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: -5)
    with pytest.raises(ConfigurationError, match="0 MiB are free: enough for about 0 people"):
        memory.check(10, 10, dimension=384)
