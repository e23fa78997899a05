"""billing_invoice_lines and billing_payments of a chunk: they add up to the cent. Pure.

A successful payment is the sum of its invoice's lines; refunds and chargebacks never exceed it.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from examples.acme import world
from examples.acme.columns import DAY, MISSING, Ints, identifiers, money, pick, table, times
from examples.acme.invoices import OPEN, PAID, STATUSES, Invoices
from examples.acme.life import VOLUNTARY
from examples.acme.story import Story
from examples.acme.subscriptions import Subscriptions

LINE_KINDS = ("recurring", "one_off", "proration", "discount", "tax")
ONE_OFF, DISCOUNT = 1, 3
PAYMENT_KINDS, PAYMENT, REFUND, CHARGEBACK = ("payment", "refund", "chargeback"), 0, 1, 2
PAYMENT_STATUSES, SUCCEEDED, FAILED, PENDING = ("succeeded", "failed", "pending"), 0, 1, 2
Part = tuple[Ints, Ints, Ints, Ints, Ints]  # invoice (its place), kind, status, instant, cents


def line_table(story: Story, subs: Subscriptions, invoices: Invoices) -> pa.Table:
    """billing_invoice_lines; the lines of an invoice lie one after the other."""
    matrix = _line_amounts(invoices)
    row, kind = np.nonzero(matrix)
    sub, timed = invoices.sub[row], kind != ONE_OFF
    product = np.select([~timed, subs.add_on[sub]], [len(world.PLANS) + 1, len(world.PLANS)], invoices.plan[row])
    columns = {
        "invoice_line_id": identifiers("il_", story.numbers(len(row))),
        "invoice_id": identifiers("in_", invoices.number[row]),
        "billing_customer_id": identifiers("cus_", subs.account[sub]),
        "subscription_id": identifiers("sub_", subs.number[sub]),
        "kind": pick(LINE_KINDS, kind),
        "issued_at": times(invoices.issued[row]),
        "period_start": times(np.where(timed, invoices.issued[row], MISSING)),
        "period_end": times(np.where(timed, invoices.ends[row], MISSING)),
        "amount_minor": pa.array(matrix[row, kind]),
        "currency": pick(world.CURRENCIES, story.people.currency[subs.person[sub]]),
        "quantity": pa.array(invoices.seats[row], mask=(kind == ONE_OFF) | (kind >= DISCOUNT)),
        "product": pick((*world.PLANS, world.ADD_ON, world.ONBOARDING), product),
        "invoice_status": pick(STATUSES, invoices.status[row]),
    }
    return table("billing_invoice_lines", columns, story.end)


def _line_amounts(invoices: Invoices) -> Ints:
    """Cents, invoices x LINE_KINDS; 0 where there is no such line."""
    renewal, proration = np.where(invoices.proration, 0, invoices.net), np.where(invoices.proration, invoices.net, 0)
    return np.stack([renewal, invoices.one_off, proration, -invoices.coupon, invoices.tax], axis=1)


def payment_table(rng: np.random.Generator, story: Story, subs: Subscriptions, invoices: Invoices) -> pa.Table:
    """billing_payments: failed attempts, the payment, refunds and chargebacks."""
    parts = [_attempts(invoices, attempt) for attempt in range(3)]
    parts += [_payments(invoices, story.end), *_returned(rng, story, subs, invoices)]
    row, kind, status, occurred, amount = (np.concatenate(column) for column in zip(*parts, strict=True))
    sub = invoices.sub[row]
    columns = {
        "payment_id": identifiers("pay_", story.numbers(len(row))),
        "billing_customer_id": identifiers("cus_", subs.account[sub]),
        "invoice_id": identifiers("in_", invoices.number[row]),
        "kind": pick(PAYMENT_KINDS, kind),
        "status": pick(PAYMENT_STATUSES, status),
        "occurred_at": times(occurred),
        "amount": money(amount),
        "currency": pick(world.CURRENCIES, story.people.currency[subs.person[sub]]),
        "failure_code": pick(world.FAILURE_CODES, rng.integers(0, len(world.FAILURE_CODES), len(row)), status == FAILED),
    }
    return table("billing_payments", columns, story.end)


def _part(row: Ints, kind: int, status: Ints | int, occurred: Ints, amount: Ints) -> Part:
    return row, np.full(len(row), kind), np.broadcast_to(status, len(row)), occurred, amount


def _attempts(invoices: Invoices, attempt: int) -> Part:
    row = np.flatnonzero(invoices.failed > attempt)
    return _part(row, PAYMENT, FAILED, invoices.issued[row] + world.RETRY_DAYS[attempt] * DAY + 3, invoices.total[row])


def _payments(invoices: Invoices, end: int) -> Part:
    """Money that came, and bank transfers that are on their way at the end."""
    on_its_way = (invoices.status == OPEN) & (invoices.failed == 0) & (invoices.paid != MISSING)
    row = np.flatnonzero((invoices.status == PAID) | on_its_way)
    return _part(row, PAYMENT, np.where(on_its_way[row], PENDING, SUCCEEDED), np.minimum(invoices.paid[row], end), invoices.total[row])


def _returned(rng: np.random.Generator, story: Story, subs: Subscriptions, invoices: Invoices) -> list[Part]:
    """Refunds, more of them on the last invoice of those who leave, and rare chargebacks; at most one of them an invoice."""
    leaves = story.life.leaves[subs.person[invoices.sub], invoices.step] == VOLUNTARY
    chance = rng.random(len(invoices.sub))
    paid = (invoices.status == PAID) & (invoices.total > 0)
    refund = np.flatnonzero(paid & (chance < np.where(leaves, 0.06, 0.005)))
    charge = np.flatnonzero(paid & (chance > 0.9995))
    share = np.where(rng.random(len(refund)) < 0.5, 1.0, rng.uniform(0.2, 0.8, len(refund)))
    amount = np.maximum(1, (invoices.total[refund] * share).astype(np.int64))
    days = rng.integers(2, 20, len(refund)) * DAY
    failed = np.where(rng.random(len(refund)) < 0.03, FAILED, SUCCEEDED)
    return [
        _part(refund, REFUND, failed, invoices.paid[refund] + days, amount),
        _part(charge, CHARGEBACK, SUCCEEDED, invoices.paid[charge] + 30 * DAY, invoices.total[charge]),
    ]
