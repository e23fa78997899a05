"""The file inside a zip, which many systems hand out instead of the file itself.

Comes in: a .zip. Goes out: the one file in it that can be read, unpacked into the scratch folder. What operating systems and people put
beside it (hidden files, a README) is no second one.
"""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from orchestration.sources.base import Bench, SourceError

_BLOCK = 1 << 20
_HIDDEN = (".", "_")  # __MACOSX/ among them


def inside(path: Path, label: str, is_read: Callable[[PurePosixPath], bool], bench: Bench) -> Path:
    """The unpacked file. `is_read`: whether a name is that of a file that can be read. Raises SourceError: `label`, what is wrong."""
    try:
        with zipfile.ZipFile(path) as packed:
            member = _only(packed, label, is_read)
            target = bench.scratch / f"unzipped-{path.name}-{PurePosixPath(member.filename).name}"
            with packed.open(member) as content, target.open("wb") as unpacked:
                shutil.copyfileobj(content, unpacked, _BLOCK)
    except RuntimeError as error:  # also what is packed in a way that Python does not know
        raise SourceError(f"{label}: the zip is locked with a password, or packed in an unusual way; export it without") from error
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise SourceError(f"{label}: the zip is damaged or cut off, or no zip; export it again") from error
    return target


def _only(packed: zipfile.ZipFile, label: str, is_read: Callable[[PurePosixPath], bool]) -> zipfile.ZipInfo:
    found = [one for one in packed.infolist() if not one.is_dir() and _counts(PurePosixPath(one.filename), is_read)]
    if len(found) != 1:
        told = f"{len(found)} files that can be read" if found else "no file that can be read"
        raise SourceError(f"{label}: the zip holds {told}; pack one file in each zip, or unpack it into the folder of its table")
    return found[0]


def _counts(name: PurePosixPath, is_read: Callable[[PurePosixPath], bool]) -> bool:
    return is_read(name) and not any(piece.startswith(_HIDDEN) for piece in name.parts)
