"""The same questions to every registered source."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from orchestration import sources
from orchestration.configuration.parts import Part
from orchestration.configuration.sources import SOURCE_SETTINGS
from orchestration.contract import INPUT_TABLES
from orchestration.sources import SOURCES, Bench, Source, SourceError
from orchestration.sources.files import Files
from tests.fakes import accounts
from tests.orchestration.sources.nights import without_waiting

# What several sources are built on.
SHARED = {"base", "streams", "http", "reading"}


@dataclass(frozen=True)
class Example:
    """A source that can be read, a table of which it gives `rows`, one that it does not have, and the source when it is refused."""

    source: Source
    table: str
    rows: int
    absent: str
    refused: Source


@contextmanager
def _files(tmp_path: Path) -> Iterator[Example]:
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "crm_customers.csv").write_text("customer_id,created_at,shoe\n1,2025-01-01,42\n2,31/12/2025,\n")
    yield Example(Files(exports), "crm_customers", 2, "crm_tickets", Files(tmp_path / "nowhere"))


def _vendor(kind: str) -> Callable[[Path], AbstractContextManager[Example]]:
    @contextmanager
    def _example(_: Path) -> Iterator[Example]:
        with accounts.ACCOUNTS[kind]() as account:
            made = SOURCES[kind].from_settings(account.settings)
            refused = SOURCES[kind].from_settings(account.refused_settings)
            yield Example(made, account.table, account.rows, account.absent, refused)

    return _example


EXAMPLES = {"files": _files, **{kind: _vendor(kind) for kind in accounts.ACCOUNTS}}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with without_waiting(monkeypatch):
        yield


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "scratch").mkdir()
    return Bench(duckdb.connect(), tmp_path / "scratch")


def test_every_file_is_registered_and_every_entry_has_a_file() -> None:
    assert {module.name for module in pkgutil.iter_modules(sources.__path__)} - SHARED == set(SOURCES)
    assert {kind: source.type for kind, source in SOURCES.items()} == {kind: kind for kind in SOURCES}


def test_every_source_can_be_configured() -> None:
    assert {part.model_fields["type"].annotation.__args__[0] for part in SOURCE_SETTINGS} == set(SOURCES)


@pytest.mark.parametrize("part", SOURCE_SETTINGS, ids=lambda part: part.__name__)
def test_every_key_of_its_settings_is_documented(part: type[Part]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "sources.md").read_text()
    assert [key for key in part.model_fields if not re.search(rf"\b{key}\b", page)] == []


def test_every_source_has_an_example_here() -> None:
    assert set(EXAMPLES) == set(SOURCES)


@pytest.mark.parametrize("kind", SOURCES)
def test_it_says_what_it_is_and_fills_the_protocol(kind: str) -> None:
    source = SOURCES[kind]
    assert importlib.import_module(source.__module__).__doc__
    assert source.__doc__
    for method in ("from_settings", "check", "notes", "extract"):
        assert inspect.getdoc(getattr(source, method))


@pytest.mark.parametrize("kind", SOURCES)
def test_its_rows_are_typed_numbered_and_complete(kind: str, tmp_path: Path, bench: Bench) -> None:
    with EXAMPLES[kind](tmp_path) as example:
        table = INPUT_TABLES[example.table]
        example.source.check()
        batches = list(example.source.extract(table, {}, bench))
    assert [(batch.status, batch.error) for batch in batches] == [("changed", None)] * len(batches)
    assert sum(batch.rows for batch in batches) == example.rows
    read = f"read_parquet({[str(batch.data) for batch in batches if batch.data]}, union_by_name = true)"
    types = {row[0]: row[1] for row in bench.connection.execute(f"DESCRIBE FROM {read}").fetchall()}
    assert {column.name: types[column.name] for column in table.columns} == {column.name: column.duckdb_type for column in table.columns}
    ours = {"_row_number": "BIGINT", "_row_hash": "UBIGINT", "_file": "VARCHAR", "_is_deleted": "BOOLEAN", "_bad_values": "VARCHAR"}
    assert {name: types[name] for name in ours} == ours
    assert {types[name] for batch in batches for name in batch.unknown_columns} <= {"VARCHAR"}
    counted = f"SELECT count(DISTINCT _row_number), count(DISTINCT _row_hash), count(DISTINCT _file) FROM {read}"
    assert bench.connection.execute(counted).fetchone() == (example.rows, example.rows, sum(1 for batch in batches if batch.data))


@pytest.mark.parametrize("kind", SOURCES)
def test_told_what_it_gave_it_takes_nothing_back(kind: str, tmp_path: Path, bench: Bench) -> None:
    with EXAMPLES[kind](tmp_path) as example:
        table = INPUT_TABLES[example.table]
        first = {batch.part: batch.position for batch in example.source.extract(table, {}, bench)}
        again = list(example.source.extract(table, first, bench))
    assert [batch.part for batch in again] == list(first)
    assert all(batch.status == "unchanged" or not batch.complete for batch in again)


@pytest.mark.parametrize("kind", SOURCES)
def test_a_table_it_does_not_have_is_empty(kind: str, tmp_path: Path, bench: Bench) -> None:
    with EXAMPLES[kind](tmp_path) as example:
        assert list(example.source.extract(INPUT_TABLES[example.absent], {}, bench)) == []


@pytest.mark.parametrize("kind", SOURCES)
def test_its_refusal_is_one_line(kind: str, tmp_path: Path) -> None:
    with EXAMPLES[kind](tmp_path) as example, pytest.raises(SourceError) as caught:
        example.refused.check()
    assert "\n" not in str(caught.value)
