"""Invoices and credit notes of Stripe as rows of billing_invoice_lines.

Comes in: objects of any version, with all of their lines. Goes out: rows that sum to the total of the invoice. A line's amount is before
discounts and may hold tax: tax is always a row of its own, a discount is one on recurring lines, where it counts as a lower price for as
long as the line; from any other line it is taken off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from orchestration.sources.reading.records import Row
from orchestration.sources.reading.values import below, first_filled, from_seconds, id_of
from orchestration.sources.stripe.customers import plan_name, price_of
from orchestration.sources.stripe.money import major

Object = Mapping[str, Any]


def lines(invoice: Object, its_lines: Sequence[Object], product_names: Mapping[str, str]) -> Iterator[Row]:
    """The rows of one invoice."""
    shared = _shared(invoice)
    for line in its_lines:
        yield from _rows(line, {**shared, **_of_line(line, invoice, product_names)})
    # Some versions state discounts and taxes of the invoice only, and not of its lines.
    discount = max(0, _sum(_discounts(invoice)) - sum(_sum(_discounts(line)) for line in its_lines))
    stated_tax = _stated_tax(invoice)
    tax = stated_tax and stated_tax - sum(_sum(_taxes(line)) for line in its_lines)
    for kind, rest in (("discount", -discount), ("tax", tax)):
        if rest:
            yield {**shared, "invoice_line_id": f"{invoice['id']}:{kind}", "kind": kind, "amount": major(rest, shared["currency"])}


def credit_note(note: Object) -> Iterator[Row]:
    """What was taken off an invoice afterwards. What of it was paid back its refunds tell, one that is void nobody."""
    amount, rest = note.get("amount") or 0, _not_refunded(note)
    if note.get("status") == "void" or (rest <= 0 and (note.get("refund") or note.get("refunds"))):
        return
    tax = _sum(first_filled(note.get("total_taxes"), note.get("tax_amounts")) or [])
    tax = tax if rest == amount else round(Decimal(tax) * rest / amount)
    shared = {
        "invoice_id": id_of(note.get("invoice")),
        "billing_customer_id": id_of(note.get("customer")),
        "issued_at": from_seconds(note.get("created")),
        "currency": _code(note),
        "product": "credit note",
    }
    yield {**shared, "invoice_line_id": note["id"], "kind": "one_off", "amount": major(tax - rest, note.get("currency"))}
    if tax:
        yield {**shared, "invoice_line_id": f"{note['id']}:tax", "kind": "tax", "amount": major(-tax, note.get("currency"))}


def _not_refunded(note: Object) -> int:
    """What a credit note leaves after its refunds: credit for the next invoice. Of an older version's only refund, nothing is."""
    refunds = note.get("refunds") or []
    if refunds and all(refund.get("amount_refunded") is not None for refund in refunds):
        return (note.get("amount") or 0) - sum(refund["amount_refunded"] for refund in refunds)
    return 0 if refunds or note.get("refund") else note.get("amount") or 0


def payment_links(invoice: Object) -> Iterator[str]:
    """Ids of the payment intents and charges that pay an invoice, as far as the invoice tells."""
    paid = [below(payment, "payment") for payment in below(invoice, "payments", "data") or []]
    for place in [invoice, *filter(None, paid)]:
        yield from filter(None, (id_of(place.get("payment_intent")), id_of(place.get("charge"))))


def _shared(invoice: Object) -> dict[str, Any]:
    issued = first_filled(below(invoice, "status_transitions", "finalized_at"), invoice.get("created"))
    return {
        "invoice_id": invoice["id"],
        "billing_customer_id": id_of(invoice.get("customer")),
        "issued_at": from_seconds(issued),
        "currency": _code(invoice),
        "invoice_status": invoice.get("status"),
    }


def _of_line(line: Object, invoice: Object, product_names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "subscription_id": _subscription(line, invoice),
        "period_start": from_seconds(below(line, "period", "start")),
        "period_end": from_seconds(below(line, "period", "end")),
        "product": _product(line, product_names),
    }


def _rows(line: Object, shared: Mapping[str, Any]) -> Iterator[Row]:
    for place, (kind, amount) in enumerate(_parts(line)):
        own = {"invoice_line_id": line["id"] if not place else f"{line['id']}:{kind}", "kind": kind}
        yield {**shared, **own, "quantity": line.get("quantity") if not place else None, "amount": major(amount, shared["currency"])}


def _parts(line: Object) -> Iterator[tuple[str, int]]:
    """(kind, amount) of a line: itself first, then the discount on it and the tax on it; together what it adds to the total."""
    kind = _kind(line)
    amount, discount, taxes = line.get("amount") or 0, _sum(_discounts(line)), _taxes(line)
    inside = _sum(tax for tax in taxes if tax.get("inclusive") or tax.get("tax_behavior") == "inclusive")
    if kind == "recurring":
        yield kind, amount - inside
        if discount:
            yield "discount", -discount
    else:
        yield kind, amount - inside - discount
    if _sum(taxes):
        yield "tax", _sum(taxes)


def _kind(line: Object) -> str:
    parent = line.get("parent") or {}
    details = parent.get(parent.get("type") or "") or {}
    if line.get("proration") or details.get("proration"):
        return "proration"
    stated = first_filled(line.get("type"), (parent.get("type") or "").removesuffix("_item_details"))
    recurs = stated == "subscription" if stated else below(price_of(line), "recurring")
    return "recurring" if recurs else "one_off"


def _subscription(line: Object, invoice: Object) -> Any:
    parent = line.get("parent") or {}
    stated = first_filled(line.get("subscription"), below(parent.get(parent.get("type") or "") or {}, "subscription"))
    if stated is None and _kind(line) != "one_off":
        stated = first_filled(invoice.get("subscription"), below(invoice, "parent", "subscription_details", "subscription"))
    return id_of(stated)


def _product(line: Object, product_names: Mapping[str, str]) -> Any:
    details = below(line, "pricing", "price_details") or {}
    price = price_of(line) or {"id": id_of(details.get("price")), "product": details.get("product")}
    product = product_names.get(str(id_of(price.get("product"))))
    return first_filled(product, line.get("description")) if not price.get("id") else plan_name(price, product_names)


def _discounts(part: Object) -> Iterable[Object]:
    return first_filled(part.get("total_discount_amounts"), part.get("discount_amounts")) or []


def _taxes(line: Object) -> Sequence[Object]:
    return first_filled(line.get("taxes"), line.get("tax_amounts")) or []


def _stated_tax(invoice: Object) -> int | None:
    stated = first_filled(invoice.get("total_taxes"), invoice.get("total_tax_amounts"))
    return _sum(stated) if stated else invoice.get("tax")


def _sum(amounts: Iterable[Object]) -> int:
    return sum(one.get("amount") or 0 for one in amounts)


def _code(one: Object) -> Any:
    return one["currency"].upper() if isinstance(one.get("currency"), str) else None
