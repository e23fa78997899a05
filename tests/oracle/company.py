"""Both views of one company: the marts that the dbt project builds, and the oracle's. Each `check_…` compares one mart.

Comes in: rows of the input tables, the as-of date, the settings. Goes out: AssertionErrors that name rows and both values.
"""

from __future__ import annotations

import csv
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

import attributes
import churn
import harness
import identity
import lifecycle
import orders
import pandas as pd
import permissions
import purchases
import retention
import revenue
import sources
import subscribers
import subscriptions
from comparing import assert_same, translated
from facts import Facts, earliest

from orchestration import dbt

MARTS = [
    "customer_identities", "dim_customers", "fct_orders", "dim_customer_segments", "fct_subscription_months", "metric_mrr_movements",
    "metric_retention_monthly", "metric_cohort_retention", "metric_customer_clv",
    "metric_lifecycle_monthly", "clv_purchases", "clv_subscriptions",
]  # fmt: skip
ATTRIBUTES = ("country", "region", "industry", "company_size", "acquisition_channel")
SHOWN_CHANNELS = ("email", "sms", "phone", "push")
# Who sends marketing, and on which channels; a system of record sends none.
MARKETING = {"braze": ("email", "sms", "push"), "klaviyo": ("email", "sms", "push"), "customerio": ("email", "sms", "push")}
MARKETING |= {"mailchimp": ("email",)}
AUDIENCES = {f"sync_{name}__customer_scores": name for name in (*MARKETING, "hubspot", "salesforce", "sql", "files", "webhook")}
SEGMENTS = {
    (int(row["r_score"]), int(row["fm_score"])): row["rfm_segment"]
    for row in csv.DictReader((dbt.PROJECT / "seeds" / "rfm_segments.csv").open(encoding="utf-8"))
}


class Company:
    """`marts` by name, with the oracle's customer beside every customer_key; everything else is the oracle's."""

    def __init__(self, tables: harness.Tables, as_of: date, marts: dict[str, pd.DataFrame], **settings: Any) -> None:
        self.facts = Facts(sources.told_apart(tables), as_of, **settings)
        self.marts = marts = {name: sources.in_marts(mart) for name, mart in marts.items()}
        self.customers = identity.customers(self.facts)
        identities = marts["customer_identities"]
        keys = translated(identities[identities["valid_to"].isna()], self.customers)
        for mart in marts.values():
            if "customer_key" in mart:
                mart["customer"] = mart["customer_key"].map(keys)
        self.subscriptions = subscriptions.subscriptions(self.facts, self.customers)
        self.live = revenue.at_month_ends(self.facts, self.subscriptions)
        self.months = revenue.subscription_months(self.facts, self.live)
        self.orders = orders.orders(self.facts, self.customers)

    @classmethod
    def built(cls, tables: harness.Tables, as_of: date, wide: bool = False, **settings: Any) -> Company:
        """The company with its marts built by the SQL, the `wide` row of a customer with them; no row of it may be bad."""
        project, wanted = harness.project(**settings), [*MARTS, *(["customer_360", *AUDIENCES] if wide else [])]
        with project.built(wanted, tables, as_of) as connection:
            assert connection.sql("SELECT table_name, column_name, rule FROM ops.quarantined_rows").fetchall() == []
            marts = {name: connection.sql(f"FROM {project.nodes[name].relation}").df() for name in wanted}
        return cls(tables, as_of, marts, **settings)

    @property
    def is_contractual(self) -> bool:
        return self.facts.business_model == "contractual"

    @cached_property
    def everyone(self) -> list[identity.Record]:
        return sorted(set(self.customers.values()))

    @cached_property
    def active(self) -> retention.Active:
        if self.is_contractual:
            return retention.active_by_subscription(self.months)
        return retention.active_by_purchase(self.facts, self.orders)

    @cached_property
    def mrr(self) -> dict[Any, Fraction]:
        return {(row.customer, row.month): row.mrr for row in self.months.itertuples()}

    @cached_property
    def described(self) -> dict[identity.Record, dict[str, Any]]:
        """What customers are like: see `attributes`."""
        return attributes.described(self.facts, self.customers, self.subscriptions)

    @cached_property
    def stages(self) -> dict[Any, str]:
        if self.is_contractual:
            warned = lifecycle.warned_by_subscription(self.facts, self.subscriptions)
        else:
            warned = lifecycle.warned_by_silence(self.facts, self.orders)
        return lifecycle.stages(self.facts, self.everyone, self.active, warned)

    def check(self) -> None:
        """Every mart."""
        for name in sorted(name for name in dir(self) if name.startswith("check_")):
            getattr(self, name)()

    def check_dim_customers(self) -> None:
        now = self.facts.months(pd.Timestamp(self.facts.as_of))[-1][0]
        seen = self._first_seen()
        rows = [
            {"customer": one, "is_active": now in self.active.get(one, ()), "lifecycle_stage": self.stages[one]}
            | {"first_active_month": min(self.active.get(one, ()), default=None), "first_seen_at": earliest(seen[one])}
            | self.described[one]
            for one in self.everyone
        ]
        assert_same(self.marts["dim_customers"], rows, ["customer"])

    def _first_seen(self) -> dict[identity.Record, list[pd.Timestamp | None]]:
        """Customer → when each trace of them was made: a record, a subscription, an order."""
        seen: dict[identity.Record, list[pd.Timestamp | None]] = {one: [] for one in self.everyone}
        for table, kind, key in (("crm_customers", "crm", "customer_id"), ("billing_customers", "billing", "billing_customer_id")):
            for row in self.facts.rows(table):
                seen[self.customers[kind, row[key]]].append(row["created_at"])
        for row in self.subscriptions:
            seen[row["customer"]].append(row["started_at"])
        for row in self.orders.to_dict("records"):
            seen[row["customer"]].append(row["ordered_at"])
        return seen

    def check_fct_orders(self) -> None:
        columns = ["order_id", "order_kind", "currency", "customer", "ordered_at", "net_amount", "net_amount_reporting", "is_purchase"]
        orders = self.orders.assign(is_purchase=self.orders["net_amount"] > 0)
        assert_same(self.marts["fct_orders"][columns], orders, ["order_id", "order_kind", "currency"])

    @cached_property
    def segments(self) -> list[dict[str, Any]]:
        """`dim_customer_segments`."""
        bought = {row["customer"]: row for row in orders.rfm(self.facts, self.orders).to_dict("records")}
        nothing = dict.fromkeys(("recency_days", "r_score", "f_score", "m_score")) | {"frequency": 0, "monetary": 0}
        rows = [{"customer": one, "lifecycle_stage": self.stages[one]} | bought.get(one, nothing) for one in self.everyone]
        for row in rows:
            place = row["r_score"] and (row["r_score"], int((row["f_score"] + row["m_score"] + 1) / 2))
            row["rfm_segment"] = SEGMENTS[place] if place else "no_purchase"
            stated = self.described[row["customer"]]
            row |= {name: stated[name] for name in (*ATTRIBUTES, "plan", "gender", "income_band")}
            row["age_decade"] = attributes.age_decade(self.facts, stated["birth_year"])
        return rows

    def check_segments(self) -> None:
        assert_same(self.marts["dim_customer_segments"], self.segments, ["customer"])

    def check_lifecycle(self) -> None:
        first, is_warned = self.facts.first, lifecycle.silent_before(self.facts, self.orders)
        if self.is_contractual:
            is_warned = lifecycle.asked_before(self.subscriptions)
        seen = {one: earliest(moments) for one, moments in self._first_seen().items()}
        told = lifecycle.histories(self.facts, first, seen, self.active, is_warned, self.stages)
        assert_same(self.marts["metric_lifecycle_monthly"], lifecycle.moves(self.facts, first, told), ["month", "from_stage", "to_stage"])

    def check_clv_historic(self) -> None:
        received = orders.received(self.facts, self.customers)
        assert_same(
            self.marts["metric_customer_clv"],
            [{"customer": one, "clv_historic": received.get(one, 0)} for one in self.everyone],
            ["customer"],
        )

    def check_what_models_of_purchases_are_told(self) -> None:
        silent = permissions.not_profiled(self.facts, self.customers)
        rows = [] if self.is_contractual else purchases.inputs(self.facts, self.orders, silent)
        assert_same(self.marts["clv_purchases"], rows, ["customer"])

    def check_what_curves_of_retention_are_told(self) -> None:
        silent = permissions.not_profiled(self.facts, self.customers)
        rows = subscribers.inputs(self.facts, self.subscriptions, self.months, silent) if self.is_contractual else []
        assert_same(self.marts["clv_subscriptions"], rows, ["customer"])

    def check_permissions(self) -> None:
        shown = [{"customer": one} | {f"can_{name}": self._may(one, name) for name in SHOWN_CHANNELS} for one in self.everyone]
        assert_same(self.marts["dim_customers"], shown, ["customer"])

    @cached_property
    def granted(self) -> dict[identity.Record, set[str]]:
        """Customer → channels that may carry marketing."""
        return permissions.channels(self.facts, self.customers)

    def _may(self, customer: identity.Record, channel: str) -> bool:
        return channel in self.granted[customer]

    def check_customer_360(self) -> None:
        if "customer_360" not in self.marts:
            return
        now, silent = pd.Timestamp(self.facts.as_of).replace(day=1), permissions.not_profiled(self.facts, self.customers)
        bought = self.orders[self.orders["net_amount"] > 0].groupby("customer")["ordered_at"].agg(["size", "max"])
        received, seen = orders.received(self.facts, self.customers), self._first_seen()
        rows = [
            {name: self.described[one][name] for name in ATTRIBUTES}
            | {"customer": one, "is_active": now in self.active.get(one, ()), "lifecycle_stage": self.stages[one]}
            | {"first_seen_at": earliest(seen[one]), "mrr": self.mrr.get((one, now), 0), "clv_historic": received.get(one, 0)}
            | {"orders": bought["size"].get(one, 0), "last_order_at": bought["max"].get(one), "can_profile": one not in silent}
            | {f"can_{name}": self._may(one, name) for name in permissions.CHANNELS}
            for one in self.everyone
        ]
        assert_same(self.marts["customer_360"], rows, ["customer"])

    def check_audiences(self) -> None:
        profiled = set(self.everyone) - permissions.not_profiled(self.facts, self.customers)
        for mart, destination in AUDIENCES.items() if "customer_360" in self.marts else ():
            channels = MARKETING.get(destination)
            sent_to = {one for one in profiled if channels is None or self.granted[one].intersection(channels)}
            assert sorted(self.marts[mart]["customer"]) == sorted(sent_to), mart

    def check_subscription_months(self) -> None:
        kinds = churn.kinds(self.live, self.subscriptions, self.months, self.facts)
        plans = retention.plans(self.live)
        rows = self.months.assign(movement_amount=self.months["mrr"] - self.months["opening_mrr"]).to_dict("records")
        rows = [
            row
            | {"churn_kind": kinds.get((row["customer"], row["month"]))}
            | {"is_active": row["month"] in self.active.get(row["customer"], ())}
            | {
                "plan": plans.get((row["customer"], row["month"])),
                "opening_plan": plans.get((row["customer"], row["month"] - retention.ONE)),
            }
            for row in rows
        ]
        assert_same(self.marts["fct_subscription_months"], rows, ["customer", "month"])

    def check_mrr_movements(self) -> None:
        kinds = churn.kinds(self.live, self.subscriptions, self.months, self.facts)
        assert_same(self.marts["metric_mrr_movements"], revenue.movements(self.months, kinds), ["month"])

    def check_retention(self) -> None:
        rows = (
            retention.monthly(self.facts, self.active, self.mrr, lambda customer, month: "all").assign(dimension="all").to_dict("records")
        )
        for name in ATTRIBUTES:
            values = {one: stated[name] or "unknown" for one, stated in self.described.items()}
            split = retention.monthly(self.facts, self.active, self.mrr, lambda customer, month, values=values: values[customer])
            rows += split.assign(dimension=name).to_dict("records")
        for name in ("lifecycle_stage", "rfm_segment"):
            values = {row["customer"]: row[name] for row in self.segments}
            split = retention.monthly(self.facts, self.active, self.mrr, lambda customer, month, values=values: values[customer])
            rows += split.assign(dimension=name).to_dict("records")
        plans = retention.plans(self.live)
        split = retention.monthly(self.facts, self.active, self.mrr, lambda customer, month: self._plan(plans, customer, month))
        rows += split.assign(dimension="plan").to_dict("records")
        assert_same(self.marts["metric_retention_monthly"], rows, ["month", "dimension", "dimension_value"])

    def _plan(self, plans: dict[Any, str], customer: Any, month: pd.Timestamp) -> str:
        """The plan that the month began with, else the one it brought."""
        before = month - retention.ONE
        return plans.get((customer, before if before in self.active[customer] else month)) or "unknown"

    def check_cohorts(self) -> None:
        brought = self.mrr if self.is_contractual else orders.by_month(self.orders)
        rows = retention.cohorts(self.facts, self.active, brought)
        assert_same(self.marts["metric_cohort_retention"], rows, ["cohort_month", "months_since", "basis"])
