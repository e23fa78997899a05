"""What a person sees on a table asset."""

import duckdb
import pytest

from orchestration.assets.metadata import markdown, relation_metadata


@pytest.fixture
def marts() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA marts; CREATE SCHEMA staging")
    for relation in ("marts.dim_customers", "marts.fct_feedback", "marts.sync_files__customer_scores", "staging.stg_files__crm_customers"):
        connection.execute(f"CREATE TABLE {relation} AS SELECT 'ann@example.com' AS email, 7 AS number")
    return connection


def test_a_mart_shows_its_rows_and_a_preview_without_addresses(marts: duckdb.DuckDBPyConnection) -> None:
    shown = relation_metadata(marts, "marts", "dim_customers")
    assert shown["dagster/row_count"].value == 1
    assert "| a…@… | 7 |" in shown["preview"].value


@pytest.mark.parametrize(
    ("schema", "table"),
    [("marts", "fct_feedback"), ("marts", "sync_files__customer_scores"), ("staging", "stg_files__crm_customers")],
)
def test_what_may_hold_personal_values_is_never_previewed(marts: duckdb.DuckDBPyConnection, schema: str, table: str) -> None:
    assert list(relation_metadata(marts, schema, table)) == ["dagster/row_count"]


def test_an_id_that_may_be_a_number_or_a_name_is_not_shown() -> None:
    rows = [("4917112345678", "Pro Plan"), ("Ann Lee", "491711234567"), ("C000000012", "x")]
    shown = markdown(("source_customer_id", "dimension_value"), rows).splitlines()[2:]
    assert shown == ["| …5678 | Pro Plan |", "| A… | 491711234567 |", "| C000000012 | x |"]


def test_a_cell_cannot_break_its_table() -> None:
    assert markdown(("a", "b"), [("x|y", "two\nlines"), (None, 1)]).splitlines()[2:] == ["| x\\|y | two lines |", "|  | 1 |"]


def test_a_cell_that_is_cut_says_so_and_a_sentence_need_not_be() -> None:
    said = "404 of 822 rows of files are bad: 49.15%, 2.00% allowed (missing_required 2, orphan 1, unparseable 401)"
    assert markdown(("observed",), [(said,)]).splitlines()[2] == f"| {said[:79]}… |"
    assert markdown(("observed",), [(said,)], longest=200).splitlines()[2] == f"| {said} |"


def test_an_empty_table_says_so() -> None:
    assert markdown(("a", "b"), []) == "No rows. Columns: a, b"
