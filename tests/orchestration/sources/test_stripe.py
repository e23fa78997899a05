"""Stripe's objects, one by one: what of them becomes which row."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.sources.stripe import customers, invoices, payments
from orchestration.sources.stripe.changes import Changes
from orchestration.sources.stripe.money import major
from orchestration.sources.stripe.payments import Owner
from orchestration.sources.stripe.rows import Rows

OBJECTS = json.loads((Path(__file__).parent / "stripe_objects.json").read_text())
BOTH_AGES = pytest.mark.parametrize("age", ["old", "current"])
SOMEBODY = Owner("cus_1", "in_1")


def _line(**fields: Any) -> dict[str, Any]:
    return {"id": "il_1", "amount": 1000, "currency": "usd", "type": "subscription", "subscription": "sub_1", **fields}


@BOTH_AGES
def test_objects_of_stripes_own_examples_are_understood(age: str) -> None:
    ours = OBJECTS[age]
    subscription = customers.subscription(ours["subscription"], {})
    assert (subscription["status"], subscription["unit_amount"], subscription["interval"]) == ("active", "20.00", "month")
    (line,) = invoices.lines(ours["invoice"], ours["invoice"]["lines"]["data"], {})
    assert (line["amount"], line["currency"], line["invoice_status"]) == ("10.00", "USD", "draft")
    assert line["kind"] == {"old": "one_off", "current": "proration"}[age]
    charge = payments.charge(ours["charge"], SOMEBODY)
    assert (charge["amount"], charge["status"]) == ("1.00", "pending")  # reserved, and never captured
    assert payments.refund(ours["refund"], SOMEBODY)["status"] == "succeeded"
    assert payments.dispute(ours["dispute"], SOMEBODY)["status"] == "pending"
    # The current example was paid back, which its refund tells.
    credited = sum(Decimal(row["amount"]) for row in invoices.credit_note(ours["credit_note"]))
    assert credited == {"old": Decimal("-16.90"), "current": 0}[age]


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (500, "jpy", "500"),
        (1234, "kwd", "1.234"),
        (1200, "ugx", "12.00"),
        (1050, "usd", "10.50"),
        ("12.5", "usd", "0.125"),
        (7, "mga", "7"),
    ],
)
def test_amounts_are_those_of_the_currency(amount: Any, currency: str, expected: str) -> None:
    assert major(amount, currency) == expected


def _of_parent(kind: str, **details: Any) -> dict[str, Any]:
    return {"id": "il_1", "amount": 1000, "currency": "usd", "parent": {"type": kind, kind: details}}


@pytest.mark.parametrize(
    ("line", "invoice", "expected"),
    [
        (_line(), {}, [("recurring", "10.00")]),
        (_line(proration=True), {}, [("proration", "10.00")]),
        (_line(type="invoiceitem", subscription=None), {}, [("one_off", "10.00")]),
        (_of_parent("subscription_item_details", subscription="sub_1", proration=False), {}, [("recurring", "10.00")]),
        (_of_parent("invoice_item_details", proration=False), {}, [("one_off", "10.00")]),
        (_line(discount_amounts=[{"amount": 100}]), {}, [("recurring", "10.00"), ("discount", "-1.00")]),
        (_line(type="invoiceitem", discount_amounts=[{"amount": 100}]), {}, [("one_off", "9.00")]),
        (_line(tax_amounts=[{"amount": 190, "inclusive": False}]), {"tax": 190}, [("recurring", "10.00"), ("tax", "1.90")]),
        (_line(taxes=[{"amount": 160, "tax_behavior": "inclusive"}]), {}, [("recurring", "8.40"), ("tax", "1.60")]),
        (
            _line(),
            {"tax": 190, "total_discount_amounts": [{"amount": 50}]},
            [("recurring", "10.00"), ("discount", "-0.50"), ("tax", "1.90")],
        ),
    ],
)
def test_the_rows_of_an_invoice_sum_to_its_total(line: dict[str, Any], invoice: dict[str, Any], expected: list[Any]) -> None:
    whole = {"id": "in_1", "customer": "cus_1", "currency": "usd", "created": 1_760_000_000, "status": "paid", **invoice}
    rows = list(invoices.lines(whole, [line], {}))
    assert [(row["kind"], row["amount"]) for row in rows] == expected
    assert len({row["invoice_line_id"] for row in rows}) == len(rows)


def test_a_subscription_of_several_items_costs_what_they_cost_together() -> None:
    yearly = {"unit_amount": 12_000, "recurring": {"interval": "year", "interval_count": 1}, "nickname": "Support"}
    monthly = {"unit_amount": 1000, "recurring": {"interval": "month", "interval_count": 1}, "nickname": "Seat"}
    items = {"data": [{"price": monthly, "quantity": 3}, {"price": yearly, "quantity": 1}]}
    row = customers.subscription({"id": "sub_1", "currency": "usd", "items": items}, {})
    assert (row["plan"], row["interval"], row["quantity"], Decimal(row["unit_amount"])) == ("Seat + Support", "month", 1, Decimal(40))


@pytest.mark.parametrize(
    ("divide", "quantity", "paid"),
    [
        ({"divide_by": 10, "round": "up"}, 45, 5),
        ({"divide_by": 10, "round": "down"}, 45, 4),
        ({"divide_by": 10, "round": "up"}, 40, 4),
        (None, 45, 45),
    ],
)
def test_a_price_for_a_package_is_paid_by_the_package(divide: Any, quantity: int, paid: int) -> None:
    price = {"unit_amount": 1000, "transform_quantity": divide, "recurring": {"interval": "month", "interval_count": 1}}
    alone = customers.subscription({"id": "s", "currency": "usd", "items": {"data": [{"price": price, "quantity": quantity}]}}, {})
    assert alone["quantity"] == quantity  # as on the lines of its invoices
    assert float(alone["unit_amount"]) * quantity == pytest.approx(10 * paid)
    beside = {"data": [{"price": {"unit_amount": 500}, "quantity": 1}, {"price": price, "quantity": quantity}]}
    both = customers.subscription({"id": "s", "currency": "usd", "items": beside}, {})
    assert float(both["unit_amount"]) == pytest.approx(5 + 10 * paid)


def test_what_will_be_used_is_no_price_before_it_is_billed() -> None:
    metered = {"unit_amount": 700, "recurring": {"interval": "month", "interval_count": 1, "usage_type": "metered"}}
    alone = customers.subscription({"id": "s", "currency": "usd", "items": {"data": [{"price": metered}]}}, {})
    assert (alone["unit_amount"], alone["quantity"], alone["interval"]) == (None, 1, "month")
    beside = {"data": [{"price": metered}, {"price": {"unit_amount": 5000}, "quantity": 2}]}
    both = customers.subscription({"id": "s", "currency": "usd", "items": beside}, {})
    assert Decimal(both["unit_amount"]) * both["quantity"] == 100


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        *((one, "pending") for one in ("needs_response", "under_review", "warning_needs_response", "warning_under_review")),
        *((one, "failed") for one in ("won", "prevented", "warning_closed", "charge_refunded")),
        ("lost", "succeeded"),
    ],
)
def test_every_state_of_a_dispute_in_any_of_stripes_versions_is_one_of_a_payment(told: str, expected: str) -> None:
    dispute = {"id": "dp_1", "amount": 100, "currency": "usd", "created": 1, "status": told}
    assert payments.dispute(dispute, SOMEBODY)["status"] == expected


class _Account:
    """Answers to what is asked beside an object."""

    def page_of(self, path: str, params: dict[str, str]) -> Iterator[dict[str, Any]]:
        items = [{"price": {"id": name, "unit_amount": 500, "product": "prod_1"}, "quantity": 1} for name in ("one", "two")]
        told = {("/v1/subscription_items", "sub_1"): items, ("/v1/products", None): [{"id": "prod_1", "name": "Seat"}]}
        return iter(told[path, params.get("subscription")])

    def one(self, kind: str, identifier: str) -> dict[str, Any] | None:
        return {"percent_off": 20, "duration": "forever"} if (kind, identifier) == ("coupon", "TWENTY") else None


@pytest.mark.parametrize(("named", "percent"), [("TWENTY", "20"), ("FORGOTTEN", "0")])
def test_items_and_coupons_that_do_not_come_along_are_asked_for(named: str, percent: str) -> None:
    items = {"data": [{"price": {"id": "one", "unit_amount": 500}, "quantity": 1}], "has_more": True}
    told = {"id": "sub_1", "currency": "usd", "items": items, "discounts": [{"source": {"type": "coupon", "coupon": named}}]}
    (row,) = Rows(_Account(), lambda _: None).subscription(told, None)  # type: ignore[arg-type]
    assert (Decimal(row["unit_amount"]), row["plan"], row["discount_percent"]) == (Decimal(10), "Seat", percent)


@pytest.mark.parametrize("kind", ["refund", "dispute"])
def test_money_given_back_to_somebody_unknown_is_left_out_and_said(kind: str) -> None:
    """Its charge is no longer there, or was nobody's."""
    said: list[str] = []
    account: Any = _Account()
    rows = Rows(account, said.append)
    assert list(getattr(rows, kind)({"id": "re_1", "charge": "ch_gone", "amount": 5, "currency": "usd", "created": 1}, None)) == []
    assert said == [f"{kind}s of a charge without a customer, or that is not there, are left out: nobody can be told from them"]


@pytest.mark.parametrize(
    ("details", "ended", "requested", "reason"),
    [
        ({"reason": "payment_failed"}, 1000, None, "payment_failed"),
        ({"reason": "cancellation_requested", "feedback": "too_expensive"}, 2000, "1970-01-01T00:16:40Z", "too_expensive"),
        (None, 1000, None, None),
        (None, 2000, "1970-01-01T00:16:40Z", None),
    ],
)
def test_who_ended_a_subscription(details: Any, ended: int, requested: str | None, reason: str | None) -> None:
    row = customers.subscription({"id": "s", "canceled_at": 1000, "ended_at": ended, "cancellation_details": details}, {})
    assert (row["cancel_requested_at"], row["cancellation_reason"]) == (requested, reason)


@pytest.mark.parametrize(
    ("told", "reason"),
    [({"cancel_at": 2000}, "term_ended"), ({"cancel_at": 2000, "cancel_at_period_end": True}, None), ({"cancel_at": 3000}, None)],
)
def test_a_fixed_term_that_ended_was_nobodys_wish(told: dict[str, Any], reason: str | None) -> None:
    assert customers.subscription({"id": "s", "canceled_at": 1000, "ended_at": 2000, **told}, {})["cancellation_reason"] == reason


@pytest.mark.parametrize(
    ("status", "pause", "expected"),
    [
        ("active", {"behavior": "void", "resumes_at": None}, "paused"),
        ("active", None, "active"),
        ("trialing", {"behavior": "void"}, "trialing"),
        ("past_due", {"behavior": "keep_as_draft"}, "past_due"),
    ],
)
def test_a_subscription_that_nothing_is_collected_for_is_paused(status: str, pause: Any, expected: str) -> None:
    assert customers.subscription({"id": "s", "status": status, "pause_collection": pause}, {})["status"] == expected


@pytest.mark.parametrize(
    ("event", "before", "expected"),
    [
        ("product.updated", {"name": "Pro"}, True),
        ("product.updated", {"metadata": {}, "updated": 1}, False),
        ("price.updated", {"nickname": None}, True),
        ("price.updated", {"active": True}, False),
        ("product.created", {"name": "Pro"}, False),
    ],
)
def test_only_another_name_is_worth_reading_everything_again(event: str, before: Any, expected: bool) -> None:
    changes = Changes(0)
    changes.added(
        {"type": event, "created": 1, "data": {"object": {"id": "x", "object": event.split(".")[0]}, "previous_attributes": before}}
    )
    assert changes.has_renamed is expected


@pytest.mark.parametrize(
    ("refunds", "expected"),
    [
        ({}, [("one_off", "-100.00"), ("tax", "-19.00")]),
        ({"refunds": [{"amount_refunded": 5950, "refund": "re_1"}]}, [("one_off", "-50.00"), ("tax", "-9.50")]),
        ({"refunds": [{"amount_refunded": 5950}, {"amount_refunded": 5950}], "refund": "re_1"}, []),
        ({"refund": "re_1", "refunds": []}, []),
    ],
)
def test_of_a_credit_note_that_was_partly_paid_back_the_rest_counts(refunds: Any, expected: list[Any]) -> None:
    note = {"id": "cn_1", "invoice": "in_1", "customer": "cus_1", "created": 1, "currency": "eur", "status": "issued", "amount": 11_900}
    rows = list(invoices.credit_note({**note, "tax_amounts": [{"amount": 1900}], **refunds}))
    assert [(row["kind"], row["amount"]) for row in rows] == expected
