"""Who is who, now and at every moment before: dated loads in, spans out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from identity_world import Spans, at, billing, built, crm, day, key_of, load, now, random_rows, reasons, spans
from who_is_who import Landed, Limits

pytestmark = pytest.mark.thorough


ORDERS: dict[str, Callable[[int], list[int]]] = {
    "rising": lambda count: list(range(count)),
    "falling": lambda count: list(range(count))[::-1],
    "zigzag": lambda count: [place // 2 if place % 2 else count - 1 - place // 2 for place in range(count)],
    "lowest at the far end": lambda count: [*range(1, count), 0],
    "any": lambda count: Random(7).sample(range(count), count),
}


@pytest.mark.parametrize("limits", [Limits(2, 3), Limits(2, 2), Limits(1, 1), Limits(2, 2, by_company=True)], ids=str)
@pytest.mark.parametrize("seed", range(8))
def test_every_span_says_what_was_so_at_that_time(seed: int, limits: Limits) -> None:
    """Beside a second opinion that unites the records of each moment one by one."""
    rows = random_rows(Random(100 * limits.records + seed))
    found, landed = spans(*rows, limits=limits), Landed(rows, limits)
    for moment in [*landed.moments(), datetime(2025, 6, 30)]:
        expected = {record: key_of(eldest[2], eldest[1], eldest[0]) for record, eldest in landed.customers(moment).items()}
        assert at(found, moment) == expected, moment
    for one in found.values():
        assert [end for _, end, _ in one] == [*(begin for begin, _, _ in one[1:]), None], "spans follow one another up to now"
        assert all(before[2] != after[2] for before, after in pairwise(one)), "a border is a change of customer"


@pytest.mark.parametrize("limits", [Limits(2, 3), Limits(2, 2), Limits(2, 2, by_company=True)], ids=str)
@pytest.mark.parametrize("seed", range(6))
def test_every_span_says_why_by_its_end(seed: int, limits: Limits) -> None:
    rows = random_rows(Random(1000 * limits.records + seed))
    landed = Landed(rows, limits)
    for record, told in reasons(*rows, limits=limits).items():
        for begin, end, why in told:
            last = max(moment for moment in landed.moments() if end is None or begin <= moment < end)
            assert why == landed.reasons(last)[record], (record, begin, end)


@pytest.mark.parametrize("seed", range(4))
def test_an_earlier_night_over_the_same_landing_says_what_the_spans_say_of_it(seed: int) -> None:
    """Where every change says when it happened."""
    rows = [row | {"updated_at": row.get("updated_at", row["created_at"])} for row in random_rows(Random(seed)) if "created_at" in row]
    rows = [row for row in rows if "billing_customer_id" not in row]
    found = spans(*rows, limits=Limits(2, 3))
    for number in (35, 75, 115):
        earlier = spans(*rows, limits=Limits(2, 3), as_of=f"{day(number):%Y-%m-%d}")
        assert at(earlier, day(number)) == at(found, day(number))


@pytest.mark.parametrize("order", ORDERS)
def test_a_chain_of_500_merges_is_one_customer_until_its_middle_is_taken_out(order: str) -> None:
    ids = [f"{number:03}" for number in ORDERS[order](500)]
    chain = [crm(one, 1, created=1, merged_into_customer_id=other) for one, other in pairwise(ids)] + [crm(ids[-1], 1, created=1)]
    assert set(now(spans(*chain)).values()) == {key_of("000")}
    found = spans(*chain, crm(ids[249], 100, created=1, changed=90))
    assert set(at(found, day(89)).values()) == {key_of("000")}
    halves = {key_of(min(ids[:250])), key_of(min(ids[250:]))}
    assert {key for record, key in at(found, day(90)).items()} == halves
    assert len([rows for rows in found.values() if len(rows) > 1]) == 250, "half of them have moved"


def test_a_loop_of_merges_is_one_customer_and_a_record_merged_into_itself_is_its_own() -> None:
    loop = [crm("a", 1, merged_into_customer_id="b"), crm("b", 1, merged_into_customer_id="c"), crm("c", 1, merged_into_customer_id="a")]
    found = now(spans(*loop, crm("d", 1, merged_into_customer_id="d")))
    assert found == {"a": key_of("a"), "b": key_of("a"), "c": key_of("a"), "d": key_of("d")}


def test_records_merged_into_one_that_lands_later_are_one_before_and_after() -> None:
    before = [
        crm("a", 1, merged_into_customer_id="z"),
        crm("b", 1, merged_into_customer_id="z"),
        crm("alone", 1, merged_into_customer_id="y"),
    ]
    assert now(spans(*before)) == {"a": key_of("a"), "b": key_of("a"), "alone": key_of("alone")}
    after = now(spans(*before, crm("z", 50)))
    assert after == {"a": key_of("a"), "b": key_of("a"), "z": key_of("a"), "alone": key_of("alone")}


def test_a_merge_that_is_taken_back_gives_the_old_key_back() -> None:
    rows = [crm("a", 1), crm("b", 1), crm("b", 40, changed=39, merged_into_customer_id="a"), crm("b", 80, changed=79)]
    assert spans(*rows)["crm", "crm", "b"] == [
        (day(0), day(39), key_of("b")), (day(39), day(79), key_of("a")), (day(79), None, key_of("b"))
    ]  # fmt: skip


def test_a_merge_that_is_taken_back_is_no_reason_any_more() -> None:
    """The account landed first, so the CRM's record joined it; while another record was merged into that one, a merge tied it, too."""
    rows = [billing("p", 1, customer_id="a"), crm("a", 2), crm("b", 10, changed=9, merged_into_customer_id="a"), crm("b", 40, changed=39)]
    assert reasons(*rows)["crm", "crm", "a"] == [(day(0), None, "billing_link")]
    assert reasons(*rows[:3])["crm", "crm", "a"] == [(day(0), None, "merge")]


def test_a_corrected_address_splits_and_facts_go_with_it() -> None:
    rows = [crm("a", 1, email="ann@x.org"), billing("p", 1, created=1, email="ANN+pay@x.org")]
    split = [*rows, billing("p", 40, created=1, email="paul@x.org")]
    assert [(begin, key) for begin, _, key in spans(*split)["pay", "billing", "p"]] == [
        (day(1), key_of("a")), (day(40), key_of("p", "billing"))
    ]  # fmt: skip
    line = {
        "invoice_line_id": "l",
        "invoice_id": "i",
        "billing_customer_id": "p",
        "kind": "one_off",
        "issued_at": day(5),
        "amount_minor": 100,
    }
    invoice = {"billing_invoice_lines": [line | {"_source": "pay", "_load_id": load(6), "currency": "USD"}]}
    for landed, owner in ((rows, key_of("a")), (split, key_of("p", "billing"))):
        tables = {"crm_customers": [landed[0]], "billing_customers": landed[1:]} | invoice
        with built(tables, "fct_orders") as connection:
            assert connection.sql("SELECT customer_key FROM marts.fct_orders").fetchall() == [(owner,)]


def test_two_crms_with_equal_ids_are_two_worlds() -> None:
    """The account of a third source names a record for as long as only one CRM has its id."""
    rows = [crm("1", 1), crm("2", 1, merged_into_customer_id="1"), crm("1", 50, source="erp", created=50), billing("p", 1, customer_id="1")]
    found = spans(*rows)
    assert found["crm", "crm", "2"][-1][2] == key_of("1")
    assert found["erp", "crm", "1"] == [(day(50), None, key_of("1", source="erp"))]
    assert [key for _, _, key in found["pay", "billing", "p"]] == [key_of("1"), key_of("p", "billing")]


def test_a_mailbox_that_becomes_shared_parts_those_whom_it_had_joined() -> None:
    rows = [crm(f"{number}", 1, created=10 * number, email="info@x.org") for number in range(3)]
    found = spans(*rows, limits=Limits(shared=2, records=25))
    assert at(found, day(15)) == {("crm", "crm", "0"): key_of("0"), ("crm", "crm", "1"): key_of("0")}
    assert now(found) == {"0": key_of("0"), "1": key_of("1"), "2": key_of("2")}


def test_a_large_company_is_one_customer_with_whoever_pays_for_it() -> None:
    people = [crm(f"{number:02}", 1, created=number, company_name=" ACME ", email=f"{number}@acme.com") for number in range(40)]
    rows = [*people, billing("p", 1, created=3, email="39@acme.com"), crm("z", 1, company_name="other")]
    found = now(spans(*rows, limits=Limits(5, 25, by_company=True)))
    assert found == {f"{number:02}": key_of("00") for number in range(40)} | {"p": key_of("00"), "z": key_of("z")}


def test_a_cluster_that_outgrows_the_limit_falls_back_to_what_sources_state() -> None:
    """Neighbours in a row share a number or an address; the first two were merged."""
    rows = [crm(f"{number}", 1, created=number, phone=f"+49151000{number // 2:02}") for number in range(8)]
    rows = [row | {"email": f"{(number + 1) // 2}@x.org"} for number, row in enumerate(rows)]
    rows[0]["merged_into_customer_id"] = "1"
    assert set(now(spans(*rows, limits=Limits(5, 7))).values()) == {key_of("0")}, "seven parts"
    apart = {"0": key_of("0"), "1": key_of("0")} | {f"{number}": key_of(f"{number}") for number in range(2, 8)}
    assert now(spans(*rows, limits=Limits(5, 6))) == apart
    assert len(set(at(spans(*rows, limits=Limits(5, 6)), day(6)).values())) == 1, "before the eighth record came"


def test_what_lands_later_never_renames_a_customer_and_the_same_landing_gives_the_same_keys() -> None:
    rows = [crm("a", 1, email="ann@x.org")]
    assert now(spans(*rows)) == {"a": key_of("a")}
    rows += [crm("ancient", 50, created=-3000, email="ann@x.org"), billing("p", 60, created=-5000, email="ann@x.org")]
    rows += [crm("a", 70, created=30, email="ann@x.org")]
    found = spans(*rows)
    assert set(now(found).values()) == {key_of("a")}
    assert spans(*rows[::-1]) == found


def test_every_key_that_was_published_leads_to_a_customer_of_today() -> None:
    """Night by night, with loads that come one after the other."""
    rows = random_rows(Random(5))
    published = set()
    nights = sorted({row["_load_id"] for row in rows})
    for night in nights:
        landed = [row for row in rows if row["_load_id"] <= night]
        as_of = f"{night[:4]}-{night[4:6]}-{night[6:8]}"
        published |= {key for _, key in now_by_record(spans(*landed, as_of=as_of))}
    tables = {
        "crm_customers": [row for row in rows if "billing_customer_id" not in row],
        "billing_customers": [row for row in rows if "billing_customer_id" in row],
    }
    with built(tables, "dim_customer_key_redirects", "dim_customers") as connection:
        redirects = dict(connection.sql("SELECT old_customer_key, customer_key FROM marts.dim_customer_key_redirects").fetchall())
        today = {key for (key,) in connection.sql("SELECT customer_key FROM marts.dim_customers").fetchall()}
    assert not today & set(redirects)
    assert len(published - today) > 0
    assert {redirects.get(key, key) for key in published} <= today


def now_by_record(found: Spans) -> set[tuple[object, str]]:
    return {(record, rows[-1][2]) for record, rows in found.items()}


def test_a_survey_answer_finds_its_customer_in_any_spelling() -> None:
    answer = {
        "metric": "nps",
        "score": 9,
        "scale_min": 0,
        "scale_max": 10,
        "responded_at": day(9),
        "_source": "survey",
        "_load_id": load(10),
    }
    spelt = {
        "tag": "ANN.lee+nps@Gmail.com ",
        "dots": "a.n.n.l.e.e@googlemail.com",
        "other": "annlee@x.org",
        "else": "Bob+1@x.org",
        "same": "bob@x.org",
    }
    answers = [answer | {"response_id": name, "email": email} for name, email in spelt.items()]
    tables = {"crm_customers": [crm("a", 1, email="annlee@gmail.com")], "survey_responses": answers}
    with built(tables, "int_survey_responses") as connection:
        query = "SELECT response_id, customer_key, respondent_key FROM intermediate.int_survey_responses"
        found = {name: (customer, respondent) for name, customer, respondent in connection.sql(query).fetchall()}
    assert {name: customer for name, (customer, _) in found.items() if customer} == {"tag": key_of("a"), "dots": key_of("a")}
    assert found["else"][1] == found["same"][1] != found["other"][1], "one unknown person answered twice"
