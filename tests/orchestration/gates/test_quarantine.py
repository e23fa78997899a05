"""Who leaves quarantine and who stays: rows that are mended, vanish or wait for their parents, from load to load."""

from datetime import date

import duckdb
import pytest

from orchestration.gates import quarantine
from tests.orchestration.gates.landed import NIGHT, Landed


def test_what_lands_beside_a_tombstone_is_not_removed_by_it(landed):
    """A tombstone and the copy that is left land together, when one of two conflicting copies was removed."""
    landed.land("crm_interactions", {"interaction_id": "x"}, {"interaction_id": "x", "kind": "clicked"})
    landed.land("crm_interactions", {"interaction_id": "x", "_is_deleted": True}, {"interaction_id": "x", "kind": "clicked"}, load="2")
    landed.examine()
    assert landed.waiting() == []
    landed.land("crm_interactions", {"interaction_id": "z"}, load="3")
    landed.land("crm_interactions", {"interaction_id": "z", "_is_deleted": True}, {"interaction_id": "z", "kind": None}, load="4")
    landed.examine()
    assert landed.waiting("load_id, row_key") == [("4", "z")], "and a bad one waits, though a tombstone lies beside it"


def test_a_later_good_version_ends_a_conflict_and_mends_a_bad_row(landed):
    landed.land(
        "crm_interactions",
        {"interaction_id": "torn"},
        {"interaction_id": "torn", "kind": "clicked"},
        {"interaction_id": "bad", "kind": None},
    )
    landed.examine()
    assert len(landed.waiting()) == 3
    landed.land("crm_interactions", {"interaction_id": "torn"}, {"interaction_id": "bad"}, load="2")
    landed.examine()
    assert landed.waiting() == []


def test_a_consent_and_its_withdrawal_of_one_day_are_two_statements(landed):
    """Exports that write days say both at one time: as copies of one statement they waited, and the consent of before stood."""
    landed.land("crm_customers")
    landed.land("crm_consents", {"status": "granted"}, {"status": "withdrawn"})
    landed.examine()
    assert landed.waiting() == []


def test_a_later_bad_version_mends_nothing_and_does_not_hide_the_good_one(landed):
    landed.land("crm_interactions", {"interaction_id": "a"}, {"interaction_id": "b", "kind": None})
    landed.land("crm_interactions", {"interaction_id": "a", "kind": None}, {"interaction_id": "b", "kind": None}, load="2")
    landed.examine()
    assert landed.waiting("load_id, row_key") == [("1", "b"), ("2", "a"), ("2", "b")]


def test_a_version_from_after_the_night_mends_nothing_yet(landed):
    landed.land("crm_customers", customer_id="c2", created_at=None, updated_at="2025-02-01")
    landed.land("crm_customers", customer_id="c2", updated_at="2026-02-10", load="2")
    landed.examine()
    assert landed.waiting("load_id, rule") == [("1", "missing_required")]
    landed.examine(date(2026, 2, 28))
    assert landed.waiting() == []


def test_an_older_change_that_lands_later_mends_nothing(landed):
    """Staging takes the newest change, so the bad row would come back if the older good one released it."""
    landed.land("crm_customers", customer_id="c2", created_at=None, updated_at="2025-03-01")
    landed.land("crm_customers", customer_id="c2", updated_at="2025-02-01", load="2")
    landed.examine()
    assert landed.waiting("load_id, rule") == [("1", "missing_required")]


def test_a_row_that_vanished_at_its_source_leaves_and_a_tombstone_is_never_bad(landed):
    landed.land("crm_interactions", interaction_id="gone", kind=None)
    landed.examine()
    landed.land("crm_interactions", interaction_id="gone", customer_id="nobody", kind=None, _is_deleted=True, load="2")
    (count,) = [count for count in landed.examine() if count.table_name == "crm_interactions"]
    assert landed.waiting() == []
    assert (count.landed, count.tombstones, count.quarantined) == (1, 1, 0)


def test_a_row_without_a_key_leaves_when_its_source_no_longer_has_it(landed):
    landed.land("crm_interactions", {"interaction_id": None, "kind": "a"}, {"interaction_id": None, "kind": "b"})
    landed.examine()
    assert len(landed.waiting()) == 2
    landed.land("crm_interactions", {"interaction_id": None, "kind": "a", "_is_deleted": True}, {"kind": "a"}, load="2")
    landed.examine()
    assert landed.waiting("row_number, row_key, rule") == [(2, None, "missing_required")]
    landed.land("crm_interactions", interaction_id=None, kind="a", load="3")
    landed.examine()
    assert landed.waiting("load_id, row_number") == [("1", 2), ("3", 1)], "and comes back when it comes back"


def test_a_bad_customer_that_vanished_stays_for_past_months_would_keep_it(landed):
    landed.land("crm_customers", customer_id="c2", created_at=None)
    landed.land("crm_customers", customer_id="c2", _is_deleted=True, load="2")
    landed.examine()
    assert landed.waiting("row_key, rule") == [("c2", "missing_required")]


def test_a_late_parent_releases_its_children(landed):
    landed.land("crm_interactions", customer_id="late")
    landed.examine()
    assert landed.waiting("rule") == [("orphan",)]
    landed.land("crm_customers", customer_id="late", load="2", source="other")
    landed.examine()
    assert landed.waiting("rule") == [("orphan",)], "a parent of another source is no parent"
    landed.land("crm_customers", customer_id="late", load="2")
    landed.examine()
    assert landed.waiting() == []


def test_children_of_a_quarantined_parent_wait_with_it_and_do_not_count(landed):
    landed.land("crm_customers", customer_id="c2", created_at=None)
    landed.land("crm_interactions", {"interaction_id": "i1"}, {"interaction_id": "i2", "customer_id": "c2"})
    (interactions,) = [count for count in landed.examine() if count.table_name == "crm_interactions"]
    assert landed.waiting("row_key, rule") == [("c2", "missing_required"), ("i2", "parent_quarantined")]
    assert (interactions.quarantined, interactions.own, interactions.share) == (1, 0, 0.0)
    landed.land("crm_customers", customer_id="c2", load="2")
    landed.examine()
    assert landed.waiting() == []


def test_an_orphan_whose_parent_comes_bad_waits_for_the_parent(landed):
    landed.land("crm_interactions", customer_id="c2")
    landed.examine()
    landed.land("crm_customers", customer_id="c2", created_at=None, load="2")
    landed.examine()
    assert landed.waiting("row_key, rule") == [("c2", "missing_required"), ("i1", "parent_quarantined")]
    assert "in quarantine itself" in landed.waiting("reason")[1][0]


def test_first_seen_stays_and_rows_break_several_rules(landed):
    landed.land("crm_interactions", customer_id="nobody", kind=None, channel="x")
    landed.examine()
    landed.examine(date(2026, 2, 1), full=True)
    assert landed.waiting("rule, first_seen_as_of") == [("missing_required", NIGHT), ("not_in_list", NIGHT), ("orphan", NIGHT)]
    (count,) = [count for count in quarantine.counts(landed.connection) if count.table_name == "crm_interactions"]
    assert (count.quarantined, count.own) == (1, 1)
    assert count.by_rule == {"missing_required": 1, "not_in_list": 1, "orphan": 1}


def test_a_bad_night_is_not_thinned_out_by_a_good_past(landed):
    def interactions(load: str, rows: int, bad: int) -> None:
        landed.connection.execute(f"""INSERT INTO landing.crm_interactions BY NAME
            SELECT '{load}' || i AS interaction_id, 'c1' AS customer_id,
            TIMESTAMP '2025-02-01' AS occurred_at, 'email' AS channel, CASE WHEN i >= {bad} THEN 'opened' END AS kind,
            'files' AS _source, '{load}' AS _load_id, i AS _row_number FROM range({rows}) AS rows(i)""")

    def share() -> float:
        (count,) = [count for count in landed.examine() if count.table_name == "crm_interactions"]
        return count.share

    interactions("1", 100_000, 0)
    interactions("2", 2_000, 200)
    assert share() == pytest.approx(0.1)
    assert share() == pytest.approx(0.1), "looking twice does not make it better"
    interactions("3", 10, 5)
    assert share() == pytest.approx(205 / 102_010), "ten rows say too little by themselves"


def _nights(house: Landed) -> None:
    """Three nights of everything that can happen between loads, examined after each when `house` is incremental."""
    house.land("crm_customers", {"customer_id": "c2", "created_at": None}, {"customer_id": "c3", "updated_at": "2026-02-20", "region": "N"})
    house.land(
        "crm_interactions",
        {"interaction_id": "x", "customer_id": "late"},
        {"interaction_id": "y", "customer_id": "c2"},
        {"interaction_id": "z", "kind": None},
    )
    house.land("billing_payments", {"payment_id": "t"}, {"payment_id": "t", "amount": 3}, {"payment_id": "u", "billing_customer_id": "b9"})
    yield NIGHT
    house.land("crm_customers", {"customer_id": "late", "created_at": None}, {"customer_id": "c3", "created_at": None}, load="2")
    house.land("crm_interactions", {"interaction_id": "z"}, {"interaction_id": "x", "customer_id": "late", "kind": "x"}, load="2")
    house.land("billing_customers", billing_customer_id="b9", load="2")
    yield date(2026, 2, 1)
    house.land("crm_customers", {"customer_id": "c2"}, {"customer_id": "late"}, load="3")
    house.land("billing_payments", {"payment_id": "t"}, {"payment_id": "v", "currency": "ZZZ"}, load="3")
    house.land("crm_interactions", interaction_id="y", _is_deleted=True, load="3")
    yield date(2026, 2, 2)


def test_night_by_night_equals_a_full_recomputation():
    incremental, full = Landed(), Landed()
    for house in (incremental, full):
        house.land("crm_customers")
        house.land("billing_customers")
    seen = []
    for night, _ in zip(_nights(incremental), _nights(full), strict=True):
        incremental.examine(night)
        full.examine(night, full=True)
        everything = "* EXCLUDE (row_json)"
        assert incremental.waiting(everything) == full.waiting(everything)
        assert quarantine.counts(incremental.connection) == quarantine.counts(full.connection)
        seen.append(len(incremental.waiting()))
    assert len(set(seen)) == 3, "every night has to change something, or this proves nothing"


def test_a_new_limit_or_a_rewritten_load_is_noticed(landed):
    landed.land("billing_payments", amount=500)
    landed.examine()
    landed.examine(max_amount=100)
    assert landed.waiting("rule") == [("amount_out_of_bounds",)]
    landed.connection.execute("DELETE FROM landing.billing_payments")
    landed.examine(max_amount=100)
    assert landed.waiting() == []


def test_an_error_leaves_the_quarantine_as_it_was(landed):
    landed.land("crm_interactions", kind=None)
    landed.examine()
    before = landed.waiting()
    landed.land("crm_interactions", kind="opened", load="2")
    landed.land("survey_responses", load="2")
    landed.connection.execute("ALTER TABLE landing.survey_responses DROP COLUMN score")
    with pytest.raises(duckdb.Error):
        landed.examine()
    assert landed.waiting() == before


def test_a_table_without_news_and_without_a_bad_row_is_not_asked_again(landed, monkeypatch):
    landed.land("crm_interactions", kind=None)
    landed.land("crm_consents")
    landed.examine()
    asked, usual = set(), quarantine._examine_table
    monkeypatch.setattr(quarantine, "_examine_table", lambda on, table, *rest: asked.add(table.name) or usual(on, table, *rest))
    landed.land("survey_responses", load="2")
    landed.examine()
    assert asked == {"survey_responses", "crm_interactions"}
    assert landed.waiting("table_name, rule") == [("crm_interactions", "missing_required")]
