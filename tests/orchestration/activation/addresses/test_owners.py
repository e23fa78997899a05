"""An address that goes to somebody who is in no audience: what was learnt of its former owner must not stay at it, nor come to it."""

import duckdb
import pytest


def _away(night):
    """Ann was sent and has another address since; her record keeps the one that it has."""
    night({1: ("ann", "pro")})
    night({1: ("ann2", "free")})
    assert night.place.holding == {"ann@example.com": "k1"}


def test_a_record_whose_address_is_somebody_elses_now_is_cleared_though_they_are_in_no_audience(night):
    _away(night)
    report = night({1: ("ann2", "team")}, others={2: "ann"})
    assert (night.place.sent, report.ok) == ([["x1 clear"], ["x1 upsert"]], True)
    assert night.place.holding == {"ann2@example.com": "k1"}
    assert night({1: ("ann2", "team")}, others={2: "ann"}).decisions == {"unchanged": 1}


def test_it_is_cleared_in_the_night_in_which_both_change(night):
    night({1: ("ann", "pro")}, others={2: "bob"})
    night({1: ("ann2", "pro")}, others={2: "ann"})
    assert night.place.holding == {"ann2@example.com": "k1"}


@pytest.mark.parametrize("mode", ["upsert", "update_only"])
def test_who_leaves_keeps_nothing_at_an_address_that_is_somebody_elses_now(night, mode):
    night({1: ("ann", "pro"), 3: ("cy", "pro")}, mode=mode)
    report = night({3: ("cy", "pro")}, others={1: "ann2", 2: "ann"}, mode=mode)
    assert (report.decisions, night.place.holding) == ({"clear": 1, "unchanged": 1}, {"cy@example.com": "k3"})


def test_an_address_that_two_customers_share_was_nobodys_alone(night):
    night({1: ("office", "pro"), 3: ("cy", "pro")}, others={2: "office"}, mode="upsert")
    report = night({3: ("cy", "pro")}, others={1: "office", 2: "office"}, mode="upsert")
    assert report.decisions == {"kept": 1, "unchanged": 1}


def test_a_state_of_an_older_version_learns_whose_its_addresses_are(night, tmp_path):
    night({1: ("ann", "pro")})
    with duckdb.connect(str(next((tmp_path / "state" / "activation").glob("*.duckdb")))) as connection:
        connection.execute("ALTER TABLE acknowledged DROP COLUMN pseudonym")
    assert night({1: ("ann", "pro")}).decisions == {"unchanged": 1}
    night({1: ("ann2", "pro")}, others={2: "ann"})
    assert night.place.holding == {"ann2@example.com": "k1"}
