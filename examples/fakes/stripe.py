"""A Stripe account on loopback: lists that are newest first, objects by id, events of whatever a test does to them."""

from typing import Any

from examples.fakes.vendor import RefusalError, Vendor

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


class StripeAccount(Vendor):
    """`put` makes or changes an object, `delete` removes one; both leave an event behind, `hold` does not."""

    largest_page = 3  # of whatever is asked for, so that small accounts have pages
    token = "sk_test_of_the_tests"

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in _PREFIX.values()}
        self.events: list[dict[str, Any]] = []
        self.clock = 1_760_000_000

    def put(self, kind: str, identifier: str, *, verb: str | None = None, **fields: Any) -> dict[str, Any]:
        """Make or change an object."""
        known = self.objects[kind].get(identifier)
        made = {"created": self.clock, "livemode": False, **(known or {}), **fields, "id": identifier, "object": kind}
        self.objects[kind][identifier] = made
        self._tell(kind, verb or ("updated" if known else "created"), made)
        return made

    def hold(self, kind: str, identifier: str, created: int, **fields: Any) -> None:
        """Have an object whose events are no longer kept."""
        self.objects[kind][identifier] = {"livemode": False, **fields, "created": created, "id": identifier, "object": kind}

    def delete(self, kind: str, identifier: str) -> None:
        """Remove an object."""
        self._tell(kind, "deleted", self.objects[kind].pop(identifier))

    def _tell(self, kind: str, verb: str, what: dict[str, Any]) -> None:
        kind_in_events = _EVENT.get(kind, kind)
        # An event shows the object as the account's old version had it: little of it can be relied on.
        shown = {key: what[key] for key in ("id", "object", "customer", "created", "email") if key in what}
        event = {"id": f"evt_{len(self.events)}", "object": "event", "type": f"{kind_in_events}.{verb}", "created": self.clock}
        self.events.insert(0, {**event, "livemode": what["livemode"], "data": {"object": shown}})

    def answer(self, method: str, path: str, params: dict[str, str], body: Any) -> Any:
        """See Vendor."""
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
        if one["object"] == "refund":  # it does not say
            return {key: value for key, value in one.items() if key != "livemode"}
        if "all_lines" not in one:
            return one
        lines = {"object": "list", "data": one["all_lines"][:2], "has_more": len(one["all_lines"]) > 2}
        return {**{key: value for key, value in one.items() if key != "all_lines"}, "lines": lines}

    def _page(self, objects: list[dict[str, Any]], params: dict[str, str]) -> dict[str, Any]:
        kept = [one for one in objects if one.get("created", 0) >= int(params.get("created[gte]", 0))]
        after = next((place + 1 for place, one in enumerate(kept) if one["id"] == params.get("starting_after")), 0)
        size = min(self.largest_page, int(params.get("limit", 10)))
        return {"object": "list", "data": kept[after : after + size], "has_more": len(kept) > after + size}
