"""A text file as plain UTF-8: unpacked, and recoded where it is something else.

Comes in: a path, its suffix and the configured encoding. Goes out: the path itself, or of a copy in the scratch folder. What a file says of
itself counts before what is configured for its folder, where files of several systems lie side by side: a byte order mark, or letters
that are written as only UTF-8 writes them.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import shutil
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from orchestration.sources.base import Bench, SourceError

INSTEAD_OF_EMPTY = "export it again, or remove it where there is nothing to export; a file without rows still has its header"
# How files of another kind begin, whatever they are called.
_NO_TEXT = {b"PAR1": "Parquet", b"\x1f\x8b": "gzip", b"PK\x03\x04": "a workbook or a zip archive"}
# Suffix of what is packed → what opens it.
PACKED: Mapping[str, Callable[[Path], Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": lambda path: pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"),
}
_START = 4096  # bytes that tell what kind of file it is
_BLOCK = 1 << 20


def plain_utf8(path: Path, suffix: str, label: str, encoding: str, bench: Bench) -> Path:
    """`path` itself, or an unpacked and recoded copy: DuckDB takes a cut-off gzip for a whole one, and reads packed text on one thread."""
    plain, unpack = path, PACKED.get(f".{suffix.rpartition('.')[2]}")
    if unpack is not None:
        plain = bench.scratch / f"unpacked-{path.name}.txt"
        try:
            with unpack(path) as packed, plain.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, _BLOCK)
        except (EOFError, lzma.LZMAError, zlib.error, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the machine's fault, not the file's
            raise SourceError(f"{label}: the packed file is damaged or cut off; export it again") from error
    return _recoded(plain, suffix, label, encoding, bench)


def _recoded(path: Path, suffix: str, label: str, encoding: str, bench: Bench) -> Path:
    with path.open("rb") as file:
        start = file.read(_START)
    if not start:
        raise SourceError(f"{label}: the file is empty once unpacked; {INSTEAD_OF_EMPTY}")
    other = next((kind for sign, kind in _NO_TEXT.items() if start.startswith(sign)), None)
    if other:
        raise SourceError(f"{label}: the file is not text but {other}; export it as CSV, or give it the suffix of what it is")
    actual = _actual(path, start, encoding)
    if actual == "utf-8" and start.count(0) * 4 > len(start):
        raise SourceError(f"{label}: the file is not UTF-8; it looks like UTF-16: set `encoding: utf-16` of the source")
    line_end = None if b"\r" in start and b"\n" not in start else ""  # old Macintosh line ends are translated, all others kept
    if line_end == "" and (actual == "utf-8" or (actual == "utf-8-sig" and suffix.startswith(".csv"))):
        return path  # DuckDB skips a byte order mark in CSV only
    recoded = bench.scratch / f"recoded-{path.name}.txt"
    try:
        with path.open(encoding=actual, newline=line_end) as source, recoded.open("w", encoding="utf-8", newline="") as target:
            shutil.copyfileobj(source, target, _BLOCK)
    except UnicodeError as error:
        raise SourceError(f"{label}: the file is not valid {actual}; correct `encoding` of the source or export it as UTF-8") from error
    return recoded


def _actual(path: Path, start: bytes, configured: str) -> str:
    """The encoding of the file, by its byte order mark, its letters, or else as configured."""
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    name = codecs.lookup(configured).name
    if name != "utf-8" and b"\0" not in start and _has_utf8_letters(path):
        return "utf-8"
    return name


def _has_utf8_letters(path: Path) -> bool:
    """Whether the file is UTF-8 throughout and not mere ASCII: text of another encoding practically never is."""
    decoder, has_letters = codecs.getincrementaldecoder("utf-8")(), False
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
                has_letters = has_letters or not block.isascii()
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return has_letters
