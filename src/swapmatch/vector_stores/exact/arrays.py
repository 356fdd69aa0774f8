"""A file of arrays: versioned, checksummed, mapped into memory; never pickle.

    8 bytes   MAGIC
    4 bytes   version, little-endian like all numbers here
    4 bytes   length of the header
    4 bytes   CRC-32 of the header
    header    JSON: what the caller says of the arrays, and of each its name, type, shape, offset and CRC-32
    arrays    each from a multiple of 64 bytes on

A file is written beside its place and renamed, so it is there whole or not at all.
"""

from __future__ import annotations

import glob
import json
import math
import mmap
import os
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from zlib import crc32

import numpy as np

from swapmatch.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[Any]]

MAGIC = b"SWAPINDX"
VERSION = 1
HEAD = struct.Struct("<8sIII")
ALIGNMENT = 64
TYPES = ("<i4", "<i8", "<u8", "<f4", "|u1", "|b1")
MAX_HEADER = 1_000_000  # bytes; a header takes a few thousand
PIECE = 1 << 22  # bytes read or written at a time
ABANDONED_S = 3_600  # after which the file of a writer that never ended is removed


def write(path: Path, about: Mapping[str, Any], arrays: Arrays) -> None:
    """Write a file in place of what was there. Raises OSError."""
    sound = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    header = _header(about, sound)
    _remove_abandoned(path)
    part = path.with_name(f"{path.name}.{uuid4().hex[:8]}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(HEAD.pack(MAGIC, VERSION, len(header), crc32(header)))
            file.write(header)
            for array in sound.values():
                file.write(b"\0" * (-file.tell() % ALIGNMENT))
                file.write(_bytes(array))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def read(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return what is said of the arrays, and the arrays, read-only and mapped: what nobody looks at takes no memory.

    Raises:
        FileNotFoundError: There is no file.
        StoreError: It is damaged, none of ours, or of another version.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        about, places = _about(file)
        size = os.fstat(file.fileno()).st_size
        for place in places:
            _check(file, place, size)
        file.seek(0)
        # Windows lets nobody replace or remove a file that is mapped.
        whole = file.read() if os.name == "nt" else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    arrays = {}
    for place in places:
        count = math.prod(place["shape"])
        flat = np.frombuffer(whole, place["type"], count, place["offset"]) if count else np.zeros(0, place["type"])
        arrays[place["name"]] = flat.reshape(place["shape"])
    return about, arrays


def remove(path: Path) -> None:
    """Remove a file, and the parts of those who are writing it or never ended; it need not be there. Raises OSError."""
    for part in _parts(path):
        part.unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def is_strange(path: Path) -> bool:
    """Whether there is a file with something in it that is no file of arrays."""
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
    except OSError:
        return False
    return not MAGIC.startswith(start)


def _header(about: Mapping[str, Any], arrays: Arrays) -> bytes:
    """Return the header; how long it is decides where the arrays begin, so offsets have one width."""
    places: list[dict[str, Any]] = [
        {"name": name, "type": array.dtype.str, "shape": array.shape, "offset": 0, "crc": crc32(_bytes(array))}
        for name, array in arrays.items()
    ]
    if strange := [place["type"] for place in places if place["type"] not in TYPES]:
        message = f"arrays of these types cannot be saved: {strange}"
        raise TypeError(message)
    room = len(json.dumps({"about": about, "arrays": places})) + 20 * len(places)
    end = HEAD.size + room
    for place, array in zip(places, arrays.values(), strict=True):
        place["offset"] = end + -end % ALIGNMENT
        end = place["offset"] + array.nbytes
    return json.dumps({"about": about, "arrays": places}).encode("ascii").ljust(room)


def _about(file: BinaryIO) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    head = file.read(HEAD.size)
    if len(head) < HEAD.size or head[:8] != MAGIC:
        message = f"{file.name} is no snapshot of an index"
        raise StoreError(message)
    _, version, length, checksum = HEAD.unpack(head)
    if version != VERSION:
        message = f"{file.name} is a snapshot of version {version}; this swapmatch knows version {VERSION}"
        raise StoreError(message)
    header = file.read(min(length, MAX_HEADER))
    if len(header) != length or crc32(header) != checksum:
        message = f"{file.name} is damaged: its header is not what was written"
        raise StoreError(message)
    said = json.loads(header)
    return said["about"], said["arrays"]


def _check(file: BinaryIO, place: Mapping[str, Any], size: int) -> None:
    """Read an array and compare its checksum. Reading, not mapping: pages of the file count as nobody's memory."""
    left = np.dtype(place["type"]).itemsize * math.prod(place["shape"])
    checksum = 0
    if place["type"] in TYPES and place["offset"] + left <= size:
        file.seek(place["offset"])
        while left and (piece := file.read(min(left, PIECE))):
            checksum = crc32(piece, checksum)
            left -= len(piece)
    if left or checksum != place["crc"]:
        message = f"{file.name} is damaged: {place['name']} is not what was written"
        raise StoreError(message)


def _bytes(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _remove_abandoned(path: Path) -> None:
    for part in _parts(path):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > ABANDONED_S:
                part.unlink()


def _parts(path: Path) -> Iterator[Path]:
    return path.parent.glob(f"{glob.escape(path.name)}.*.part")
