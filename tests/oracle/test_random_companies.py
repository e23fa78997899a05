"""Whatever company chance makes up, every mart holds what the definitions say, to the last of six decimals."""

from __future__ import annotations

from random import Random

import chance
import pytest
from company import Company
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.thorough


ORACLE = settings.get_profile("oracle")
CHANCE = st.randoms(use_true_random=False, note_method_calls=False)


@settings(ORACLE)
@given(CHANCE)
def test_contractual(random: Random) -> None:
    tables, as_of = chance.company(random)
    Company.built(tables, as_of, business_model="contractual").check()


@settings(ORACLE)
@given(CHANCE)
def test_non_contractual(random: Random) -> None:
    tables, as_of = chance.company(random)
    Company.built(tables, as_of, business_model="non_contractual").check()


@settings(ORACLE, max_examples=max(ORACLE.max_examples // 4, 1))
@given(CHANCE)
def test_companies_as_customers(random: Random) -> None:
    tables, as_of = chance.company(random)
    Company.built(tables, as_of, business_model="contractual", customer_level="company").check()
