"""A small Stripe account."""

from examples.fakes.stripe import StripeAccount


def small_account() -> StripeAccount:
    """Two customers: one with a discounted subscription that pays, one deleted before anybody looked."""
    account = StripeAccount()
    price = {
        "id": "price_1",
        "product": "prod_1",
        "unit_amount": 5000,
        "currency": "usd",
        "recurring": {"interval": "month", "interval_count": 1},
    }
    account.put("product", "prod_1", name="Pro")
    account.put("customer", "cus_1", email="ann@example.org", currency="usd", metadata={"customer_id": "C1"})
    account.put("customer", "cus_2", email="bo@example.org", currency="jpy", metadata={})
    account.put("customer", "cus_3", email="cy@example.org", currency="usd", metadata={})
    account.put(
        "subscription",
        "sub_1",
        customer="cus_1",
        status="active",
        start_date=1_750_000_000,
        currency="usd",
        items={"data": [{"id": "si_1", "quantity": 2, "price": price}]},
        discounts=[{"id": "di_1", "coupon": {"percent_off": 10, "duration": "forever"}}],
    )
    line = {
        "id": "il_1",
        "type": "subscription",
        "amount": 10_000,
        "currency": "usd",
        "quantity": 2,
        "price": price,
        "subscription": "sub_1",
    }
    line |= {
        "period": {"start": 1_760_000_000, "end": 1_762_592_000},
        "discount_amounts": [{"amount": 1000}],
        "tax_amounts": [{"amount": 1710}],
    }
    extras = [{"id": f"il_{n}", "type": "invoiceitem", "amount": 100, "currency": "usd", "description": "Setup"} for n in (2, 3)]
    account.put("invoice", "in_1", customer="cus_1", status="paid", currency="usd", total=10_910, all_lines=[line, *extras])
    account.put("charge", "ch_1", customer="cus_1", status="succeeded", captured=True, amount=10_910, currency="usd", invoice="in_1")
    account.put("charge", "ch_2", customer="cus_2", status="failed", amount=500, currency="jpy", invoice=None, failure_code="card_declined")
    account.put("charge", "ch_0", customer="cus_3", status="succeeded", captured=True, amount=700, currency="usd", invoice=None)
    account.put("refund", "re_1", charge="ch_1", status="succeeded", amount=910, currency="usd")
    account.put("dispute", "dp_1", charge="ch_1", status="lost", amount=10_000, currency="usd", reason="fraudulent")
    account.delete("customer", "cus_3")
    return account
