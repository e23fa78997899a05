"""Nights that continue each other's builds leave what one full build at the end makes, row for row."""

from __future__ import annotations

from random import Random

import pytest
from histories import history
from hypothesis import given, settings
from hypothesis import strategies as st
from nights import Nights

from orchestration import dbt

pytestmark = pytest.mark.thorough


ORACLE = settings.get_profile("oracle")
CHANCE = st.randoms(use_true_random=False, note_method_calls=False)
# What tells which rows are renewed is about the way, not about the result; what the next night is told of this one has to be right.
ABOUT_THE_WAY = {path.stem for path in (dbt.PROJECT / "models" / "intermediate" / "renewal").glob("*.sql")}
ABOUT_THE_WAY -= {"int_source_traits", "int_feature_facts"}
# Of features only those are computed that are not kept, and kept are they side by side.
ABOUT_THE_WAY |= {path.stem for path in (dbt.PROJECT / "models" / "intermediate" / "features").glob("int_feature_*.sql")}
ABOUT_THE_WAY |= {"int_subscriptions_at_cutoffs"}
ABOUT_THE_WAY -= {"int_feature_rows", "int_feature_cutoffs"}


def compare(random: Random, nights: int, **variables: str) -> None:
    """A history night by night beside its last night alone: every table of facts, and two marts that add up."""
    one, other = Nights.of(**variables), Nights.of(**variables)
    wanted = [name for name, node in one.full.nodes.items() if node.schema in ("staging", "intermediate")]
    wanted += ["fct_orders", "fct_subscription_months", "metric_retention_monthly", "metric_engagement_monthly"]
    for number, (as_of, load) in enumerate(history(random, nights)):
        one.land(number, load)
        other.land(number, load)
        one.night(as_of, wanted)
    other.night(as_of, wanted, anew=True)
    for model in (node.name for node in one.full._in_order(wanted)):  # parents first: the first one that differs is where to look
        if model not in ABOUT_THE_WAY:
            assert one.differences(other, model) == [], model


@settings(ORACLE, max_examples=max(ORACLE.max_examples // 4, 1))
@given(CHANCE)
def test_contractual(random: Random) -> None:
    compare(random, 4, business_model="contractual")


@settings(ORACLE, max_examples=max(ORACLE.max_examples // 6, 1))
@given(CHANCE)
def test_non_contractual(random: Random) -> None:
    compare(random, 3, business_model="non_contractual")
