"""Generates the example company: exports in the input contract's format, and beside them the truth about it.

    python -m examples.acme.generate --customers 5000 --months 36 --end 2026-10-31 --seed 7 \\
        --out examples/acme/exports --truth examples/acme/truth
    python -m examples.acme.generate --next-night 2026-11-01 --share 0.01 --out examples/acme/exports

The same arguments give the same bytes. Customers are made in chunks of fixed size, each with its own seed, so memory stays bounded.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from examples.acme import (
    accounts,
    company,
    consents,
    contacts,
    exports,
    invoices,
    ledger,
    life,
    people,
    records,
    service,
    subscriptions,
    surveys,
)
from examples.acme import truth as known
from examples.acme.defects import spoil
from examples.acme.months import Calendar
from examples.acme.nights import next_night
from examples.acme.story import Story

HERE = Path(__file__).parent
CHUNK = 50_000  # customers made at a time; part of what the seed means, so not an option
Piece = tuple[str, str, pa.Table]  # 'export' or 'truth', table, rows


def generate(
    customers: int = 5_000,
    months: int = 36,
    end: date | str = "2026-10-31",
    seed: int = 7,
    out: Path | str = HERE / "exports",
    truth: Path | str = HERE / "truth",
) -> None:
    """Write the exports of `customers` people over `months` months up to `end` into `out`, and the truth into `truth`.

    Last of all, a hidden file beside `out` says what was asked for: without it the exports are not whole. Raises ValueError when there
    is nothing to generate or the truth would lie among the exports.
    """
    out, secret = Path(out), Path(truth)
    calendar = Calendar(months, date.fromisoformat(str(end)))
    if customers < 1 or months < 13:
        raise ValueError("generate needs at least one customer and 13 months")
    if secret.resolve().is_relative_to(out.resolve()):
        raise ValueError(f"{secret}: the truth must not lie among the exports; choose another --truth")
    made = out.with_name(f".{out.name}.json")
    made.unlink(missing_ok=True)
    exports.clear(out)
    shutil.rmtree(secret, ignore_errors=True)
    rates = _whole_company(seed, calendar, out)
    for chunk, first in enumerate(range(0, customers, CHUNK)):
        _write_chunk(seed, chunk, first, min(CHUNK, customers - first), calendar, rates, out, secret)
    asked = {"customers": customers, "months": months, "end": str(end), "seed": seed}
    made.write_text(json.dumps(asked) + "\n", encoding="utf-8")


def pristine(customers: int, months: int, end: date | str, seed: int = 7) -> dict[str, pa.Table]:
    """The same company in memory, as its systems hold it: table → rows, none of them late, twice or bad. At most CHUNK customers."""
    calendar = Calendar(months, date.fromisoformat(str(end)))
    rates, last = company.exchange_rates(_rng(seed, 0, 91), calendar)
    made = {name: rows for kind, name, rows in _chunk(seed, 0, 0, min(customers, CHUNK), calendar, last) if kind == "export"}
    return {**made, "crm_campaigns": company.campaign_table(_rng(seed, 0, 90), calendar), "exchange_rates": rates}


def _rng(seed: int, chunk: int, topic: int) -> np.random.Generator:
    """A stream of its own for every chunk and topic: a change in one topic leaves the others as they were."""
    return np.random.default_rng([seed, chunk, topic])


def _whole_company(seed: int, calendar: Calendar, out: Path) -> NDArray[np.float64]:
    """Campaigns and exchange rates; returns the last rates."""
    exports.write_part(out, "crm_campaigns", company.campaign_table(_rng(seed, 0, 90), calendar), 0)
    rates, last = company.exchange_rates(_rng(seed, 0, 91), calendar)
    exports.write_part(out, "exchange_rates", rates, 0)
    return last


def _write_chunk(
    seed: int, chunk: int, first: int, count: int, calendar: Calendar, rates: NDArray[np.float64], out: Path, secret: Path
) -> None:
    planted = []
    for place, (kind, name, rows) in enumerate(_chunk(seed, chunk, first, count, calendar, rates)):
        if kind == "truth":
            exports.write_parquet(secret / name / f"part-{chunk:05d}.parquet", rows)
            continue
        delivery = spoil(_rng(seed, chunk, 100 + place), name, rows, chunk)
        exports.write_part(out, name, delivery.main, chunk)
        exports.write_part(out, name, delivery.later, exports.LATER + chunk, "-late")
        exports.write_part(out, name, delivery.legacy, exports.LEGACY + chunk, "-legacy")
        planted.append(delivery.planted)
    exports.write_parquet(secret / "bad_rows" / f"part-{chunk:05d}.parquet", pa.concat_tables(planted))


def _chunk(seed: int, chunk: int, first: int, count: int, calendar: Calendar, rates: NDArray[np.float64]) -> Iterator[Piece]:
    """Everything about one chunk of people."""
    rng = [_rng(seed, chunk, topic) for topic in range(17)]
    folk = people.draw(rng[0], count, first, calendar)
    story = Story(chunk, folk, life.live_through(rng[1], folk, calendar), calendar)
    crm = records.keep(rng[2], story)
    billed = accounts.open_accounts(rng[3], story)
    subs = subscriptions.subscribe(rng[4], story, billed)
    yield "export", "crm_customers", records.customer_table(rng[5], story, crm)
    yield "export", "crm_consents", consents.consent_table(rng[6], story, crm)
    yield "export", "billing_customers", accounts.account_table(rng[7], story, crm, billed)
    yield "export", "billing_subscriptions", subscriptions.subscription_table(story, subs)
    bills = invoices.issue(rng[8], story, subs)
    yield "export", "billing_invoice_lines", ledger.line_table(story, subs, bills)
    yield "export", "billing_payments", ledger.payment_table(rng[9], story, subs, bills)
    yield "export", "crm_interactions", contacts.interaction_table(rng[10], story, crm)
    yield "export", "crm_actions", service.action_table(story, crm)
    yield "export", "crm_loyalty_events", service.loyalty_table(rng[11], story, crm)
    yield "export", "crm_referrals", service.referral_table(rng[12], story, crm)
    tickets = service.ticket_rows(rng[13], story, crm)
    yield "export", "crm_tickets", service.ticket_table(rng[14], story, crm, tickets)
    asked = surveys.ask(rng[15], story, crm, tickets)
    yield "export", "survey_invitations", surveys.invitation_table(story, crm, asked)
    responses, felt = surveys.response_table(rng[16], story, crm, asked)
    yield "export", "survey_responses", responses
    yield "truth", "survey_responses", felt
    yield "truth", "identities", known.identity_table(story, crm, billed)
    yield "truth", "customer_months", known.month_table(story, rates)
    yield "truth", "customers", known.customer_table(story, crm, subs)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m examples.acme.generate", description="Generate the example company Acme.")
    parser.add_argument("--customers", type=int, default=5_000)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument("--end", default="2026-10-31", metavar="DATE")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, default=HERE / "exports")
    parser.add_argument("--truth", type=Path, default=HERE / "truth")
    parser.add_argument("--next-night", metavar="DATE", help="add one day to the exports in --out instead of making them anew")
    parser.add_argument("--share", type=float, default=0.01, help="share of the customers that a night touches")
    given = parser.parse_args(arguments)
    try:
        if given.next_night:
            next_night(given.out, given.next_night, seed=given.seed, share=given.share)
        else:
            generate(given.customers, given.months, given.end, given.seed, given.out, given.truth)
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
