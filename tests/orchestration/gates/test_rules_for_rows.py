"""The landing gate for rows, rule by rule, on two or three rows that a person can check."""

import json

import pytest

from expectations.suites import suites_of
from orchestration.contract import INPUT_TABLES
from orchestration.gates.row_rules import own_rules, read_currencies
from tests.orchestration.gates.landed import CURRENCIES, GOOD, NIGHT, Landed

GUARDS = {"missing_required", "not_in_list", "out_of_scale", "end_before_start", "out_of_range"}
ASKED_OF_ROWS = {
    *("ExpectColumnValuesToNotBeNull", "ExpectColumnValuesToBeInSet", "ExpectColumnValuesToBeBetween"),
    *("ExpectColumnPairValuesAToBeGreaterThanB", "ExpectColumnValuesToNotMatchRegex"),
}


def test_good_rows_are_all_accepted(landed):
    for table in set(GOOD) - {"crm_customers", "billing_customers"}:
        landed.land(table)
    counts = landed.examine()
    assert landed.waiting() == []
    assert {(count.table_name, count.landed, count.share) for count in counts} == {(table, 1, 0.0) for table in GOOD}


BROKEN = [
    ("crm_interactions", {"kind": None}, "missing_required", "kind"),
    ("crm_interactions", {"kind": ""}, "missing_required", "kind"),
    ("billing_payments", {"amount": None}, "missing_required", "amount, amount_minor"),
    ("survey_responses", {"customer_id": None}, "missing_required", "customer_id, email"),
    ("crm_interactions", {"occurred_at": None, "_bad_values": '{"occurred_at": "soon"}'}, "unparseable", "occurred_at"),
    ("billing_payments", {"amount": None, "_bad_values": '{"amount": "12,5,0"}'}, "unparseable", "amount"),
    ("crm_interactions", {"channel": "carrier pigeon"}, "not_in_list", "channel"),
    ("billing_subscriptions", {"interval": "fortnight"}, "not_in_list", "interval"),
    ("crm_interactions", {"customer_id": "nobody"}, "orphan", "customer_id"),
    ("survey_responses", {"score": 11}, "out_of_scale", "score"),
    ("survey_responses", {"score": 8.5}, "out_of_scale", "score"),
    ("survey_responses", {"metric": "nps", "score": 50, "scale_max": 100}, "out_of_scale", "score"),
    ("survey_responses", {"metric": "nps", "score": 5, "scale_max": 100}, "out_of_scale", "score"),
    ("survey_responses", {"metric": "nps", "score": 5, "scale_min": 1, "scale_max": 5}, "out_of_scale", "score"),
    ("survey_responses", {"metric": "csat", "score": 0, "scale_min": 1, "scale_max": 5}, "out_of_scale", "score"),
    ("billing_subscriptions", {"ended_at": "2024-12-31"}, "end_before_start", "ended_at"),
    ("billing_payments", {"amount": -1_000_001}, "amount_out_of_bounds", "amount"),
    ("billing_payments", {"amount": None, "amount_minor": 100_000_001}, "amount_out_of_bounds", "amount_minor"),
    ("billing_payments", {"amount": None, "amount_minor": 1_000_001, "currency": "JPY"}, "amount_out_of_bounds", "amount_minor"),
    ("billing_payments", {"amount": 1_000_000_001, "currency": "VND"}, "amount_out_of_bounds", "amount"),
    ("billing_payments", {"currency": "XXX"}, "unknown_currency", "currency"),
    ("crm_actions", {"propensity": 0}, "out_of_range", "propensity"),
    ("crm_actions", {"propensity": 1.01}, "out_of_range", "propensity"),
    ("exchange_rates", {"rate_to_reporting": 0}, "out_of_range", "rate_to_reporting"),
    ("billing_subscriptions", {"interval_count": 0}, "out_of_range", "interval_count"),
    ("billing_subscriptions", {"unit_amount": -0.01}, "out_of_range", "unit_amount"),
    ("billing_subscriptions", {"unit_minor": -1}, "out_of_range", "unit_minor"),
    ("billing_subscriptions", {"quantity": -1}, "out_of_range", "quantity"),
    ("crm_campaigns", {"cost_amount": -0.01}, "out_of_range", "cost_amount"),
    ("crm_interactions", {"occurred_at": "0001-01-01"}, "out_of_range", "occurred_at"),
    ("crm_actions", {"decided_at": "1900-01-01"}, "out_of_range", "decided_at"),
]


FINE = [
    ("billing_payments", {"amount": None, "amount_minor": 1_000_001, "currency": "USD"}),
    ("billing_payments", {"amount": None, "amount_minor": 1_000_000_000, "currency": "KWD"}),
    ("billing_payments", {"amount": 250_000_000, "currency": "vnd"}),
    ("billing_payments", {"amount": None, "amount_minor": 25_000_000_000, "currency": "IDR"}),
    ("billing_payments", {"currency": " eur "}),
    ("crm_actions", {"propensity": 1}),
    ("crm_actions", {"propensity": None}),
    ("survey_responses", {"metric": "csat", "score": 4.5, "scale_min": 1, "scale_max": 5}),
    ("survey_responses", {"metric": "nps", "score": 1, "scale_min": 1}),
    ("billing_subscriptions", {"interval": None}),
    ("billing_subscriptions", {"ended_at": "2025-01-01"}),
    ("billing_subscriptions", {"ended_at": "9999-12-31"}),
    ("crm_customers", {"customer_id": "insured", "created_at": "1965-03-01"}),
    ("billing_subscriptions", {"unit_amount": 0, "quantity": 0}),
    ("crm_campaigns", {"cost_amount": 0}),
    ("billing_payments", {"amount": -5}),
    ("exchange_rates", {"rate_date": "1900-01-01"}),
]


@pytest.fixture(scope="module")
def examined():
    """What waits of every case, each landed as a load of its own beside a good row of its table: (table, load) → what is wrong."""
    house = Landed()
    for table in GOOD:
        house.land(table, load="good")
    for load, (table, change, *_) in enumerate([*BROKEN, *FINE]):
        key = INPUT_TABLES[table].key[0]
        named = {key: "GBP" if table == "exchange_rates" else f"{key}-{load}"}
        house.land(table, {**named, **change}, load=str(load))
    house.examine()
    waiting = {}
    for table, load, *what in house.waiting():
        waiting.setdefault((table, load), []).append(tuple(what))
    return waiting


@pytest.mark.parametrize(("table", "change", "rule", "column"), BROKEN)
def test_each_rule_names_the_row_and_the_column(examined, table, change, rule, column):
    assert examined[table, str(BROKEN.index((table, change, rule, column)))] == [(1, rule, column)]


@pytest.mark.parametrize(("table", "change"), FINE)
def test_what_is_unusual_but_right_stays(examined, table, change):
    assert (table, str(len(BROKEN) + FINE.index((table, change)))) not in examined


def test_every_case_was_examined_and_nothing_else_waits(examined):
    assert set(examined) == {(table, str(load)) for load, (table, *_) in enumerate(BROKEN)}


def test_what_a_suite_refuses_a_night_for_a_row_steps_aside_for_before():
    """One bad row waits by itself; the night is refused where a rule for rows did not do its work, or where too many wait."""
    unguarded = set()
    for suite in suites_of("landing"):
        table = INPUT_TABLES[suite.table_name]
        rules = {(rule.rule, rule.column) for rule in own_rules(table, read_currencies(CURRENCIES), 1e6)}
        guarded = {column for rule, columns in rules if rule in GUARDS for column in columns.split(", ")}
        asked = [one for one in suite.expectations if one.severity == "block" and one.kind in ASKED_OF_ROWS]
        unguarded |= {f"{table.name}: {one.name}" for one in asked if not guarded & set(one.columns)}
    assert unguarded == set()


def test_the_row_is_kept_and_the_reason_tells_no_value(landed):
    landed.land("survey_responses", email="bob@example.com", score=11, comment="call me", _bad_values='{"sent_at": "bob@example.com"}')
    landed.examine()
    (first, second) = landed.waiting("rule, reason, row_key, row_json, first_seen_as_of")
    assert [first[0], second[0]] == ["out_of_scale", "unparseable"]
    assert "bob" not in first[1] + second[1]
    assert first[2] == "r1"
    assert json.loads(first[3])["comment"] == "call me"
    assert first[4] == NIGHT


def test_copies_that_agree_are_duplicates_and_copies_that_do_not_all_wait(landed):
    landed.land("crm_interactions", {"interaction_id": "same"}, {"interaction_id": "same"})
    landed.land("crm_interactions", {"interaction_id": "torn"}, {"interaction_id": "torn", "kind": "clicked"}, {"interaction_id": "torn"})
    landed.examine()
    assert landed.waiting("row_number, rule") == [(number, "duplicate_key_conflict") for number in (3, 4, 5)]


def test_copies_ordered_by_their_change_do_not_conflict(landed):
    landed.land(
        "crm_customers", {"customer_id": "c2", "updated_at": "2025-02-01"}, {"customer_id": "c2", "updated_at": "2025-03-01", "region": "N"}
    )
    landed.examine()
    assert landed.waiting() == []
    landed.land(
        "crm_customers", {"customer_id": "c3", "updated_at": "2025-02-01"}, {"customer_id": "c3", "updated_at": "2025-02-01", "region": "N"}
    )
    landed.examine(full=True)
    assert landed.waiting("row_key, rule") == [("c3", "duplicate_key_conflict")] * 2


def test_copies_in_two_files_are_ordered_by_the_files(landed):
    landed.land(
        "crm_interactions",
        {"interaction_id": "x", "_file": "monday.csv"},
        {"interaction_id": "x", "_file": "tuesday.csv", "kind": "clicked"},
        {"interaction_id": "y", "_file": "tuesday.csv"},
        {"interaction_id": "y", "_file": "tuesday.csv", "kind": "clicked"},
    )
    landed.examine()
    assert landed.waiting("row_key, rule") == [("y", "duplicate_key_conflict")] * 2


def test_the_same_key_in_two_sources_is_two_rows(landed):
    landed.land("crm_customers", source="other", region="N")
    landed.examine()
    assert landed.waiting() == []
