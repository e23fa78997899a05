"""A Stripe account on loopback: lists that are newest first, objects by id, events of whatever a test does to them."""

from typing import Any

from tests.fakes.vendor import RefusalError, Vendor

_PREFIX = {
    "customers": "customer",
    "subscriptions": "subscription",
    "invoices": "invoice",
    "charges": "charge",
    "refunds": "refund",
    "disputes": "dispute",
    "credit_notes": "credit_note",
    "products": "product",
    "invoice_payments": "invoice_payment",
}
_EVENT = {"subscription": "customer.subscription", "dispute": "charge.dispute"}
LARGEST_PAGE = 3  # of whatever is asked for, so that small accounts have pages


class StripeAccount(Vendor):
    """`put` makes or changes an object, `delete` removes one; both leave an event behind."""

    token = "sk_test_of_the_tests"

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in _PREFIX.values()}
        self.events: list[dict[str, Any]] = []
        self.clock = 1_760_000_000

    def put(self, kind: str, identifier: str, *, verb: str | None = None, **fields: Any) -> dict[str, Any]:
        known = self.objects[kind].get(identifier)
        made = {"created": self.clock, "livemode": False, **(known or {}), **fields, "id": identifier, "object": kind}
        self.objects[kind][identifier] = made
        self._tell(kind, verb or ("updated" if known else "created"), made)
        return made

    def delete(self, kind: str, identifier: str) -> None:
        self._tell(kind, "deleted", self.objects[kind].pop(identifier))

    def _tell(self, kind: str, verb: str, what: dict[str, Any]) -> None:
        kind_in_events = _EVENT.get(kind, kind)
        # An event shows the object as the account's old version had it: little of it can be relied on.
        shown = {key: what[key] for key in ("id", "object", "customer", "created", "email") if key in what}
        event = {"id": f"evt_{len(self.events)}", "object": "event", "type": f"{kind_in_events}.{verb}", "created": self.clock}
        self.events.insert(0, {**event, "livemode": what["livemode"], "data": {"object": shown}})

    def answer(self, method: str, path: str, params: dict[str, str], body: Any) -> Any:
        _, version, name, *rest = path.split("/")
        assert (method, version) == ("GET", "v1")
        if name == "events":
            return self._page(self.events, params)
        kind = _PREFIX[name]
        if rest[1:] == ["lines"]:
            return self._page(self.objects[kind][rest[0]]["all_lines"], params)
        if rest:
            if rest[0] not in self.objects[kind]:
                raise RefusalError(404, {"error": {"type": "invalid_request_error"}})
            return self._shown(self.objects[kind][rest[0]])
        listed = sorted(self.objects[kind].values(), key=lambda one: -one["created"])
        return self._page([self._shown(one) for one in listed if self._is_asked(kind, one, params)], params)

    @staticmethod
    def _is_asked(kind: str, one: dict[str, Any], params: dict[str, str]) -> bool:
        if kind == "subscription" and params.get("status") != "all" and one["status"] == "canceled":
            return False
        return "charge" not in params or one.get("charge") == params["charge"]

    @staticmethod
    def _shown(one: dict[str, Any]) -> dict[str, Any]:
        if "all_lines" not in one:
            return one
        lines = {"object": "list", "data": one["all_lines"][:2], "has_more": len(one["all_lines"]) > 2}
        return {**{key: value for key, value in one.items() if key != "all_lines"}, "lines": lines}

    @staticmethod
    def _page(objects: list[dict[str, Any]], params: dict[str, str]) -> dict[str, Any]:
        kept = [one for one in objects if one.get("created", 0) >= int(params.get("created[gte]", 0))]
        after = next((place + 1 for place, one in enumerate(kept) if one["id"] == params.get("starting_after")), 0)
        size = min(LARGEST_PAGE, int(params.get("limit", 10)))
        return {"object": "list", "data": kept[after : after + size], "has_more": len(kept) > after + size}


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
