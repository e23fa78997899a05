"""Companies with rows in every table: the wide row of each customer, and every mart it is made of, hold what the definitions say."""

from __future__ import annotations

from random import Random
from typing import Any

import everything
import pytest
from company import Company
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.thorough

ORACLE = settings.get_profile("oracle")
COMPANIES = [{"business_model": "contractual"}, {"business_model": "non_contractual"}]
COMPANIES += [company | {"customer_level": "company"} for company in COMPANIES]


@pytest.mark.parametrize("company", COMPANIES, ids=lambda company: " ".join(company.values()))
@settings(ORACLE, max_examples=max(ORACLE.max_examples // 2, 1))
@given(st.randoms(use_true_random=False, note_method_calls=False))
def test_every_customer_is_shown_as_they_are(company: dict[str, Any], random: Random) -> None:
    tables, as_of = everything.company(random)
    Company.built(tables, as_of, wide=True, **company).check()
