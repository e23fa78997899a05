"""What is read of free text, and when: each text once, under its hash, as long as it is landed and its reader does not change."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from orchestration import comments, warehouse

SALT = "salt"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        warehouse.prepare(opened)
        opened.execute("CREATE TABLE landing.survey_responses AS SELECT * FROM (VALUES ('good'), (' good '), (NULL), (' ')) t(comment)")
        opened.execute("CREATE TABLE landing.crm_tickets AS SELECT * FROM (VALUES ('good'), ('broken')) t(text)")
        yield opened


def readings(texts: pd.DataFrame, version: str) -> pa.Table:
    columns = {"text_hash": list(texts["text_hash"]), "reader_version": [version] * len(texts)}
    kinds = {"text_hash": pa.string(), "reader_version": pa.string(), "themes": pa.string(), "tone": pa.float64()}
    return pa.table({**columns, "themes": [""] * len(texts), "tone": [0.5] * len(texts)}, schema=pa.schema(kinds))


def test_every_text_is_read_once(connection: duckdb.DuckDBPyConnection) -> None:
    first = comments.unread(connection, SALT, "v1")
    assert sorted(first["text"]) == ["broken", "good"]
    assert comments.keep(connection, SALT, "v1", readings(first, "v1")) == 2
    connection.execute("INSERT INTO landing.survey_responses VALUES ('new')")
    second = comments.unread(connection, SALT, "v1")
    assert list(second["text"]) == ["new"]
    assert comments.keep(connection, SALT, "v1", readings(second, "v1")) == 3


def test_a_changed_reader_reads_everything_anew(connection: duckdb.DuckDBPyConnection) -> None:
    comments.keep(connection, SALT, "v1", readings(comments.unread(connection, SALT, "v1"), "v1"))
    anew = comments.unread(connection, SALT, "v2")
    assert len(anew) == 2
    comments.keep(connection, SALT, "v2", readings(anew, "v2"))
    assert connection.sql("SELECT DISTINCT reader_version FROM ml.comment_readings").fetchall() == [("v2",)]


def test_what_is_gone_from_landing_is_forgotten_and_no_text_is_kept(connection: duckdb.DuckDBPyConnection) -> None:
    comments.keep(connection, SALT, "v1", readings(comments.unread(connection, SALT, "v1"), "v1"))
    connection.execute("DELETE FROM landing.crm_tickets")
    nothing = comments.unread(connection, SALT, "v1")
    assert nothing.empty
    assert comments.keep(connection, SALT, "v1", readings(nothing, "v1")) == 1
    kept = str(connection.sql("FROM ml.comment_readings").fetchall())
    assert "good" not in kept
    assert "broken" not in kept
