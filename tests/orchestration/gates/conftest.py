"""A landing that holds one good customer and one good account."""

import pytest

from tests.landing_by_copy import loads_are_copied as loads_are_copied
from tests.orchestration.gates.landed import Landed


@pytest.fixture
def landed() -> Landed:
    """A customer and an account, both good, so that children have parents."""
    house = Landed()
    house.land("crm_customers")
    house.land("billing_customers")
    return house
