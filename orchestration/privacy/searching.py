"""Where one file holds an identifier: as text, in tables that are decoded, in what is unpacked, and in the bytes around the rows.

Comes in: a path and needles. Goes out: names of tables, of members of an archive, or of the kind of place.
Nothing parts one text from the next in the bytes of a database. So what is part of a longer text there (C12 in C123) counts, unless a
table holds the longer one: then it cannot be told from it, and what the tables say counts.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from orchestration.privacy.databases import DuckDb, Parquet, Rows, Sqlite
from orchestration.redaction import Needles

# In bytes that are compressed, shorter ones may be there by chance.
_LONG_ENOUGH = 8
# First bytes of a file → what decodes its rows. DuckDB's follow a checksum.
_DECODED: dict[tuple[int, bytes], type[Rows]] = {(8, b"DUCK"): DuckDb, (0, b"PAR1"): Parquet, (0, b"SQLite format 3\0"): Sqlite}
# First bytes of a file → what unpacks it as a stream.
_PACKED: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
    b"\x28\xb5\x2f\xfd": lambda path: pa.CompressedInputStream(str(path), "zstd"),
    b"\x04\x22\x4d\x18": lambda path: pa.CompressedInputStream(str(path), "lz4"),
}


def places(path: Path, needles: Needles) -> Iterator[str]:
    """The places of one file that hold a needle. Raises what reading a damaged file raises."""
    decoder = rows_of(path)
    if decoder is not None:
        yield from decoder.holding(path, needles)
        if _around(path, decoder, needles):
            yield "bytes of the file"
        return
    with path.open("rb") as file:
        if path.suffix == ".wal" and _long(needles.spotter.inside_file(file)):
            yield "log of a database"
        elif needles.spotter.are_in_file(file):
            yield "text"
    yield from packed(path, needles)


def rows_of(path: Path) -> type[Rows] | None:
    """What decodes the rows of a file; None where it has none."""
    with path.open("rb") as file:
        first = file.read(16)
    return next((decoder for (offset, magic), decoder in _DECODED.items() if first[offset:].startswith(magic)), None)


def packed(path: Path, needles: Needles) -> Iterator[str]:
    """The members of an archive that hold a needle, or "compressed" for what is one stream; one that is damaged may hold anybody."""
    try:
        yield from _unpacked(path, needles)
    except (EOFError, OSError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, pa.ArrowInvalid):
        yield "damaged, so that nobody can tell"


def _unpacked(path: Path, needles: Needles) -> Iterator[str]:
    with path.open("rb") as file:
        first = file.read(6)
    unpack = next((opened for magic, opened in _PACKED.items() if first.startswith(magic)), None)
    if unpack is not None:
        with unpack(path) as stream:
            if needles.spotter.are_in_file(stream):
                yield "compressed"
    elif zipfile.is_zipfile(path):
        yield from _members(path, needles)


def _members(path: Path, needles: Needles) -> Iterator[str]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                if needles.spotter.are_in_file(member):
                    yield name


def _around(path: Path, decoder: type[Rows], needles: Needles) -> bool:
    """Free blocks, dictionaries, statistics of columns: whatever of a needle no row explains."""
    with path.open("rb") as file:
        inside = _long(needles.spotter.inside_file(file))
    return any(not decoder.contains(path, text) for text in inside)


def _long(texts: set[str]) -> list[str]:
    return sorted(text for text in texts if len(text.encode()) >= _LONG_ENOUGH)
