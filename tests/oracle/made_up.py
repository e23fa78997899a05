"""Small and nasty companies made at random: who there is (`people_rows`), and what they said and did (`company`).

A company is what the `files` source would hand over: rows by input table. Times crowd around what definitions turn on: the ends of months,
the edge of the 90-day window, weekends, the end of the night. Equal companies come from equal draws, so failures shrink.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from orchestration.contract import INPUT_TABLES

Row = dict[str, Any]
Tables = dict[str, list[Row]]

NIGHTS = ["2025-06-30", "2025-06-17", "2025-03-31"]
FIRST, LAST = datetime(2025, 1, 1), datetime(2025, 7, 5)  # some facts lie after every night
TICK = timedelta(microseconds=1)
EDGES = [datetime(2025, month, 1) + tick for month in range(2, 8) for tick in (-TICK, timedelta(0))]
# 90 days before the ends of June, May, April and of 17 June: the first instant inside the window and the last outside.
EDGES += [end - timedelta(days=90) + tick for end in (*EDGES[5:12:2], datetime(2025, 6, 18)) for tick in (-TICK, timedelta(0))]
EDGES += [datetime(2025, 6, 13, 16), datetime(2025, 6, 14, 9), datetime(2025, 6, 15, 23, 59), datetime(2025, 6, 16)]  # Friday to Monday
TIMES = st.one_of(
    st.sampled_from(EDGES),
    st.integers(0, int((LAST - FIRST).total_seconds() // 60)).map(lambda minutes: FIRST + timedelta(minutes=minutes)),
)
LATER = st.sampled_from([timedelta(0), TICK, timedelta(hours=3), timedelta(days=1), timedelta(days=4), timedelta(days=45)])


def maybe(values: st.SearchStrategy) -> st.SearchStrategy:
    """A value, or nothing."""
    return st.one_of(st.none(), values)


def rows(columns: dict[str, st.SearchStrategy], key: str, most: int, least: int = 0) -> st.SearchStrategy[list[Row]]:
    """Rows of an input table, numbered in `key`."""
    letter = key[0]
    return st.lists(st.fixed_dictionaries(columns), min_size=least, max_size=most).map(
        lambda made: [{key: f"{letter}{number:03}"} | row for number, row in enumerate(made)]
    )


CUSTOMERS = rows(
    {
        "created_at": st.sampled_from([datetime(2024, 5, 1), datetime(2025, 4, 10), datetime(2025, 6, 20)]),
        "deleted": st.sampled_from([None, None, datetime(2025, 6, 25)]),
        "country": maybe(st.sampled_from(["DE", "US", "Ünland"])),
        "industry": maybe(st.sampled_from(["retail"])),
        "company": maybe(st.sampled_from(["Acme", " ACME ", "Zeta"])),
        "has_email": st.booleans(),
        "merged": maybe(st.integers(0, 4)),
        "account": st.sampled_from([None, "linked", "by_email"]),
        "plan": st.sampled_from(["team", "business"]),
        "start": TIMES,
        "lasts": maybe(st.sampled_from([timedelta(days=20), timedelta(days=100)])),
    },
    "customer_id",
    5,
)


def people_rows(drawn: list[Row], strangers: int) -> Tables:
    """CRM records, accounts, subscriptions and orders of the drawn customers; `strangers` are known to billing alone."""
    tables: Tables = {name: [] for name in INPUT_TABLES}
    of: dict[int, int] = {}
    for number, row in enumerate(drawn):
        into = row["merged"] if row["merged"] is not None and row["merged"] < number else None
        address = f"person{number}@example.org" if row["has_email"] else None
        of[number] = number if into is None else of[into]
        said = drawn[of[number]]  # merged records describe one person, so they say the same
        tables["crm_customers"].append({
            "customer_id": row["customer_id"], "created_at": row["created_at"], "email": address and address.upper(),
            "country": said["country"], "deleted_at": row["deleted"], "industry": said["industry"],
            "merged_into_customer_id": drawn[into]["customer_id"] if into is not None else None, "company_name": row["company"],
        })  # fmt: skip
        if into is None and (row["account"] == "linked" or (row["account"] and address)):
            link = {"customer_id": row["customer_id"] if row["account"] == "linked" else None, "email": address}
            _account(tables, f"b{number}", row, link)
    for number in range(strangers):
        row = {"plan": "team", "start": datetime(2025, 2, 1), "lasts": None}
        _account(tables, f"x{number}", row, {"customer_id": None, "email": f"stranger{number}@example.org"})
    return tables


def _account(tables: Tables, key: str, row: Row, link: Row) -> None:
    own = {"billing_customer_id": key}
    end = row["start"] + row["lasts"] if row["lasts"] else None
    tables["billing_customers"].append(own | link | {"created_at": datetime(2024, 6, 1), "currency": "USD"})
    tables["billing_subscriptions"].append(own | {
        "subscription_id": f"s{key}", "status": "canceled" if end else "active", "started_at": row["start"], "ended_at": end,
        "plan": row["plan"], "quantity": 1, "unit_minor": 1000, "currency": "USD", "interval": "month", "interval_count": 1,
    })  # fmt: skip
    tables["billing_invoice_lines"].append(own | {
        "invoice_line_id": f"l{key}", "invoice_id": f"i{key}", "kind": "one_off", "issued_at": row["start"], "amount_minor": 5000,
        "currency": "USD", "invoice_status": "paid",
    })  # fmt: skip


def _addressed(row: Row) -> Row:
    person = row.pop("person")
    return row | ({"email": person} if "@" in person else {"customer_id": person})


def _answer(row: Row) -> Row:
    metric, low, high = row.pop("scale")
    before = row.pop("asked_before")
    score = low + round(row.pop("share") / 10 * (high - low))
    asked = row["responded_at"] - before if before is not None else None
    return _addressed(row) | {"metric": metric, "score": score, "scale_min": low, "scale_max": high, "sent_at": asked}


def of_customers(made: list[Row], known: list[Row], *columns: str) -> list[Row]:
    """Rows whose `columns` are numbers of customers: ids in their place; without any customers there are no rows."""
    ids = [row["customer_id"] for row in known]
    return [row | {name: row[name] if row[name] is None else ids[row[name] % len(ids)] for name in columns} for row in made] if ids else []


@st.composite
def company(draw: st.DrawFn, **facts: st.SearchStrategy) -> Tables:
    """People and what `facts` say: by input table, a strategy of its rows. Answers and invitations take part with theirs."""
    customers = draw(CUSTOMERS)
    tables = people_rows(customers, draw(st.integers(0, 1)))
    if "survey_responses" in facts:
        tables["survey_responses"] = [_answer(dict(row)) for row in draw(facts.pop("survey_responses"))]
        tables["survey_invitations"] = [_addressed(dict(row)) for row in draw(facts.pop("survey_invitations"))]
    accounts = [row["billing_customer_id"] for row in tables["billing_customers"]]
    for row in draw(facts.pop("billing_invoice_lines", st.just([]))):
        if accounts:
            tables["billing_invoice_lines"].append(dict(row) | {"billing_customer_id": accounts[row["account"] % len(accounts)]})
            del tables["billing_invoice_lines"][-1]["account"]
    for name, strategy in facts.items():
        named = [
            column
            for column in ("customer_id", "referrer_customer_id", "referred_customer_id")
            if column in INPUT_TABLES[name].column_names
        ]
        tables[name] = of_customers(draw(strategy), customers, *named)
    return tables


PLACES = {"billing_customers": "books", "billing_subscriptions": "books", "billing_invoice_lines": "books"}
ASKED = {"survey_responses": "desk", "survey_invitations": "desk"}


@st.composite
def company_of_sources(draw: st.DrawFn, **facts: st.SearchStrategy) -> Tables:
    """Two CRMs that give the same ids to other people and know some people both; billing of the first and all surveys lie elsewhere."""
    north, south = draw(company(**facts)), draw(company(**facts))
    tables: Tables = {name: [] for name in INPUT_TABLES}
    for source, places, own in (("north", PLACES | ASKED, north), ("south", {}, _other_people(south))):
        for name, made in own.items():
            tables[name] += [row | {"_source": places.get(name, source)} for row in made]
    return tables


def _other_people(tables: Tables) -> Tables:
    """The same ids with the addresses of their neighbours."""
    others = {f"person{number}@example.org": f"person{(number + 1) % 5}@example.org" for number in range(5)}
    addressed = ("crm_customers", "billing_customers")
    return tables | {
        name: [row | {"email": others.get((row["email"] or "").lower(), row["email"])} for row in tables[name]] for name in addressed
    }
