"""What the gate makes of Great Expectations' answers: passed, failed, errored and not run are four things."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from expectations import drift, gates, landing, rewriting
from expectations.base import Expectation, Owner, Suite, blocking
from expectations.suites import suite_for

ASK = Owner("somebody")
ROWS = pd.DataFrame(
    {
        "id": ["a", "b", "c"],
        "email": ["ann@example.com", "bob@example.com", "bob@example.com"],
        "share": [0.5, 1.5, None],
        "low": [1, 2, 3],
        "high": [2, 1, 3],
        "empty": [None, None, None],
        "at": [datetime(2025, 1, 1), datetime(1970, 1, 1), None],
    }
)


def suite(*expectations: Expectation) -> Suite:
    return Suite("mart", "things", ("id",), expectations)


def only(expectation: Expectation, frame: pd.DataFrame = ROWS):
    (result,) = gates.validate(suite(expectation), frame)
    return result


@pytest.mark.parametrize(
    ("expectation", "unexpected", "observed", "examples"),
    [
        (ASK.filled("share", "x."), 1, "1 of 3 values", ["c"]),
        (ASK.between("share", 0, 1, "x."), 1, "1 of 2 values", ["b"]),
        (ASK.one_of("email", ["ann@example.com"], "x."), 2, "2 of 3 values", ["b", "c"]),
        (ASK.unique("email", "x."), 2, "2 of 3 values", ["b", "c"]),
        (ASK.unique_together(("email", "empty"), "x."), 2, "2 of 3 values", ["b", "c"]),
        (ASK.no_less("high", "low", "x."), 1, "1 of 3 values", ["b"]),
        (ASK.not_like("email", "@", "x."), 3, "3 of 3 values", []),
        (ASK.rows("x.", least=4), None, "observed 3", []),
        (ASK.exists("nothing", "x."), None, "", []),
        (ASK.since("at", 1971, "x."), None, "observed 1970-01-01 00:00:00", []),
    ],
)
def test_a_failure_counts_and_names_keys_never_values(expectation, unexpected, observed, examples):
    result = only(expectation)
    assert (result.status, result.success, result.unexpected_count) == ("failed", False, unexpected)
    assert (result.observed, sorted(result.examples)) == (observed, examples)
    assert "example.com" not in str(result)
    assert only(ASK.filled("id", "x.")).status == "passed"


def test_a_column_too_many_and_one_too_few_are_named_alone():
    """All columns of the audience were listed, and which one was wrong was left to whoever reads them."""
    result = only(ASK.only_columns(["id", "email", "low", "high", "empty", "at", "absent"], "x."))
    assert (result.status, result.observed) == ("failed", "not declared: share; missing: absent")


def test_the_day_in_a_key_is_a_day():
    days = ROWS.assign(month=[datetime(2026, 1, 1), datetime(2026, 2, 1), datetime(2026, 3, 1, 10)])
    (result,) = gates.validate(replace(suite(ASK.between("share", 2, 3, "x.")), key=("id", "month")), days)
    assert result.examples == ["a | 2026-01-01", "b | 2026-02-01"]


def test_what_cannot_be_evaluated_is_errored_and_blocks():
    absent = only(ASK.filled("nope", "x."))
    wrong_type = only(ASK.between("email", 0, 1, "x."))
    assert (absent.status, absent.success, absent.observed) == ("errored", False, "the column nope is not there")
    assert (wrong_type.status, wrong_type.success) == ("errored", False)
    # Great Expectations wraps whatever it meets in an error of its own, which says nothing of what to do.
    assert wrong_type.observed == "could not be evaluated (TypeError); does what it asks fit the type of the column?"
    assert blocking([absent, wrong_type]) == [absent, wrong_type]


@pytest.mark.parametrize("frame", [ROWS.head(0), ROWS], ids=["no rows", "no values"])
def test_nothing_to_evaluate_is_not_run_never_passed(frame):
    result = only(ASK.between("empty", 0, 1, "x."), frame)
    assert (result.status, result.success) == ("not_run", None)
    assert blocking([result]) == []


def test_a_suite_that_asks_nothing_is_not_run():
    (result,) = gates.validate(suite(), ROWS)
    assert (result.status, result.success) == ("not_run", None)


def test_an_empty_table_still_fails_its_row_count():
    counted, filled = gates.validate(suite(ASK.rows("x."), ASK.filled("id", "x.")), ROWS.head(0))
    assert (counted.status, filled.status) == ("failed", "not_run")


@pytest.mark.parametrize("frame", [ROWS, ROWS.head(0)], ids=["rows", "no rows"])
def test_a_misspelt_expectation_raises(frame):
    with pytest.raises(ValueError, match="did you mean ExpectColumnValuesToNotBeNull"):
        only(Expectation("ExpectColumnValuesNotNull", {"column": "id"}, "x.", "me"), frame)
    with pytest.raises(ValueError, match="colum"):
        only(Expectation("ExpectColumnValuesToNotBeNull", {"colum": "id"}, "x.", "me"), frame)


def test_a_warning_does_not_block():
    (failed,) = gates.validate(suite(replace(ASK.filled("share", "x."), severity="warn")), ROWS)
    assert failed.status == "failed"
    assert blocking([failed]) == []


def test_results_come_in_the_order_of_the_suite():
    mixed = (ASK.filled("id", "x."), ASK.rows("x."), ASK.filled("share", "x."), ASK.one_of("id", ["a"], "x."), ASK.unique("id", "x."))
    assert [result.expectation for result in gates.validate(suite(*mixed), ROWS)] == [expectation.name for expectation in mixed]


def test_parts_add_up_to_the_whole():
    asked = suite(
        ASK.filled("share", "x."), ASK.between("share", 0, 1, "x."), ASK.between("empty", 0, 1, "x."), ASK.since("at", 1971, "x.")
    )
    parts = [ROWS.iloc[:1], ROWS.iloc[1:], ROWS.head(0)]
    whole, merged = gates.validate(asked, ROWS), gates.validate_batches(asked, iter(parts))
    assert [(r.status, r.unexpected_count, r.examples) for r in merged] == [(r.status, r.unexpected_count, r.examples) for r in whole]
    assert merged[1].observed == "1 of 2 values"
    assert {r.status for r in gates.validate_batches(asked, iter([]))} == {"not_run"}
    broken = ROWS.drop(columns="share")
    assert gates.validate_batches(asked, iter([ROWS, broken]))[0].status == "errored", "one part that could not be read taints the whole"


def test_parts_cannot_answer_for_the_whole_table():
    with pytest.raises(ValueError, match="part by part"):
        gates.validate_batches(suite(ASK.unique("id", "x.")), iter([ROWS]))


@pytest.mark.thorough
def test_examples_of_many_bad_rows_are_sought_in_one_slice(monkeypatch):
    rows, evaluate, searched = 5 * gates.ROWS_SEARCHED_AT_ONCE, gates._evaluate, []

    def watched(asked, expectations, frame, result_format):
        searched.extend([len(frame)] if result_format["partial_unexpected_count"] else [])
        return evaluate(asked, expectations, frame, result_format)

    monkeypatch.setattr(gates, "_evaluate", watched)
    frame = pd.DataFrame({"id": np.arange(rows).astype(str), "share": np.full(rows, 2.0), "low": 1, "high": 0, "twice": "x"})
    results = gates.validate(suite(ASK.between("share", 0, 1, "x."), ASK.no_less("high", "low", "x."), ASK.unique("twice", "x.")), frame)
    assert [(len(result.examples), result.unexpected_count) for result in results] == [(10, rows)] * 3
    assert len(searched) == 3, "one slice each"
    assert max(searched) == gates.ROWS_SEARCHED_AT_ONCE, "to list a million failing rows takes Great Expectations 25 seconds"


def test_a_table_over_its_quarantined_share_blocks_and_is_named():
    shares = pd.DataFrame({"source": ["files", "files"], "table_name": ["crm_tickets", "crm_customers"], "share": [0.02, 0.021]})
    fine, over = landing.check_shares(shares, 0.02)
    assert (fine.table_name, fine.status) == ("crm_tickets", "passed")
    assert (over.table_name, over.status, over.observed) == ("crm_customers", "failed", "files: share 0.021")
    assert over.examples == []  # it is about all rows of the source, which `observed` names, and not about one with a key
    assert blocking([fine, over]) == [over]


def test_volume_and_freshness_only_warn_and_only_with_a_history():
    def history(table: str, *landed: int) -> pd.DataFrame:
        loads = [f"2026010{number}" for number in range(len(landed))]
        return pd.DataFrame({"source": "files", "table_name": table, "load_id": loads, "landed": landed})

    loads = pd.concat([history("crm_tickets", 100, 110, 90, 100, 100, 3), history("crm_customers", 100, 3)])
    customers, tickets = landing.check_volumes(loads, 5)
    assert landing.check_volumes(loads, 40)[1].status == "passed"  # where such nights are usual, and it says so
    assert (customers.status, tickets.status, tickets.observed) == ("not_run", "failed", "files: 0.03 times its usual size")
    ages = pd.DataFrame({"source": "files", "table_name": ["a", "b", "c"], "days_behind": [1, 40, None]})
    assert [result.status for result in landing.check_freshness(ages, 30)] == ["passed", "failed", "not_run"]
    assert blocking([tickets, *landing.check_freshness(ages, 30)]) == []


def test_a_cohort_that_gives_back_more_than_it_buys_warns_and_stops_no_night():
    rows = pd.DataFrame(
        {"cohort_month": ["2026-01-01"], "months_since": [1], "basis": ["revenue"], "cohort_size": [20.0], "retention_rate": [-0.5]}
    )
    results = gates.validate(suite_for("metric_cohort_retention"), rows)
    assert [result.expectation for result in results if result.status == "failed"] == ["ColumnValuesToBeBetween(retention_rate)"]
    assert blocking(results) == []


def test_no_frame_is_hashed_for_an_id_that_nobody_reads(monkeypatch: pytest.MonkeyPatch):
    from great_expectations.execution_engine import pandas_execution_engine

    hashed = []
    monkeypatch.setattr(pandas_execution_engine, "hash_pandas_dataframe", lambda frame: hashed.append(len(frame)) or "")
    assert only(ASK.between("share", 0, 2, "A share")).status == "passed"
    assert hashed == []
    monkeypatch.setattr(pandas_execution_engine, "HASH_THRESHOLD", 1e9)
    only(ASK.between("share", 0, 2, "A share"))
    assert hashed != []  # else Great Expectations no longer hashes there, and the setting can go


def test_what_an_expectation_was_given_is_put_together_once_and_is_the_same(monkeypatch: pytest.MonkeyPatch):
    given, made = ASK.between("share", 0, 2, "A share"), []
    expectation = gates._built(suite(given), given)
    every = next(one for one in type(expectation).__mro__ if "configuration" in vars(one))
    original = every.configuration.fget
    key_by_key = {
        key: original(expectation).kwargs.get(key, expectation._get_default_value(key))
        for key in (*expectation.success_keys, *expectation.domain_keys)
    }
    monkeypatch.setattr(every, "configuration", property(lambda asked: made.append(1) or original(asked)))
    assert expectation._get_success_kwargs() == key_by_key
    assert len(made) == 1
    assert set(expectation._get_domain_kwargs()) == set(expectation.domain_keys)


def test_a_share_out_of_bounds_is_no_row_that_broke_it():
    one = {"source": "files", "table_name": "crm_customers", "load_id": "1"}
    history = pd.DataFrame([{**one, "load_id": str(load), "landed": landed} for load, landed in enumerate([9, 9, 9, 9, 9, 90])])
    nights = {"table_name": "fct_orders", "column_name": "currency", "compared_with": "the release before", "nights": 0}
    judged = [
        *landing.check_shares(pd.DataFrame([{**one, "share": 0.2}]), 0.02),
        *landing.check_volumes(history, 5),
        *landing.check_freshness(pd.DataFrame([{**one, "days_behind": 30}]), 7),
        *drift.check_drift("mart", pd.DataFrame([{**nights, "psi": 0.9}]), 0.25),
        *rewriting.check_rewritten("mart", pd.DataFrame([{**nights, "share": 0.9, "rows": 10}]), 0.25),
    ]
    assert [(result.status, result.unexpected_count) for result in judged] == [("failed", None)] * 5
