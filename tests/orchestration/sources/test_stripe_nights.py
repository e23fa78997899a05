"""Stripe from night to night: what happened since, what is listed again, and a first load that is killed."""

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
from orchestration.sources.stripe.source import Stripe
from tests.fakes.stripe import small_account
from tests.orchestration.sources.nights import Nights, killed_after, landed, without_waiting

PAGE = ("GET", "/v1/charges")


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


def test_a_draft_that_was_deleted_leaves_nothing(account: StripeAccount, tmp_path: Path) -> None:
    line = {"id": "il_9", "amount": 1000, "currency": "usd", "type": "subscription", "subscription": "sub_1"}
    account.put("invoice", "in_2", customer="cus_1", status="draft", currency="usd", all_lines=[line])
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


def test_who_was_deleted_long_ago_keeps_their_address_and_their_day(account: StripeAccount, tmp_path: Path) -> None:
    nights = _nights(tmp_path, account)
    nights.night()
    account.clock += 86_400
    account.delete("customer", "cus_1")
    nights.night()
    known = nights.versions("billing_customers", "cus_1")[-1]
    account.clock += int(timedelta(days=40).total_seconds())
    account.events.clear()  # of who was deleted Stripe tells no longer, and they are still named by what they bought
    account.put("charge", "ch_9", customer="cus_1", status="succeeded", captured=True, amount=1, currency="usd", invoice=None)
    account.put("charge", "ch_8", customer="cus_9", status="succeeded", captured=True, amount=1, currency="usd", invoice=None)
    nights.night()
    assert nights.versions("billing_customers", "cus_1")[-1] == known | {"_is_deleted": True}
    assert known["email"] == "ann@example.org"
    assert len(nights.versions("billing_customers", "cus_9")) == 1  # came and went meanwhile


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


def test_customers_who_come_while_the_list_is_read_hide_nobody(
    account: StripeAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nights = _nights(tmp_path, account)
    with monkeypatch.context() as patched:
        patched.setattr(account, "between_requests", lambda: account.put("customer", f"cus_new_{len(account.asked)}", email=None))
        nights.night("billing_customers")
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


@pytest.mark.parametrize("last", [True, False])
def test_a_page_without_a_record_that_says_that_more_follow_is_no_end(
    account: StripeAccount, tmp_path: Path, last: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken for the end, whoever is behind it would be missing, and a later full reading would count them as deleted."""
    nights, answer = _nights(tmp_path, account), account.answer

    def emptied(method: str, path: str, params: dict[str, str], body: Any) -> Any:
        told = answer(method, path, params, body)
        return {**told, "data": [], "has_more": not last} if path == "/v1/charges" else told

    monkeypatch.setattr(account, "answer", emptied)
    loads = nights.night("billing_payments", "billing_subscriptions")
    assert ("/v1/charges: a page without a record says that more follow" in (loads["billing_payments"].error or "")) != last
    assert nights.rows("billing_subscriptions")


def test_nothing_that_opens_an_invoice_or_a_receipt_is_kept(
    account: StripeAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = {name: f"https://pay.stripe.com/open-to-all/{name}" for name in ("hosted_invoice_url", "invoice_pdf", "receipt_url", "pdf")}
    for kind, identifier in (("invoice", "in_1"), ("charge", "ch_1"), ("charge", "ch_2")):
        account.put(kind, identifier, **links)
    nights = _nights(tmp_path, account)
    with monkeypatch.context() as patched:
        killed_after(8, patched)
        with pytest.raises(KeyboardInterrupt):
            nights.night("billing_invoice_lines", "billing_payments")
    kept = [path.read_bytes() for path in (tmp_path / "landing").rglob("*") if path.is_file()]
    assert any(b"in_1" in content for content in kept), "there is a list that was read in part"
    assert not [content for content in kept if b"open-to-all" in content]
