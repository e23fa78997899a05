"""By which columns of customers metrics may be split, and why a column of a company's own may not.

Comes in: names of `extra_dimensions:`. Goes out: nothing, or what is wrong with one of them.
"""

from __future__ import annotations

from collections.abc import Collection

from orchestration.contract import INPUT_TABLES

CUSTOMER_DIMENSIONS = ("country", "region", "industry", "company_size", "acquisition_channel", "plan")  # macros/metrics/dimensions.sql
_CAN_SPLIT = {"owner", "gender", "income_band", "birth_year"}  # of the contract's own columns, those that are no dimension yet
_NEVER = {"plan", "channel", "touchpoint", "priority", "topic", "lifecycle_stage", "rfm_segment", "all", "customer_key", "month"} | (
    set(INPUT_TABLES["crm_customers"].column_names) - _CAN_SPLIT
)
# Columns that stand beside the dimensions somewhere between staging and the marts: a second one of that name would be taken for the first.
_BESIDE = """
    active_customers bounced changed_at closing_mrr cohort_month complaints customers_at_end customers_at_start customers_churned
    customers_new customers_reached customers_reactivated customers_retained delivered dimension dimension_plan dimension_value
    email_opens first_record_at first_reply_hours first_seen_at has_vanished interactions interactions_of_active is_active is_complete
    is_deleted is_erased is_merged is_recorded is_top_two kept_mrr last_purchase_at mrr new_customers nps_group omnichannel_customers naming
    opened_month opening_mrr opening_plan preference primary_source_id primary_source_name record_type resolution_hours retained_mrr
    revenue scale score_0_100 sent solved_month source_customer_id source_name stratum unique_clicks unique_opens unsubscribes
    vanished_in view was_active
"""
# What DuckDB and Spark do not take for the name of a column; tests compare it with DuckDB's own list.
_WORDS = """
    all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case cast check collate collation column
    columns concurrently constraint create cross current_date current_time current_timestamp current_user default deferrable desc describe
    distinct do else end except false fetch for foreign freeze from full generated glob group having ilike in initially inner intersect into
    is isnull join lambda lateral leading left like limit map minus natural not notnull null offset on only or order outer overlaps pivot
    pivot_longer pivot_wider placing positional primary qualify references returning right select semi session_user show similar some struct
    summarize symmetric table tablesample then to trailing true try_cast union unique unpack unpivot user using variadic verbose when where
    window with
"""
BESIDE, WORDS_OF_SQL = frozenset(_BESIDE.split()), frozenset(_WORDS.split())


def refused(names: Collection[str]) -> str:
    """Why these columns cannot be dimensions; empty when they can."""
    never = sorted(name for name in names if name in _NEVER or name.startswith("_"))
    if never:
        return f"{never[0]!r} cannot split a metric: it is one already, personal, an id, or a time"
    taken = sorted(name for name in names if name in BESIDE | WORDS_OF_SQL)
    if taken:
        return f"{taken[0]!r} is a name that something else has already: export the column under another one, such as crm_{taken[0]}"
    return "names a column twice" if len(set(names)) < len(names) else ""
