"""What a seat costs, and how often it is billed. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from examples.acme import world
from examples.acme.columns import Ints
from examples.acme.story import Story


def prices(story: Story, person: Ints, plan: Ints, step: Ints, add_on: NDArray[np.bool_] | bool = False) -> Ints:
    """Price of a seat for one billing interval, in cents, by the list that holds in month `step`."""
    people = story.people
    monthly = np.where(add_on, world.ADD_ON_PRICE, world.LIST_PRICES[people.currency[person], plan])
    rise = np.where(step >= story.calendar.rise, world.PRICE_RISE, 1.0)
    return np.round(monthly * world.INTERVAL_PRICE[people.interval[person]] * rise).astype(np.int64)


def billed_steps(story: Story, person: Ints, add_on: NDArray[np.bool_]) -> Ints:
    """Months between two invoices; weekly ones count as one."""
    return np.where(add_on, 1, world.INTERVAL_STEPS[story.people.interval[person]])
