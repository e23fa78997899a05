"""Customers and subscriptions of Stripe as rows.

Comes in: objects of any version. Goes out: rows of billing_customers and billing_subscriptions. A subscription with several items is one
row: its unit is all of them for one interval of the first, so that quantity times unit is what is paid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from orchestration.sources.reading.records import Row
from orchestration.sources.reading.values import below, first_filled, from_seconds, id_of
from orchestration.sources.stripe.money import major

Object = Mapping[str, Any]
_UNPAID = ("payment_failed", "payment_disputed")
_DAYS = {"day": Decimal(1), "week": Decimal(7), "month": Decimal(365) / 12, "year": Decimal(365)}


def customer(one: Object, crm_id_key: str) -> Row:
    """A customer; `crm_id_key` names the key of its metadata that holds the CRM's id. `deleted_at` is ours, in seconds."""
    return {
        "billing_customer_id": one["id"],
        "customer_id": below(one, "metadata", crm_id_key),
        "email": one.get("email"),
        "created_at": from_seconds(one.get("created")),
        "currency": _upper(one.get("currency")),
        "deleted_at": from_seconds(one.get("deleted_at")),
    }


def subscription(one: Object, product_names: Mapping[str, str]) -> Row:
    """A subscription with what its items cost together."""
    items = below(one, "items", "data") or []
    prices = [price_of(item) for item in items] or [price_of(one)]
    quantities = [item.get("quantity", 1) for item in items] or [one.get("quantity", 1)]
    currency = first_filled(one.get("currency"), prices[0].get("currency"))
    # What will be used is known when it is billed.
    fixed = [(price, count) for price, count in zip(prices, quantities, strict=True) if not _is_metered(price)]
    unit, quantity = _together(fixed)
    interval, interval_count = _interval(fixed[0][0] if fixed else prices[0])
    return {
        "subscription_id": one["id"],
        "billing_customer_id": id_of(one.get("customer")),
        "status": _status(one),
        "started_at": from_seconds(first_filled(one.get("start_date"), one.get("created"))),
        "trial_ends_at": from_seconds(one.get("trial_end")),
        "cancel_requested_at": from_seconds(_requested(one)),
        "ended_at": from_seconds(one.get("ended_at")),
        "cancellation_reason": _reason(one),
        "plan": " + ".join(dict.fromkeys(filter(None, (plan_name(price, product_names) for price in prices)))) or None,
        "quantity": quantity,
        "unit_amount": major(unit, currency),
        "currency": _upper(currency),
        "interval": interval,
        "interval_count": interval_count,
        "discount_percent": _discount(one, unit, quantity),
    }


def _status(one: Object) -> Any:
    """Where nothing is collected any more Stripe goes on to call a subscription active."""
    told = one.get("status")
    return "paused" if told == "active" and one.get("pause_collection") else told


def price_of(item: Object) -> Object:
    """The price of an item or a line; before 2019 it was called a plan."""
    found = first_filled(item.get("price"), item.get("plan"))
    return found if isinstance(found, Mapping) else {"id": found} if found else {}


def plan_name(price: Object, product_names: Mapping[str, str]) -> str | None:
    """What people call a price: its own name, else its product's, else its key or id."""
    product = price.get("product")
    named = product.get("name") if isinstance(product, Mapping) else product_names.get(product or "")
    found = first_filled(price.get("nickname"), named, price.get("lookup_key"), price.get("id"))
    return None if found is None else str(found)


def _together(priced: Sequence[tuple[Object, Any]]) -> tuple[Any, Any]:
    """(unit, quantity) of all prices and their counts for one interval of the first; unit in Stripe's units, None where none is told: by
    tiers, or by use alone.
    """
    units = [_unit(price, count) for price, count in priced]
    if len(units) == 1:
        return units[0], first_filled(priced[0][1], 1)
    if None in units or not units:
        return None, 1
    first = _length(priced[0][0])
    parts = [Decimal(str(unit)) * (count or 1) * first / _length(price) for unit, (price, count) in zip(units, priced, strict=True)]
    return sum(parts, Decimal(0)), 1


def _unit(price: Object, count: Any) -> Any:
    """What one of so many costs; where a price is for a package, its share of all packages, of which one at least is taken for paid: of
    forty-five by the ten, five of forty-five.
    """
    unit = first_filled(price.get("unit_amount_decimal"), price.get("unit_amount"), price.get("amount"))
    package = first_filled(price.get("transform_quantity"), price.get("transform_usage"))
    if unit is None or not count or not package:
        return unit
    whole, rest = divmod(count, package["divide_by"])
    packages = max(1, whole + (rest > 0 and package["round"] == "up"))
    return unit if packages == count else round(Decimal(str(unit)) * packages / count, 10)


def _is_metered(price: Object) -> bool:
    return (price.get("recurring") or price).get("usage_type") == "metered"


def _interval(price: Object) -> tuple[Any, Any]:
    recurring = price.get("recurring") or price
    return recurring.get("interval"), recurring.get("interval_count")


def _length(price: Object) -> Decimal:
    interval, count = _interval(price)
    return _DAYS.get(interval, _DAYS["month"]) * (count or 1)


def _reason(one: Object) -> Any:
    details = one.get("cancellation_details") or {}
    told = details.get("reason")
    if told is None and not details.get("feedback") and _was_agreed(one):
        return "term_ended"
    return first_filled(details.get("feedback"), told) if told in (None, "cancellation_requested") else told


def _was_agreed(one: Object) -> bool:
    """It ended at a moment that was set, and by nobody who asked for its end: a fixed term, which nobody left."""
    return one.get("cancel_at") is not None and one["cancel_at"] == one.get("ended_at") and not one.get("cancel_at_period_end")


def _requested(one: Object) -> Any:
    """When the customer asked to end it. Stripe notes an end for want of payment in the same field, at the moment of the end."""
    asked, reason = one.get("canceled_at"), below(one, "cancellation_details", "reason")
    if reason in _UNPAID or (reason is None and asked == one.get("ended_at")):
        return None
    return asked


def _discount(one: Object, unit: Any, quantity: Any) -> Any:
    """The recurring discounts together, in percent; one for a single invoice is on that invoice's lines."""
    listed = [discount for discount in one.get("discounts") or [] if isinstance(discount, Mapping)]
    listed = listed or [discount for discount in [one.get("discount")] if isinstance(discount, Mapping)]
    coupons = [coupon_of(discount) for discount in listed]
    whole = Decimal(str(unit or 0)) * Decimal(str(quantity or 0))
    left = Decimal(1)
    for coupon in coupons:
        if coupon.get("duration") == "once":
            continue
        if coupon.get("percent_off") is not None:
            left *= 1 - Decimal(str(coupon["percent_off"])) / 100
        elif coupon.get("amount_off") is not None and whole:
            left -= Decimal(str(coupon["amount_off"])) / whole
    return format(round(100 * (1 - max(left, Decimal(0))), 8).normalize(), "f") if coupons else None


def coupon_of(discount: Object) -> Object:
    """The coupon of a discount; since 2025 it lies under `source`."""
    found = _coupon(discount)
    return found if isinstance(found, Mapping) else {}


def named_coupon(discount: Object) -> str | None:
    """The id of a coupon that a discount only names."""
    found = _coupon(discount)
    return found if isinstance(found, str) else None


def _coupon(discount: Object) -> Any:
    return first_filled(discount.get("coupon"), below(discount, "source", "coupon"))


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value
