"""The home folder: where every kind of state lies, who may read it, and who is at work in it."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from orchestration.settings import ConfigurationError, Settings

OWNER_ONLY_FOLDER = 0o700
OWNER_ONLY_FILE = 0o600
FEWEST_LETTERS_OF_A_KEY = 16


class HomeError(Exception):
    """The home folder cannot be used; the message is one line that says why and what to do."""


@dataclass(frozen=True)
class Home:
    """Paths under one home folder. Making a Home touches nothing; `prepare` makes the folders."""

    root: Path
    hash_key: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Home:
        """The home of a configuration, with its hash key. Raises ConfigurationError when its variable is not set, or too short."""
        if settings.hash_key is None:
            return cls(settings.home)
        key = settings.secret(settings.hash_key)
        if len(key) < FEWEST_LETTERS_OF_A_KEY:
            raise ConfigurationError(f"hash_key: has {len(key)} letters, which can be guessed; use {FEWEST_LETTERS_OF_A_KEY} or more")
        return cls(settings.home, key)

    @property
    def landing(self) -> Path:
        """Immutable landed Parquet, per source, table and load."""
        return self.root / "landing"

    @property
    def warehouse(self) -> Path:
        """The private build file of dbt; no reader opens it."""
        return self.root / "warehouse" / "rapport_build.duckdb"

    @property
    def models(self) -> Path:
        """Fitted models with their manifests."""
        return self.root / "models"

    @property
    def releases(self) -> Path:
        """Immutable releases and the pointer `current`."""
        return self.root / "releases"

    @property
    def state(self) -> Path:
        """Watermarks, acknowledgements, refusals."""
        return self.root / "state"

    @property
    def erasures(self) -> Path:
        """Tombstones of erased people, receipts, journals of erasures that were interrupted."""
        return self.state / "erasures"

    @property
    def dagster(self) -> Path:
        """Dagster's own storage: runs, events, schedules."""
        return self.root / "dagster"

    @property
    def logs(self) -> Path:
        """One log a run."""
        return self.root / "logs"

    def prepare(self) -> None:
        """Make the folders, readable by their owner only. Raises HomeError when that is not possible.

        From now on whatever this process and its children write is for its owner only.
        """
        _for_the_owner_only()
        folders = (self.root, self.landing, self.warehouse.parent, self.models, self.releases, self.state, self.dagster, self.logs)
        try:
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
        except OSError as error:
            raise HomeError(f"{error.filename}: {error.strerror}; set RAPPORT_HOME to a folder that can be written") from error
        unwritable = next((folder for folder in folders if not os.access(folder, os.W_OK)), None)
        if unwritable is not None:
            raise HomeError(f"{unwritable}: no permission to write; set RAPPORT_HOME to a folder that can be written")

    def claim(self, company: str) -> None:
        """Bind this home to one company, so that two companies' data can never mix."""
        marker = self.state / "company.json"
        if not marker.exists():
            write_private(marker, json.dumps({"company": company}))
            return
        try:
            owner = json.loads(marker.read_text(encoding="utf-8"))["company"]
        except (ValueError, KeyError, TypeError) as error:
            raise HomeError(f"{marker}: this file is damaged; if this home is that of {company}, remove it and run again") from error
        if owner != company:
            raise HomeError(f"{self.root}: holds the data of {owner}, not of {company}; set RAPPORT_HOME to a folder of its own")

    def remember_config(self, config_path: Path) -> None:
        """Keep which configuration was run last, for the commands that name none."""
        write_private(self.state / "last_config", str(config_path))

    def last_config(self) -> Path | None:
        """The configuration that was run last here, or None."""
        marker = self.state / "last_config"
        return Path(marker.read_text(encoding="utf-8")) if marker.exists() else None

    def salt(self) -> str:
        """The key of hashed personal values: the configuration's `hash_key`, else one that lies with the landing, made at the first run.

        Who keeps the landing and the key can rebuild everything alike. Raises HomeError when it is lost or another than before.
        """
        if self.hash_key is not None:
            return self._proven(self.hash_key)
        path = self.landing / ".salt"
        if self._proof.exists():
            raise HomeError(f"{self.root}: hashes here are made with the `hash_key` of the configuration; name it there again")
        if not path.exists():
            write_private(path, secrets.token_hex(16))
        salt = path.read_text(encoding="utf-8").strip()
        if not salt:
            raise HomeError(
                f"{path}: this file is damaged; restore it from a backup, or remove it: hashes and the holdout are then drawn anew"
            )
        return salt

    def hash_proof(self) -> str:
        """Eight hex digits that tell one `salt` from another, and too little to find it by trying."""
        return _digest(self.salt())[:8]

    @property
    def _proof(self) -> Path:
        """What tells a `hash_key` from another without telling it."""
        return self.landing / ".salt_check"

    def _proven(self, key: str) -> str:
        """`key`, when hashes here were made with it or none were made yet; the file that held it before is removed then."""
        proof, file = _digest(key), self.landing / ".salt"
        known = self._proof.read_text(encoding="utf-8").strip() if self._proof.exists() else None
        kept = file.read_text(encoding="utf-8").strip() if file.exists() else None
        if known not in (None, proof) or kept not in (None, key):
            raise HomeError(
                f"{self.root}: hashes here were made with another key than `hash_key`: everyone would get new ones, and a new holdout;"
                + (f" set it to the content of {file}" if kept else " set it to the one of before")
            )
        write_private(self._proof, proof)
        file.unlink(missing_ok=True)
        return key

    def refuse_interrupted_erasure(self) -> None:
        """Raise HomeError when an erasure has begun and not ended: a night would build on half of it."""
        if any(self.erasures.glob("*.journal.json")):
            raise HomeError(f"{self.root}: an erasure was interrupted; end it first: python -m orchestration erase")

    @property
    def _holder(self) -> Path:
        return self.state / "run.json"

    def holder(self) -> str:
        """The run that holds this home, in words."""
        try:
            run = json.loads(self._holder.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return "another run"
        return f"{run['purpose']} (process {run['pid']}, since {run['since']})"

    def is_held(self) -> bool:
        """Whether a run is at work here, this process's own included."""
        lock = self._lock()
        if lock.is_locked:
            return True
        try:
            with lock.acquire(timeout=0):
                return False
        except Timeout:
            return True

    def _lock(self) -> FileLock:
        return FileLock(self.state / "run.lock", mode=OWNER_ONLY_FILE, is_singleton=True, thread_local=False)

    @contextmanager
    def exclusive(self, purpose: str) -> Iterator[None]:
        """Hold this home for one run; the process that has it may ask again.

        From now on whatever this process and its children write is for its owner only, in the home or elsewhere: commands hand releases
        and audiences on that no night has prepared a home for. Raises HomeError at once, naming the holder, when another run has it.
        """
        _for_the_owner_only()
        holder, lock = self._holder, self._lock()
        if lock.is_locked:
            yield
            return
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise HomeError(f"{self.root}: {self.holder()} is at work here; wait for it to end and run again") from None
        try:
            write_private(
                holder, json.dumps({"purpose": purpose, "pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")})
            )
            yield
        finally:
            holder.unlink(missing_ok=True)
            lock.release()


def _for_the_owner_only() -> None:
    """dbt, dlt, Dagster and fsspec set no permissions of their own."""
    os.umask(0o077)


def _digest(key: str) -> str:
    return hashlib.sha256(f"rapport hash key|{key}".encode()).hexdigest()


def write_private(path: Path, text: str) -> None:
    """Write `text` so that only the owner can read it, whole or not at all, also when the power fails right after it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    os.replace(temporary, path)
