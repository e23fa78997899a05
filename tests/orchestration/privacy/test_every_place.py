"""A canary in every kind of place of a home is found; clearing what an erasure leaves over leaves none."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.home import Home
from orchestration.privacy import leftovers, verification
from orchestration.redaction import Needles

EMAIL, NAME, NUMBER = "canary.person@nest.example", "Jürgen Canary", 48151623421
NEEDLES = Needles.of([EMAIL, NAME, str(NUMBER)])
SENTENCE = f"write to {EMAIL} today"


def parquet(path: Path, values: pa.Array, **how: object) -> None:
    pq.write_table(pa.table({"said": values}), path, compression="zstd", **how)


def unused_word(path: Path) -> None:
    """A writer of dictionaries keeps the words of rows that were filtered out."""
    parquet(path, pa.array([EMAIL, "x"]).dictionary_encode().slice(1))


def words_around(path: Path) -> None:
    pq.write_table(pa.table({"x": [1]}).replace_schema_metadata({"note": f"of{EMAIL}"}), path)


def database(*statements: str) -> Callable[[Path], None]:
    def made(path: Path) -> None:
        with duckdb.connect(str(path)) as connection:
            for statement in statements:
                connection.execute(statement)

    return made


def sqlite(*statements: str) -> Callable[[Path], None]:
    def made(path: Path) -> None:
        connection = sqlite3.connect(path)
        with connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    return made


def archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("weights.txt", SENTENCE)


def zstd(path: Path) -> None:
    with pa.CompressedOutputStream(str(path), "zstd") as stream:
        stream.write(SENTENCE.encode())


UNCOMPRESSED = "PRAGMA force_compression = 'uncompressed'"
MANY = "CREATE TABLE t AS SELECT 'somebody number ' || i AS said FROM range(5000) r(i)"
PLACES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a row of Parquet": ("landing/a.parquet", lambda path: parquet(path, pa.array([SENTENCE]))),
    "a nested row of Parquet": ("landing/b.parquet", lambda path: parquet(path, pa.array([[{"who": [EMAIL]}]]))),
    "a number of Parquet": ("landing/c.parquet", lambda path: parquet(path, pa.array([NUMBER]))),
    "a word of Parquet that no row uses": ("landing/d.parquet", unused_word),
    "bytes around the rows of Parquet": ("landing/e.parquet", words_around),
    "a row of DuckDB": ("state/a.duckdb", database(f"CREATE TABLE t AS SELECT '{SENTENCE}' AS said")),
    "JSON of DuckDB": ("state/b.duckdb", database(f"CREATE TABLE t AS SELECT {{'who': '{EMAIL}'}}::JSON AS said")),
    "a list of DuckDB": ("state/c.duckdb", database(f"CREATE TABLE t AS SELECT ['x', '{EMAIL}'] AS said")),
    "freed bytes of DuckDB": (
        "state/d.duckdb",
        database(UNCOMPRESSED, MANY, f"INSERT INTO t VALUES ('{SENTENCE}')", "CHECKPOINT", "DELETE FROM t WHERE said LIKE 'write%'"),
    ),
    "the log of a DuckDB file": ("state/e.duckdb.wal", lambda path: path.write_bytes(b"\0\1a" + EMAIL.encode() + b"b\0\2")),
    "a row of SQLite": ("dagster/a.db", sqlite("CREATE TABLE t (said)", f"INSERT INTO t VALUES ('{SENTENCE}')")),
    "a long row of SQLite": (
        "dagster/b.db",
        sqlite("CREATE TABLE t (said)", f"INSERT INTO t VALUES ('{'x ' * 2000}{SENTENCE}{' x' * 999}')"),
    ),
    "free pages of SQLite": (
        "dagster/c.db",
        sqlite("PRAGMA secure_delete = 0", "CREATE TABLE t (said)", f"INSERT INTO t VALUES ('{SENTENCE * 400}')", "DELETE FROM t"),
    ),
    "a log": ("logs/a.log", lambda path: path.write_text(SENTENCE)),
    "a log of another encoding of signs": ("logs/b.log", lambda path: path.write_text(json.dumps({"name": NAME.upper()}))),
    "a long log": ("logs/c.log", lambda path: path.write_text("nothing\n" * 2_000_000 + SENTENCE)),
    "a model": ("models/churn-1/a.zip", archive),
    "a file that is compressed": ("logs/d.gz", lambda path: path.write_bytes(gzip.compress(SENTENCE.encode()))),
    "one by bzip2": ("logs/e.bz2", lambda path: path.write_bytes(bz2.compress(SENTENCE.encode()))),
    "one by xz": ("logs/f.xz", lambda path: path.write_bytes(lzma.compress(SENTENCE.encode()))),
    "one by zstd": ("logs/g.zst", zstd),
    "a file of a person's own": ("held.json", lambda path: path.write_text(json.dumps({"email": EMAIL}))),
    "a release that was never finished": ("releases/.building-1/a.parquet", lambda path: parquet(path, pa.array([EMAIL]))),
    "a file that was cut off while it was packed": ("logs/h.gz", lambda path: path.write_bytes(gzip.compress(SENTENCE.encode() * 99)[:40])),
    "what a sync spilled": ("state/activation/crm.duckdb.spill/block", lambda path: path.write_text(EMAIL)),
}


def planted(root: Path, place: str) -> Path:
    name, write = PLACES[place]
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    write(root / name)
    return root / name


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


@pytest.mark.parametrize("place", PLACES)
def test_a_canary_is_found_wherever_it_is(home: Home, place: str) -> None:
    path = planted(home.root, place)
    (hit,) = verification.found(home, NEEDLES)
    assert hit.startswith(f"{path.relative_to(home.root)} (")
    strangers = verification.found(home, Needles.of(["another.person@nest.example", "48151623422"]))
    assert strangers == ([hit] if "damaged" in hit else [])


def test_a_name_of_a_file_counts(home: Home) -> None:
    (home.logs / f"of {EMAIL}.txt").write_text("nothing")
    assert verification.found(home, NEEDLES) == [f"logs/of {EMAIL}.txt (its name)"]


def test_what_was_deleted_and_compressed_is_told_and_not_searched(home: Home) -> None:
    path = home.state / "a.duckdb"
    database(MANY, f"INSERT INTO t VALUES ('{SENTENCE}')", "CHECKPOINT", "DELETE FROM t WHERE said LIKE 'write%'", "CHECKPOINT")(path)
    searched = verification.search(home, NEEDLES)
    assert (searched.hits, searched.deleted) == ((), ("state/a.duckdb",))
    leftovers.clear(home, NEEDLES, lambda *_: None)
    assert verification.search(home, NEEDLES).deleted == ()
    assert duckdb.connect(str(path), read_only=True).execute("SELECT count(*) FROM t").fetchone() == (5000,)


def test_somebody_whose_id_is_longer_is_somebody_else(home: Home) -> None:
    parquet(home.landing / "a.parquet", pa.array([f"jo{EMAIL}", f"{NUMBER}0"]))
    database(f"CREATE TABLE t AS SELECT 'jo{EMAIL}' AS said")(home.state / "a.duckdb")
    sqlite("CREATE TABLE t (said)", f"INSERT INTO t VALUES ('{EMAIL}.org')")(home.dagster / "a.db")
    assert verification.found(home, NEEDLES) == []


def test_how_much_was_searched_is_counted(home: Home) -> None:
    for place in ("a log", "a row of Parquet", "a row of SQLite"):
        planted(home.root, place)
    searched = verification.search(home, NEEDLES)
    assert (searched.files, searched.bytes) == (3, sum(path.stat().st_size for path in home.root.rglob("*") if path.is_file()))


def test_clearing_leaves_none(home: Home) -> None:
    """Landing is cleared by a step of its own, and rows of the state by that of activation."""
    others = ("landing/", "state/a.", "state/b.", "state/c.", "state/e.")
    for place, (name, _) in PLACES.items():
        if not name.startswith(others):
            planted(home.root, place)
    noted: list[Path] = []
    dropped = leftovers.clear(home, NEEDLES, lambda path, *_: noted.append(path))
    searched = verification.search(home, NEEDLES)
    assert (searched.hits, searched.deleted) == ((), ())
    assert set(dropped) == {"models/churn-1", "logs/d.gz", "logs/e.bz2", "logs/f.xz", "logs/g.zst", "logs/h.gz"}
    assert (home.logs / "a.log").read_text() == "write to [erased] today"
    assert json.loads((home.root / "held.json").read_text()) == {"email": "[erased]"}
    assert home.logs / "a.log" in noted
