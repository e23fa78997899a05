"""A condensed table is judged exactly as its rows are."""

from dataclasses import replace

import duckdb
import pytest

from expectations import gates
from expectations.base import Owner, Suite
from expectations.condensing import WEIGHT, condensed
from orchestration.gates import judging

ASK = Owner("somebody")
SUITE = Suite(
    "mart",
    "things",
    ("id",),
    (
        ASK.filled("id", "x."),
        ASK.filled("name", "x."),
        ASK.one_of("kind", ["a", "b"], "x."),
        ASK.filled("kind", "x."),
        ASK.between("share", 0, 1, "x."),
        ASK.filled("share", "x."),
        ASK.between("amount", 0, None, "x."),
        ASK.no_less("ended", "began", "x."),
        ASK.filled("began", "x."),
        ASK.since("seen", 1971, "x."),
        ASK.not_like("name", "@", "x."),
        ASK.between("never", 0, 1, "x."),
    ),
)
GOOD = """SELECT i AS id, 'n' || i % 7 AS name, ['a', 'b', NULL][1 + i % 3] AS kind,
    CASE WHEN i % 5 > 0 THEN (i % 11) / 10.0 END::DOUBLE AS share,
    (i % 4)::DECIMAL(18, 6) AS amount, TIMESTAMP '2025-01-01' + INTERVAL (i) HOUR AS began,
    CASE WHEN i % 3 > 0 THEN TIMESTAMP '2025-01-01' + INTERVAL (i + i % 2) HOUR END AS ended,
    TIMESTAMP '2025-01-01' + INTERVAL (i) MINUTE AS seen, NULL::DOUBLE AS never
    FROM range(400) AS numbers(i)"""
DEFECTS = {
    "name": "'ann@example.com'",
    "kind": "'z'",
    "share": "1.5",
    "amount": "-1",
    "ended": "TIMESTAMP '2020-01-01'",
    "seen": "TIMESTAMP '1970-01-01'",
    "id": "NULL",
    "began": "NULL",
}


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE things AS {GOOD}")
        yield connection


def both_ways(connection, suite=SUITE):
    rows = gates.validate(suite, connection.execute("SELECT * FROM things ORDER BY id").df())
    return judging.judged_by_rows(connection, suite, "things"), rows


def without_examples(results):
    return [replace(result, examples=[]) for result in results]


@pytest.mark.parametrize("column", [None, *DEFECTS])
def test_a_condensed_table_is_judged_as_its_rows_are(connection, column):
    if column:
        connection.execute(f"UPDATE things SET {column} = {DEFECTS[column]} WHERE id % 100 = 33")
    condensed_results, rows = both_ways(connection)
    assert without_examples(condensed_results) == without_examples(rows)
    failed = [result for result in rows if result.status == "failed"]
    named = [result for result in condensed_results if result.examples]
    assert [result.expectation for result in named] == [result.expectation for result in failed if result.examples]
    assert not column or failed


def test_not_a_number_counts_as_missing_and_hides_no_number(connection):
    connection.execute("UPDATE things SET share = 'nan' WHERE id = 1; UPDATE things SET share = 7 WHERE id = 2")
    condensed_results, rows = both_ways(connection)
    assert without_examples(condensed_results) == without_examples(rows)
    assert [result.status for result in rows if result.expectation == "ColumnValuesToBeBetween(share)"] == ["failed"]


def test_an_empty_table_is_not_judged(connection):
    connection.execute("DELETE FROM things")
    assert {result.status for result in both_ways(connection)[0]} == {"not_run"}


def test_the_condensed_table_is_small_and_stands_for_every_row(connection):
    suite = replace(SUITE, expectations=tuple(one for one in SUITE.expectations if one.columns != ("name",)))
    types = {name: kind for name, kind, *_ in connection.execute("DESCRIBE things").fetchall()}
    frame = connection.execute(condensed(suite, "things", types)).df()
    assert frame[WEIGHT].sum() == 400
    assert len(frame) < 40


def test_what_only_the_whole_table_can_answer_is_refused(connection):
    with pytest.raises(ValueError, match="part by part"):
        judging.judged_by_rows(connection, Suite("mart", "things", ("id",), (ASK.unique("id", "x."),)), "things")


def test_a_suite_that_asks_nothing_did_not_run(connection):
    """As it is of a frame; it ended the night with what Python says of `zip`."""
    (result,) = judging.judged(connection, replace(SUITE, expectations=()), "things")
    assert (result.status, result.success, result.observed) == ("not_run", None, "the suite has no expectations")


@pytest.mark.parametrize("alone", [True, False])
def test_a_column_that_is_not_there_has_errored_and_the_others_are_judged(connection, alone):
    absent = ASK.filled("nope", "x.")
    suite = replace(SUITE, key=("id", "gone"), expectations=(absent,) if alone else (SUITE.expectations[0], absent, SUITE.expectations[1]))
    results = judging.judged(connection, suite, "things")
    told = {result.expectation: (result.status, result.observed) for result in results}
    assert told["ColumnValuesToNotBeNull(nope)"] == ("errored", "the column nope is not there")
    assert [result.expectation for result in results] == [one.name for one in suite.expectations]
    assert {status for status, _ in told.values()} == ({"errored"} if alone else {"errored", "passed"})


@pytest.mark.parametrize("expectation", [ASK.between("name", 0, 1, "x."), ASK.no_less("kind", "name", "x.")], ids=["range", "order"])
def test_what_a_type_does_not_allow_is_an_answer_and_no_crash(connection, expectation):
    condensed_results, rows = both_ways(connection, replace(SUITE, expectations=(expectation,)))
    assert [result.status for result in condensed_results] == [result.status for result in rows]
    assert rows[0].status in ("errored", "failed")
