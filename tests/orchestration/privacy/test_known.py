"""Who is known by which id: looked up for many names at once, in whatever was built or published last."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration import releases
from orchestration.home import Home
from orchestration.privacy.known import Known
from tests.orchestration.gates.test_drifting import FACTS, night

SPANS = """CREATE SCHEMA intermediate; CREATE TABLE intermediate.int_identity_spans AS
FROM (VALUES
    ('a', 'crm', 'C1', 'K1', NULL), ('a', 'billing', 'B1', 'K1', NULL), ('b', 'crm', 'C1', 'K2', NULL),
    ('b', 'crm', 'C2', 'K3', NULL), ('b', 'crm', 'C2', 'K9', TIMESTAMP '2026-01-01')
) AS t(source_name, record_type, source_customer_id, customer_key, valid_to)"""
PUBLISHED = """CREATE SCHEMA marts; CREATE TABLE marts.customer_identities AS
FROM (VALUES ('a', 'crm', 'C7', 'K7', CAST(NULL AS TIMESTAMP)))
    AS t(source, record_type, source_customer_id, customer_key, valid_to);
CREATE TABLE marts.dim_customer_key_redirects AS
FROM (VALUES ('K0', 'K1'), ('K3', 'K1'), ('K5', 'K7')) AS t(old_customer_key, customer_key)"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose release knows one customer and where three keys went; its warehouse is made by the tests."""
    tonight = night(tmp_path, date(2026, 1, 31))
    with tonight.warehouse(begins=True) as connection:
        connection.execute(PUBLISHED)
    releases.publish(releases.build(tonight.home.warehouse, tonight.home.root, as_of=tonight.as_of, **FACTS))
    return tonight.home


@pytest.fixture
def built(home: Home) -> Known:
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(SPANS)
    return Known.of(home)


def test_a_name_is_any_sources_id_or_a_key(built: Known) -> None:
    names = ["C1", "C2", "K1", "B1", "nobody"]
    assert built.keys(names) == {"C1": {"K1", "K2"}, "C2": {"K3"}, "K1": {"K1"}, "B1": {"K1"}, "nobody": set()}


def test_records_of_customers_and_customers_of_records(built: Known) -> None:
    assert built.records(["K1", "K3"]) == {"K1": (("a", "billing", "B1"), ("a", "crm", "C1")), "K3": (("b", "crm", "C2"),)}
    assert built.keys_of([("a", "crm", "C1"), ("b", "crm", "C1"), ("a", "crm", "C2")]) == {
        ("a", "crm", "C1"): "K1",
        ("b", "crm", "C1"): "K2",
    }
    assert built.keys_of([]) == {}


def test_keys_of_before_lead_on_and_one_that_somebody_has_now_is_no_former_one(built: Known) -> None:
    assert built.keys_of_before(["K0", "K5", "K1"]) == {"K0": {"K1"}, "K5": {"K7"}, "K1": set()}
    assert built.former_keys(["K1"]) == {"K0"}  # K3 is somebody's again


def test_everybody_else_is_told_by_table(built: Known) -> None:
    others = built.others([("a", "crm", "C1")])
    assert {table: sorted(ids["id"].to_pylist()) for table, ids in others.items()} == {
        "crm_customers": ["C1", "C2"],
        "billing_customers": ["B1"],
    }
    assert sorted(built.others([])["crm_customers"]["id"].to_pylist()) == ["C1", "C2"]


def test_an_id_of_two_crms_is_not_of_one(built: Known) -> None:
    assert built.of_one_crm({"C1", "C2", "C3"}) == {"C2", "C3"}


def test_a_warehouse_that_an_erasure_emptied_leaves_it_to_the_release(home: Home) -> None:
    assert Known.of(home).keys(["C7", "C1"]) == {"C7": {"K7"}, "C1": set()}
