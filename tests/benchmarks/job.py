"""What a process is asked to measure, and what it answers; standard library only."""

from __future__ import annotations

from dataclasses import dataclass

OURS = "swapmatch"
WAP = "wap on HNSW (usearch)"
POOLED = "pooled scan (numpy)"
TORCH = "torch"
ESCO = "esco_skills_dev.csv.gz"  # the labels, in the folder of the data


@dataclass(frozen=True, slots=True)
class Job:
    """One size, for one process.

    Attributes:
        n: How many people.
        names: Which benchmarks were asked for.
        skills: The files of distinct skills and their vectors, without their endings.
        fingerprint: Whose vectors these are.
        dimension: Their length.
        folder: Where the processes of one size leave things for each other.
        seekers: For how many people to ask.
        writes: How many people to write while threads ask.
        wap_up_to: Beyond this many people the wap way is left out.
        seconds: For how long a server is asked.
        cache: Where vectors and models are kept between runs.
        seed: Of everything drawn.
    """

    n: int
    names: tuple[str, ...]
    skills: str
    fingerprint: str
    dimension: int
    folder: str
    seekers: int
    writes: int
    wap_up_to: int
    seconds: int
    cache: str
    seed: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """The skills to prepare, or to encode.

    Attributes:
        count: How many.
        data: The folder with the ESCO labels, or None for random vectors.
        cache: Where vectors and models are kept between runs.
        seed: Of everything drawn.
    """

    count: int
    data: str | None
    cache: str
    seed: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """Distinct skills with vectors, on disk; see Job for the fields."""

    skills: str
    fingerprint: str
    dimension: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    Attributes:
        name: What was measured.
        value: None where it could not be; then `who` or `unit` says why.
        unit: Of the value.
        who: Who was measured.
        peer: What it is held against, where no other process measures that.
        peer_value: Likewise.
        n: Of how many it is, where that is not the number that the part was asked for.
    """

    name: str
    value: float | None
    unit: str
    who: str = OURS
    peer: str | None = None
    peer_value: float | None = None
    n: int | None = None
