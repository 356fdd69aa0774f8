"""Every benchmark by name; a new one is a line here and a function that yields figures."""

from __future__ import annotations

from dataclasses import dataclass

INDEX = "indexing:measure"
IMPORT = "storing:import_people"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a name stands for.

    Attributes:
        name: As given on the command line.
        part: `module:function`, called with a Job in a fresh process; benchmarks of one part share the process.
        largest: Beyond this many people it is left out.
        after: A part that has to run before, in the same folder.
    """

    name: str
    part: str
    largest: int = 10_000_000
    after: str | None = None


BENCHMARKS = (
    Benchmark("build", INDEX),  # everybody into the index: time and memory
    Benchmark("match", INDEX),  # a stored person's candidates: latency and recall
    Benchmark("text", INDEX),  # candidates by skills that nobody has, their vectors given
    Benchmark("encoded", INDEX, 1_000_000),  # the same by texts, the model's work included
    Benchmark("import", IMPORT, 1_000_000),  # Matcher.put_many into SQLite
    Benchmark("startup", "storing:start_up", 1_000_000, IMPORT),  # Matcher.open on that file
    Benchmark("startup", "storing:start_up_saved", 1_000_000, IMPORT),  # the same, the index saved beside it
    Benchmark("matcher", "storing:match", 100_000, IMPORT),  # Matcher.match, profiles read from SQLite
    Benchmark("freetext", "freetext:measure", 250_000),  # nearly every statement a skill of its own
    Benchmark("threads", "threads:measure", 100_000, IMPORT),  # eight of them, while one thread writes; writes last
)
# What part INDEX is held against, each in a process of its own, and who then compares the answers of all.
PEERS = {INDEX: ("peers:measure_wap", "peers:measure_pooled")}
RECALL = "recall:measure"
