"""The landing gate from night to night: what it refuses, and that it forgets what has been mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from expectations.base import CheckResult, blocking
from orchestration import landing, settings
from orchestration.contract import INPUT_TABLES
from orchestration.gates import doubts, gatekeeping
from orchestration.home import Home
from orchestration.night import Night
from orchestration.settings import ConfigurationError

HEADER = "ticket_id,customer_id,opened_at\n"
GOOD = "".join(f"t{number},c1,2026-01-02\n" for number in range(20))
BAD = "bad,c1,yesterday\n"


@pytest.fixture
def night(tmp_path: Path) -> Night:
    config = tmp_path / "config.yaml"
    config.write_text("company: {name: A, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\n")
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "crm_customers.csv").write_text("customer_id,created_at\nc1,2026-01-01\n")
    home = Home(tmp_path / "home")
    home.prepare()
    return Night(settings.load(config, {"RAPPORT_HOME": str(home.root)}), home, date(2026, 1, 31), "run")


def judged(night: Night, tickets: str) -> list[CheckResult]:
    """Land `tickets` and ask the landing gate."""
    exports = Path(night.settings.resolve("exports"))
    (exports / "crm_tickets.csv").write_text(HEADER + tickets)
    source = night.settings.sources[0].model_copy(update={"path": str(exports)})
    landing.extract(source, list(INPUT_TABLES.values()), night.home.landing, night.home.state / "dlt")
    with night.warehouse(begins=True) as connection:
        gatekeeping.examine(night, connection)
        return gatekeeping.judge_landing(night, connection)


def stopped(results: list[CheckResult]) -> set[str]:
    return {f"{result.suite} {result.table_name}" for result in blocking(results)}


def test_a_night_that_was_refused_passes_once_the_rows_are_mended(night: Night) -> None:
    assert stopped(judged(night, GOOD + BAD)) == {"landing:quarantined_share crm_tickets"}
    assert stopped(judged(night, GOOD + BAD.replace("yesterday", "2026-01-03"))) == set()


def test_a_night_that_was_refused_passes_once_the_rows_are_gone(night: Night) -> None:
    assert stopped(judged(night, GOOD + BAD)) == {"landing:quarantined_share crm_tickets"}
    assert stopped(judged(night, GOOD)) == set()


def test_a_warehouse_that_was_lost_is_judged_like_the_one_before(night: Night) -> None:
    judged(night, GOOD + BAD)
    mended = judged(night, GOOD + BAD.replace("yesterday", "2026-01-03"))
    night.home.warehouse.unlink()
    again = judged(night, GOOD + BAD.replace("yesterday", "2026-01-03"))
    assert stopped(again) == stopped(mended) == set()


def test_a_refusal_says_how_many_rows_are_bad_and_by_which_rule(night: Night) -> None:
    (refusal,) = blocking(judged(night, GOOD + BAD))
    assert refusal.observed == "1 of 21 rows of files are bad: 4.76%, 2.00% allowed (unparseable 1)"
    assert refusal.examples == []


def test_ids_that_have_lost_their_zeros_are_said_and_stop_nothing(night: Night) -> None:
    """No account waits in quarantine for a customer, so nobody would hear that none of them has one."""
    exports = Path(night.settings.resolve("exports"))
    (exports / "crm_customers.csv").write_text("customer_id,created_at\nc1,2026-01-01\n0042,2026-01-01\n")
    (exports / "billing_customers.csv").write_text("billing_customer_id,customer_id\nb1,42\nb2,\nb3,c1\n")
    results = judged(night, GOOD)
    (told,) = (result for result in results if result.suite == "landing:references")
    assert (told.table_name, told.status, stopped(results)) == ("billing_customers", "failed", set())
    assert told.observed == "files: customer_id of 1 of 2 rows names no row of crm_customers"
    assert told in judged(night, GOOD), "nothing new has come, so it is as it was"


def test_statuses_that_mean_nothing_to_us_are_said_and_stop_nothing(night: Night) -> None:
    """They count as paying, and their invoices as standing."""
    exports = Path(night.settings.resolve("exports"))
    (exports / "billing_customers.csv").write_text("billing_customer_id\nb1\n")
    (exports / "billing_subscriptions.csv").write_text(
        "subscription_id,billing_customer_id,status,started_at\ns1,b1,in_trial,2026-01-01\ns2,b1,Past_Due ,2026-01-01\n"
    )
    (exports / "billing_invoice_lines.csv").write_text(
        "invoice_line_id,invoice_id,billing_customer_id,kind,issued_at,amount,currency,invoice_status\n"
        "l1,i1,b1,one_off,2026-01-01,1,EUR,Voided\nl2,i2,b1,one_off,2026-01-01,1,EUR,VOID\nl3,i3,b1,one_off,2026-01-01,1,EUR,\n"
    )
    results = judged(night, GOOD)
    warned = {
        (one.table_name, one.expectation, one.unexpected_count) for one in results if one.status == "failed" and "Set" in one.expectation
    }
    assert warned == {
        ("billing_subscriptions", "ColumnValuesToBeInSet(status)", 1),
        ("billing_invoice_lines", "ColumnValuesToBeInSet(invoice_status)", 1),
    }
    assert stopped(results) == set()


def test_what_names_a_table_that_nobody_exports_is_no_loss(night: Night) -> None:
    exports = Path(night.settings.resolve("exports"))
    (exports / "billing_payments.csv").write_text(
        "payment_id,billing_customer_id,kind,status,occurred_at,amount,currency,invoice_id\np1,b1,payment,succeeded,2026-01-02,1,EUR,i1\n"
    )
    assert not [result for result in judged(night, GOOD) if result.suite == "landing:references"]


def test_a_rate_is_no_data_of_a_day(night: Night) -> None:
    """Rates of a central bank begin in 1999; a night of 2020 would be a release about nobody."""
    (Path(night.settings.resolve("exports")) / "exchange_rates.csv").write_text(
        "currency,rate_date,rate_to_reporting\nEUR,1999-01-04,1.18\n"
    )
    with pytest.raises(ConfigurationError, match="lies before all data; the first event landed is of 2026-01-01"):
        judged(replace(night, as_of=date(2020, 1, 1)), GOOD)


def test_a_placeholder_from_east_of_utc_is_a_bad_row_and_no_first_event(night: Night) -> None:
    """The year 1 by a clock ahead of UTC lies before it; what comes after the year 9999 is as little a date to Python."""
    told = "none,c1,0001-01-01T00:00:00+01:00\nend,c1,9999-12-31T23:00:00-05:00\n"
    (refusal,) = blocking(judged(night, GOOD + told))
    assert refusal.observed == "1 of 22 rows of files are bad: 4.55%, 2.00% allowed (out_of_range 1)"


def test_one_row_out_of_range_waits_and_does_not_stop_the_night(night: Night) -> None:
    """A suite that blocks at a row which no rule sets aside refuses the night for it, and there is no quarantine to mend it from."""
    exports = Path(night.settings.resolve("exports"))
    campaigns = "".join(f"k{number},2026-01-02,10\n" for number in range(60))
    (exports / "crm_campaigns.csv").write_text(f"campaign_id,started_at,cost_amount\n{campaigns}given,2026-01-02,-10\n")
    (exports / "billing_customers.csv").write_text("billing_customer_id,customer_id\nb1,c1\n")
    prices = "".join(f"s{number},b1,active,2026-01-02,10\n" for number in range(60))
    (exports / "billing_subscriptions.csv").write_text(
        f"subscription_id,billing_customer_id,status,started_at,unit_amount\n{prices}given,b1,active,2026-01-02,-10\n"
    )
    assert stopped(judged(night, GOOD)) == set()
    with night.warehouse() as connection:
        waiting = connection.execute("SELECT table_name, row_key, reason FROM ops.quarantined_rows ORDER BY ALL").fetchall()
    assert waiting == [
        ("billing_subscriptions", "given", "unit_amount is below 0"),
        ("crm_campaigns", "given", "cost_amount is below 0"),
    ]


def test_a_night_that_begins_again_forgets_what_came_after_the_landing_gate(night: Night) -> None:
    judged(night, GOOD)
    result = {"expectation": "e", "table_name": "t", "status": "passed", "success": True, "severity": "block"}
    rest = {"observed": "", "unexpected_count": 0, "description": "", "examples": []}
    with night.warehouse() as connection:
        night.record(connection, "audience", [{"suite": "audience:t", **result, **rest}])
    judged(night, GOOD)
    with night.warehouse() as connection:
        kept = connection.execute("SELECT DISTINCT split_part(suite, ':', 1) FROM ops.check_results").fetchall()
    assert kept == [("landing",)]


@pytest.mark.parametrize(
    ("phase", "kept"),
    [
        ("before_models", {"landing:t"}),
        ("after_models", {"landing:t", "dbt:before_models", "mart:t"}),
    ],
)
def test_what_is_built_anew_is_judged_anew(phase: str, kept: set[str], night: Night) -> None:
    """Else a stage that is run alone would be published on the word of gates that have never seen it."""
    result = {"expectation": "e", "table_name": "t", "status": "passed", "success": True, "severity": "block"}
    rest = {"observed": "", "unexpected_count": 0, "description": "", "examples": []}
    suites = ("landing:t", "dbt:before_models", "mart:t", "dbt:after_models", "audience:t")
    with night.warehouse(begins=True) as connection:
        for suite in suites:
            night.record(connection, suite, [{"suite": suite, **result, **rest}])
        night.forget_later(connection, phase)
        assert {suite for (suite,) in connection.execute("SELECT suite FROM ops.check_results").fetchall()} == kept


@pytest.mark.parametrize(("customers", "refused"), [("c1,2026-01-01\n", True), ("c1,2026-02-01\n", False), ("", False)])
def test_no_customers_are_a_fault_only_where_somebody_is_known(customers: str, refused: bool, night: Night) -> None:
    export = Path(night.settings.resolve("exports")) / "crm_customers.csv"
    export.write_text("customer_id,created_at\n" + customers)
    judged(night, GOOD)
    with night.warehouse() as connection:
        columns = "customer_key VARCHAR, is_active BOOLEAN, is_erased BOOLEAN, can_email BOOLEAN, primary_email_hash VARCHAR"
        connection.execute(f"CREATE SCHEMA marts; CREATE TABLE marts.dim_customers ({columns})")
        results = gatekeeping.judge(night, connection, "mart", ["dim_customers"])
    assert (stopped(results) == {"mart:dim_customers dim_customers"}) is refused
    assert bool(stopped(results)) is refused


def test_a_dimension_of_which_nobody_says_anything_is_told(night: Night) -> None:
    """A name that was mistyped would split every metric into `unknown` alone, and nobody would hear why."""
    exports = Path(night.settings.resolve("exports"))
    (exports / "crm_customers.csv").write_text("customer_id,created_at,tier\nc1,2026-01-01,gold\n")
    tuning = night.settings.tuning.model_copy(update={"extra_dimensions": ("tier", "teir", "owner")})
    asked = replace(night, settings=night.settings.model_copy(update={"tuning": tuning}))
    judged(asked, GOOD)
    with asked.warehouse() as connection:
        assert gatekeeping.unsaid_dimensions(asked, connection) == ["teir", "owner"]
        (told, _) = doubts.of_dimensions(["teir", "owner"])
    assert "no customer has a teir" in told


def test_a_mart_that_is_not_there_could_not_be_asked_and_publishes_nothing(night: Night) -> None:
    """Dropped by hand after dbt built it, or never built: the night is refused by its name, and what is there is judged all the same."""
    judged(night, GOOD)
    with night.warehouse() as connection:
        customer = "'k' AS customer_key, true AS is_active, false AS is_erased, false AS can_email, 'h' AS primary_email_hash"
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS marts; CREATE TABLE marts.dim_customers AS SELECT {customer}")
        results = gatekeeping.judge(night, connection, "mart", ["dim_customers", "fct_orders"])
    lacking = [result for result in results if result.table_name == "fct_orders" and result.suite == "mart:fct_orders"]
    assert {(one.status, one.observed) for one in lacking} == {("errored", "the table marts.fct_orders is not there")}
    assert "mart:fct_orders fct_orders" in stopped(results)
    assert any(one.status == "passed" for one in results if one.table_name == "dim_customers")
