"""The `settings:` of a configuration: every number that a company may tune."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from expectations import past
from orchestration.configuration import dimensions
from orchestration.configuration.parts import Days, Name, Part, PositiveInt, Share
from orchestration.contract import INPUT_TABLES


class Tuning(Part):
    """The `settings:` of the file: every number a company may tune, with its default."""

    nps_min_responses: PositiveInt = Field(30, description="Below this many responses a score is shown as not reliable")
    nps_rolling_days: Days = Field(90, description="Width of the rolling NPS view, in days")
    closed_loop_working_days: Days = Field(2, description="Working days in which a detractor is to be followed up")
    churn_horizon_days: Days = Field(90, description="Window after the as-of date in which a customer may leave")
    clv_horizon_days: Days = Field(365, description="Horizon of predicted lifetime value, in days")
    annual_discount_rate: Annotated[float, Field(ge=0, lt=1)] = Field(0.10, description="Yearly rate that discounts future margin")
    gross_margin: Share = Field(1.0, description="Share of revenue that is margin")
    activity_window_days: Days = Field(90, description="Non-contractual: days in which a purchase makes a customer active")
    attribution_days: Days = Field(30, description="Days after a contact in which an order is credited to its campaign")
    holdout_share: Share = Field(0.10, description="Share of customers who are never treated")
    exploration_share: Share = Field(
        0.10, description="Share of treated decisions that are drawn at random, so that the policy can be judged"
    )
    action_cooldown_days: int = Field(30, ge=0, le=36_500, description="Days after an action in which a customer is left alone")
    action_daily_capacity: PositiveInt | None = Field(None, description="The most actions that a night may choose; none = no limit")
    max_contacts_per_30_days: PositiveInt = Field(8, description="Contact pressure: above it no further action is chosen")
    max_quarantined_share: Share = Field(0.02, description="Share of a table's rows that may be quarantined before its gate fails")
    max_vanished_share: Share = Field(
        0.5,
        description="Share of a table's rows, 100 of them at least, that may be missing at the source from one night to the next; above it,"
        " and always from 95 % on, that is taken for a broken export, and they stay",
    )
    accept_vanished_tables: tuple[str, ...] = Field(
        (), description="Input tables of which any number of rows may be removed in one night: what is missing was deleted"
    )
    max_days_behind: Days = Field(7, description="Days without news from interactions or billing after which a source is called stale")
    max_load_times_usual: float = Field(
        5.0,
        gt=1,
        description="Times by which a load may be larger or smaller than those before (their median, from five on); else a check warns",
    )
    max_unknown_share: Share = Field(
        0.2, description="Share of a load's rows that may name a customer, an account or a campaign that nobody has; above it a check warns"
    )
    max_drift: float = Field(
        0.25, gt=0, description="Population stability index against the release before, above which a check warns that a column has drifted"
    )
    max_rewritten_share: Share = Field(
        0.25,
        description="Share of a column's rows that may differ from the release before; above it the night is refused, once seven nights"
        " have been measured",
    )
    accept_rewritten: tuple[str, ...] = Field(
        (), description="Columns such as fct_orders.net_amount_reporting whose past may change: a currency or a unit was corrected"
    )
    max_amount: float = Field(
        100_000_000,
        gt=0,
        le=1e12,  # a thousand times that in minor units is a whole number of 64 bits still
        description="An amount above this, in major units (of small ones such as VND 1,000 times that), is taken for an error of units",
    )
    max_shared_contact_records: PositiveInt = Field(
        5, description="An e-mail or phone on more records than this is a shared mailbox, never a match"
    )
    max_records_per_customer: PositiveInt = Field(
        25, description="Records (those that a source itself ties count as one) that e-mails and phones may tie into one customer"
    )
    max_audience_change_share: Share = Field(
        0.20, description="Circuit breaker: share of acknowledged customers that may change in one sync"
    )
    max_audience_growth: float = Field(
        4.0, gt=0, description="Circuit breaker: customers who may join an audience in one sync, as a multiple of those sent before"
    )
    max_training_customers: PositiveInt = Field(20_000, description="Customers sampled for training; scoring always covers everyone")
    max_training_decisions: PositiveInt = Field(100_000, description="Past decisions sampled for learning the next best action")
    extra_dimensions: tuple[Name, ...] = Field(
        (), description="Further columns of crm_customers by which metrics are split, such as owner or a column of your own"
    )
    nps_weighted_by: Name | None = Field(
        None, description="Dimension whose shares in the active base weight the score; none = the plan, or without contracts the country"
    )
    deleted_people_days: Days | None = Field(
        None, description="Days after which a person whom every source has deleted is erased here too; without it they stay as history"
    )
    free_text_months: PositiveInt | None = Field(
        None,
        description="Whole months for which comments and texts of tickets and interactions are kept; without it as long as their rows",
    )
    releases_kept: PositiveInt = Field(14, description="Releases kept beside the current one")
    runs_kept: PositiveInt = Field(
        90, description="Finished runs that the Dagster UI remembers (a night's takes about 9 MB), and logs that are kept"
    )
    memory_gib: float = Field(8.0, gt=0, description="Memory that DuckDB may use before it spills to disk")
    threads: PositiveInt = Field(2, description="Threads that DuckDB and dbt may use")

    @field_validator("*", mode="before")
    @classmethod
    def _no_yes(cls, value: Any) -> Any:
        # YAML reads yes and no as true and false, and pydantic those as 1 and 0: `holdout_share: yes` would treat nobody.
        if isinstance(value, bool):
            raise ValueError("must not be yes, no, true or false; write a number or a list")
        return value

    @field_validator("extra_dimensions")
    @classmethod
    def _can_split(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if why := dimensions.refused(value):
            raise ValueError(why)
        return value

    @field_validator("nps_weighted_by")
    @classmethod
    def _is_a_dimension(cls, value: str | None, info: ValidationInfo) -> str | None:
        known = (*dimensions.CUSTOMER_DIMENSIONS, *info.data.get("extra_dimensions", ()))
        if value not in (None, *known):
            raise ValueError(f"{value!r} is no dimension of customers; use one of {', '.join(known)}")
        return value

    @field_validator("accept_vanished_tables")
    @classmethod
    def _known_tables(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(value) - set(INPUT_TABLES))
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no input table; use names such as {', '.join(list(INPUT_TABLES)[:2])}")
        return value

    @field_validator("accept_rewritten")
    @classmethod
    def _is_compared(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(value) - set(past.named()))
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not compared with the release before; these are: {', '.join(past.named())}")
        return value
