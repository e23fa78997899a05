"""Stripe: objects of every age, money of every currency, what happens from night to night."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from examples.fakes.stripe import StripeAccount
from examples.fakes.vendor import serving
from orchestration.configuration.sources import StripeSource
from orchestration.sources.base import SourceError
from orchestration.sources.stripe import customers, invoices, payments
from orchestration.sources.stripe.changes import Changes
from orchestration.sources.stripe.money import major
from orchestration.sources.stripe.payments import Owner
from orchestration.sources.stripe.rows import Rows
from orchestration.sources.stripe.source import Stripe
from tests.fakes.stripe import small_account
from tests.orchestration.sources.nights import Nights, killed_after, landed, without_waiting

OBJECTS = json.loads((Path(__file__).parent / "stripe_objects.json").read_text())
BOTH_AGES = pytest.mark.parametrize("age", ["old", "current"])
PAGE = ("GET", "/v1/charges")
SOMEBODY = Owner("cus_1", "in_1")


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


def _line(**fields: Any) -> dict[str, Any]:
    return {"id": "il_1", "amount": 1000, "currency": "usd", "type": "subscription", "subscription": "sub_1", **fields}


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


def test_a_first_load_that_is_killed_goes_on_where_it_was(account: StripeAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        account.put("charge", f"ch_{100 + number}", customer="cus_1", status="succeeded", amount=100, currency="usd", invoice=None)
    whole = _nights(tmp_path / "whole", account)
    whole.night("billing_customers", "billing_payments")
    pages = account.asked.count(PAGE)
    in_the_middle = [place for place, asked in enumerate(account.asked, 1) if asked == PAGE][pages // 2]
    nights = _nights(tmp_path / "killed", account)
    account.asked.clear()
    with monkeypatch.context() as patched:
        killed_after(in_the_middle, patched)
        with pytest.raises(KeyboardInterrupt):
            nights.night("billing_customers", "billing_payments")
    account.clock += 60
    account.put("charge", "ch_159", amount=50)  # listed already: this is told by its event, the night after
    before = account.asked.count(PAGE)
    assert 0 < before < pages
    nights.night("billing_customers", "billing_payments")
    assert account.asked.count(PAGE) == pages + 1  # the one whose answer was lost
    assert nights.rows("billing_customers") == whole.rows("billing_customers")
    assert not list((tmp_path / "killed" / "landing").glob("_begun/*"))
    for each in (nights, whole):
        each.night("billing_customers", "billing_payments")
    assert nights.rows("billing_payments") == whole.rows("billing_payments")
    assert nights.rows("billing_payments")["ch_159"]["amount"] == Decimal("0.5")


def test_a_subscription_of_several_items_costs_what_they_cost_together() -> None:
    yearly = {"unit_amount": 12_000, "recurring": {"interval": "year", "interval_count": 1}, "nickname": "Support"}
    monthly = {"unit_amount": 1000, "recurring": {"interval": "month", "interval_count": 1}, "nickname": "Seat"}
    items = {"data": [{"price": monthly, "quantity": 3}, {"price": yearly, "quantity": 1}]}
    row = customers.subscription({"id": "sub_1", "currency": "usd", "items": items}, {})
    assert (row["plan"], row["interval"], row["quantity"], Decimal(row["unit_amount"])) == ("Seat + Support", "month", 1, Decimal(40))


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


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[StripeAccount]:
    with without_waiting(monkeypatch), serving(small_account()) as vendor:
        assert isinstance(vendor, StripeAccount)
        yield vendor


def _nights(folder: Path, account: StripeAccount, **changes: str) -> Nights:
    settings = StripeSource(type="stripe", api_key="${KEY}", base_url=account.url)
    return Nights(folder, settings.model_copy(update={"api_key": account.token, **changes}))


def test_what_happened_since_last_night_arrives(account: StripeAccount, tmp_path: Path) -> None:
    nights = _nights(tmp_path, account)
    nights.night()
    account.clock += 86_400
    account.put("subscription", "sub_1", status="canceled", ended_at=account.clock, verb="deleted")
    account.delete("customer", "cus_2")
    account.objects["invoice"]["in_1"]["all_lines"].pop()
    account.put("invoice", "in_1", status="void")
    account.put("charge", "ch_9", customer="cus_1", status="succeeded", captured=True, amount=5, currency="usd", invoice=None)
    assert landed(nights.night()) == {
        "billing_customers": 1,
        "billing_subscriptions": 1,
        "billing_invoice_lines": 5,
        "billing_payments": 1,
    }
    assert nights.rows("billing_customers")["cus_2"]["deleted_at"] == datetime.fromtimestamp(account.clock, UTC).replace(tzinfo=None)
    assert nights.rows("billing_customers")["cus_2"]["email"] == "bo@example.org"
    lines = nights.rows("billing_invoice_lines")
    assert ("il_3" in lines, {line["invoice_status"] for line in lines.values()}) == (False, {"void"})


def test_a_product_with_another_name_is_one_plan_and_not_two(account: StripeAccount, tmp_path: Path) -> None:
    """Neither subscriptions nor invoices change with it: half of the customers would be on a plan that is no longer sold."""
    nights = _nights(tmp_path, account)
    nights.night("billing_subscriptions", "billing_invoice_lines")
    account.clock += 86_400
    account.put("product", "prod_1", name="Pro Plus")
    nights.night("billing_subscriptions", "billing_invoice_lines")
    assert {row["plan"] for row in nights.rows("billing_subscriptions").values()} == {"Pro Plus"}
    assert nights.rows("billing_invoice_lines")["il_1"]["product"] == "Pro Plus"


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


def test_a_draft_that_was_deleted_leaves_nothing(account: StripeAccount, tmp_path: Path) -> None:
    account.put("invoice", "in_2", customer="cus_1", status="draft", currency="usd", all_lines=[_line(id="il_9")])
    nights = _nights(tmp_path, account)
    nights.night()
    account.clock += 86_400
    account.delete("invoice", "in_2")
    assert landed(nights.night()) == {"billing_invoice_lines": 1}
    assert "il_9" not in nights.rows("billing_invoice_lines")


def test_after_thirty_days_without_a_night_everything_is_listed_again(account: StripeAccount, tmp_path: Path) -> None:
    nights = _nights(tmp_path, account)
    nights.night("billing_payments")
    account.clock += int(timedelta(days=40).total_seconds())
    account.objects["charge"]["ch_2"]["status"] = "succeeded"
    del account.objects["charge"]["ch_0"]
    account.events.clear()  # Stripe has forgotten what happened since
    account.put("product", "prod_2", name="Later")
    nights.night("billing_payments")
    charges = nights.rows("billing_payments")
    assert ("ch_0" in charges, charges["ch_2"]["status"]) == (False, "succeeded")


def test_a_charge_names_its_invoice_in_every_version(account: StripeAccount, tmp_path: Path) -> None:
    for charge in account.objects["charge"].values():
        del charge["invoice"]
        charge["payment_intent"] = f"pi_{charge['id']}"
    paid = {"type": "payment_intent", "payment_intent": "pi_ch_1"}
    account.put("invoice_payment", "inpay_1", invoice="in_1", payment=paid)
    nights = _nights(tmp_path / "in a list", account)
    nights.night("billing_payments")
    assert {key: row.get("invoice_id") for key, row in nights.rows("billing_payments").items()} == {
        "ch_0": None,
        "ch_1": "in_1",
        "ch_2": None,
        "re_1": "in_1",
        "dp_1": "in_1",
    }
    account.objects["invoice_payment"].clear()
    account.put("invoice", "in_1", payments={"data": [{"payment": paid}]})
    nights = _nights(tmp_path / "in the invoice", account)
    nights.night("billing_payments")
    assert nights.rows("billing_payments")["ch_1"]["invoice_id"] == "in_1"


def test_a_live_key_takes_nothing_of_test_mode(account: StripeAccount, tmp_path: Path) -> None:
    account.token = "sk_live_of_the_tests"
    account.put("customer", "cus_9", email="real@example.org", livemode=True)
    nights = _nights(tmp_path, account)
    loads = nights.night("billing_customers")
    assert list(nights.rows("billing_customers")) == ["cus_9"]
    assert any("customers of test mode: the key is a live one" in note for note in loads["billing_customers"].warnings)


def test_customers_who_come_while_the_list_is_read_hide_nobody(account: StripeAccount, tmp_path: Path) -> None:
    account.between_requests = lambda: account.put("customer", f"cus_new_{len(account.asked)}", email=None)  # type: ignore[method-assign]
    nights = _nights(tmp_path, account)
    nights.night("billing_customers")
    account.between_requests = lambda: None  # type: ignore[method-assign]
    nights.night("billing_customers")
    assert set(nights.rows("billing_customers")) == {*account.objects["customer"], "cus_3"}


def test_events_of_another_shape_are_one_line_and_no_key_error() -> None:
    """Asked first of all, and before anything is left out for its shape: the night ended with `'created'`."""

    class Shapeless(StripeAccount):
        def answer(self, method: str, path: str, params: dict[str, str], body: Any) -> Any:
            return {"object": "list", "has_more": False, "data": [{"id": "ann@example.org", "properties": "of somebody else's"}]}

    with serving(Shapeless()) as account:
        said = SimpleNamespace(api_key=account.token, base_url=account.url, api_version="2024-06-20", customer_id_metadata="customer_id")
        with pytest.raises(SourceError, match="a list in which nothing is a record") as refused:
            Stripe.from_settings(said, sleep=lambda _: None).check()
    assert "ann@" not in str(refused.value)
