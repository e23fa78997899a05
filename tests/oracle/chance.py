"""Made-up companies, small and nasty: every way of billing, paying, leaving, returning and being recorded twice, close to month ends.

Comes in: a source of chance (hypothesis'). Goes out: rows of the input tables that no rule would quarantine.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from billing_by_chance import BEGIN, CURRENCIES, Tables, moment, payment, purchase, subscription

AS_OF = [date(2024, 2, 29), date(2024, 3, 31), date(2024, 3, 1), date(2024, 6, 17), date(2023, 12, 31), date(2024, 2, 28)]
SPOKEN_OF = ["email", "email", "phone", "sms", "push", "post", "ads"]
# When many people say something at once.
INSTANTS = [datetime(2023, 11, 30), datetime(2024, 2, 1, 12)]
# Made up, for prices of all currencies are alike; the last one was redenominated.
RATES = {"EUR": (1.25, 1.1, 1.3), "JPY": (0.67, 0.71), "KWD": (3.25,), "ZWL": (0.4, 400.0)}


def company(random: Random, customers: int = 8, least: int = 1) -> tuple[Tables, date]:
    """A company of `least` to so many customers, and the day of its night."""
    tables: Tables = {"crm_customers": [], "billing_customers": [], "exchange_rates": list(_rates())}
    as_of = random.choice(AS_OF)
    people(random, tables, random.randint(least, customers))
    bill(random, tables)
    consents(random, tables)
    return tables, as_of


def company_of_sources(random: Random) -> tuple[Tables, date]:
    """Two CRMs that count their records alike and know some of the same people, and a billing system that names records of either."""
    tables: Tables = {"exchange_rates": list(_rates())}
    as_of = random.choice(AS_OF)
    for source in ("north", "south", "books"):
        own: Tables = {"crm_customers": [], "billing_customers": []}
        people(random, own, random.randint(1, 4), own_from=random.choice([0, 1, 2, 100]))
        if source == "books":
            own = {"billing_customers": own["billing_customers"]}
        bill(random, own)
        consents(random, own)
        for name, rows in own.items():
            tables.setdefault(name, []).extend(row | {"_source": source} for row in rows)
    return tables, as_of


def bill(random: Random, tables: Tables) -> None:
    """What the accounts subscribe to, buy and pay."""
    for account in tables["billing_customers"]:
        for _ in range(random.choice([0, 1, 1, 1, 2, 3])):
            subscription(random, tables, account["billing_customer_id"])
        for _ in range(random.choice([0, 0, 1, 2, 4])):
            purchase(random, tables, account["billing_customer_id"])
        for _ in range(random.choice([0, 0, 1, 2])):
            payment(random, tables, account["billing_customer_id"], random.choice([None, "elsewhere"]), 100, random.choice(CURRENCIES))


def consents(random: Random, tables: Tables) -> None:
    """What people allowed and took back, now and then in one instant by one or two of their records, or by unsubscribing."""
    for row in tables.get("crm_customers", []):
        instants = [max(row["created_at"], instant) for instant in (*INSTANTS, moment(random))]  # nobody speaks before they are known
        spoken = {
            (random.choice(SPOKEN_OF), random.choice(["marketing"] * 3 + ["profiling"]), random.choice(instants))
            for _ in range(random.choice([0, 1, 2, 4]))
        }
        for channel, purpose, at in sorted(spoken):
            said = {"channel": channel, "purpose": purpose, "recorded_at": at}
            for status in random.choice([["granted"], ["granted"], ["withdrawn"], ["withdrawn", "granted"]]):
                tables.setdefault("crm_consents", []).append({"customer_id": row["customer_id"], "status": status} | said)
        if random.random() < 0.3:
            refused = {"channel": random.choice(["email", "phone"]), "kind": random.choice(["unsubscribed", "complained", "opened"])}
            refused |= {"interaction_id": f"r{row['customer_id']}", "occurred_at": random.choice(instants)}
            tables.setdefault("crm_interactions", []).append({"customer_id": row["customer_id"]} | refused)


def _rates() -> Any:
    for currency, rates in RATES.items():
        for number, rate in enumerate(rates):
            day = date(2000, 1, 1) if number == 0 else date(2023, 5 + 3 * number, 20)
            yield {"currency": currency, "rate_date": day, "rate_to_reporting": rate}


def people(random: Random, tables: Tables, count: int, own_from: int = 0) -> None:
    """CRM records and billing accounts; a few share an address, a phone, a merge or a company. Own addresses count from `own_from`."""
    emails = [None, None, "ann@x.org", " Ann@X.org", "ann+news@x.org", "bob@x.org", "info@shared.org", "info@shared.org", "INFO@shared.org"]
    phones = [*[None] * 12, "+49 30 1234567", "0049301234567", "030 1234567", "123", "5551234567"]
    for number in range(count):
        own = f"{number + own_from}@own.org"
        crm = {"customer_id": f"c{number}", "created_at": moment(random), "email": random.choice([*emails, *[own] * 12])}
        crm |= {"phone": random.choice(phones), "company_name": random.choice([None, "Acme", "acme ", "Zeta"])}
        crm |= {"country": random.choice([None, "DE", "US"]), "industry": random.choice([None, "retail"])}
        crm |= {"merged_into_customer_id": random.choice([None] * 16 + ["c0", "c1", f"c{number + 1}", "gone"])}
        crm["deleted_at"] = random.choice([None, None, None, crm["created_at"] + timedelta(days=random.randint(0, 500))])
        has_crm = random.random() < 0.75
        if has_crm:
            tables["crm_customers"].append(crm)
        for account in range(random.choice([0, 1, 1, 1, 2]) if has_crm else 1):
            named = random.choice([crm["customer_id"]] * 9 + [None, "elsewhere"]) if has_crm else None
            billing = {"billing_customer_id": f"b{number}-{account}", "customer_id": named, "created_at": random.choice([None, BEGIN])}
            tables["billing_customers"].append(
                billing | {"email": random.choice([*emails, *[own] * 5]), "currency": random.choice([None, "EUR"])}
            )
