"""Companies whose records lie in several sources, and companies whose customers are companies: the same definitions, row for row."""

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
SOME = settings(ORACLE, max_examples=max(ORACLE.max_examples // 3, 1))


@SOME
@given(CHANCE)
def test_sources_contractual(random: Random) -> None:
    tables, as_of = chance.company_of_sources(random)
    Company.built(tables, as_of, business_model="contractual").check()


@SOME
@given(CHANCE)
def test_sources_of_companies_non_contractual(random: Random) -> None:
    tables, as_of = chance.company_of_sources(random)
    Company.built(tables, as_of, business_model="non_contractual", customer_level="company").check()
