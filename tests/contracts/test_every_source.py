"""The same questions to every registered source."""

import importlib
import inspect
import pkgutil
from pathlib import Path

import duckdb
import pytest

from orchestration import settings, sources
from orchestration.contract import INPUT_TABLES
from orchestration.sources import SOURCES, Bench, SourceError
from orchestration.sources.files import Files

SHARED = {"base"}


def _bench(tmp_path: Path) -> Bench:
    (tmp_path / "scratch").mkdir()
    return Bench(duckdb.connect(), tmp_path / "scratch")


def _files(tmp_path: Path) -> Files:
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "crm_customers.csv").write_text("customer_id,created_at,shoe\n1,2025-01-01,42\n2,31/12/2025,\n")
    return Files(exports)


# How to make one of each that has two customers to give, the second with a time that cannot be read.
EXAMPLES = {"files": _files}


def test_every_file_is_registered_and_every_entry_has_a_file() -> None:
    modules = {module.name for module in pkgutil.iter_modules(sources.__path__) if not module.ispkg} - SHARED
    assert modules == set(SOURCES)
    assert {kind: source.type for kind, source in SOURCES.items()} == {kind: kind for kind in SOURCES}


def test_every_source_can_be_configured() -> None:
    configured = {
        part.model_fields["type"].annotation.__args__[0]
        for name, part in inspect.getmembers(settings, inspect.isclass)
        if name.endswith("Source")
    }
    assert configured == set(SOURCES)


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
def test_its_rows_are_typed_numbered_and_complete(kind: str, tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    table = INPUT_TABLES["crm_customers"]
    source = EXAMPLES[kind](tmp_path)
    source.check()
    (batch,) = source.extract(table, {}, bench)
    assert (batch.status, batch.rows, batch.error) == ("changed", 2, None)
    types = {row[0]: row[1] for row in bench.connection.execute(f"DESCRIBE FROM '{batch.data}'").fetchall()}
    assert {column.name: types[column.name] for column in table.columns} == {column.name: column.duckdb_type for column in table.columns}
    ours = {"_row_number": "BIGINT", "_row_hash": "UBIGINT", "_file": "VARCHAR", "_is_deleted": "BOOLEAN", "_bad_values": "VARCHAR"}
    assert {name: types[name] for name in ours} == ours
    assert {types[name] for name in batch.unknown_columns} <= {"VARCHAR"}
    rows = bench.connection.execute(f"SELECT _row_number, _bad_values, _row_hash FROM '{batch.data}' ORDER BY 1").fetchall()
    assert [row[:2] for row in rows] == [(1, None), (2, '{"created_at":"31/12/2025"}')]
    assert len({row[2] for row in rows}) == 2


@pytest.mark.parametrize("kind", SOURCES)
def test_told_what_it_gave_it_gives_nothing_new(kind: str, tmp_path: Path) -> None:
    bench = _bench(tmp_path)
    source, table = EXAMPLES[kind](tmp_path), INPUT_TABLES["crm_customers"]
    first = {batch.part: batch.position for batch in source.extract(table, {}, bench)}
    assert {batch.status for batch in source.extract(table, first, bench)} == {"unchanged"}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_table_it_does_not_have_is_empty(kind: str, tmp_path: Path) -> None:
    assert list(EXAMPLES[kind](tmp_path).extract(INPUT_TABLES["crm_tickets"], {}, _bench(tmp_path))) == []


@pytest.mark.parametrize("kind", SOURCES)
def test_its_refusal_is_one_line(kind: str, tmp_path: Path) -> None:
    wrong = {"files": Files(tmp_path / "nowhere")}[kind]
    with pytest.raises(SourceError) as caught:
        wrong.check()
    assert "\n" not in str(caught.value)
