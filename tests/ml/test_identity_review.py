"""Proposals of pairs: those who are one are found, strangers are left alone, and every weight is told."""

from __future__ import annotations

import json
from random import Random

import pandas as pd
import pytest

from examples.acme.world import FIRST_NAMES, LAST_NAMES
from ml import identity_review


def people(random: Random, count: int) -> tuple[pd.DataFrame, set[tuple[str, str]]]:
    """Customers, every tenth of them twice: with another address and telephone number, one in two with letters of the name swapped."""
    rows, pairs = [], set()
    for number in range(count):
        first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
        row = {
            "customer_key": f"k{number:04}", "full_name": f"{first} {last}", "company_name": f"{random.choice(LAST_NAMES)} {number % 40}",
            "email_key": f"{first}.{last}{number}@x{number % 50}.org".lower(), "phone_key": f"+49170{random.randrange(10**7):07}",
            "country": random.choice(["DE", "US", "FR"]), "birth_year": random.choice([None, *range(1955, 2003)]),
        }  # fmt: skip
        rows.append(row)
        if number % 10 == 0:
            name = f"{first} {last}" if number % 20 else f"{first} {last[1]}{last[0]}{last[2:]}"
            again = {"customer_key": f"d{number:04}", "full_name": name, "email_key": f"{first}{last}{number}@home.org".lower()}
            rows.append(row | again | {"phone_key": None})
            pairs.add((f"d{number:04}", f"k{number:04}"))
    return pd.DataFrame(rows), pairs


def test_doubles_are_proposed_and_strangers_are_not() -> None:
    customers, pairs = people(Random(3), 600)
    found = identity_review.propose(customers)
    proposed = set(zip(found["customer_key"], found["other_customer_key"], strict=True))
    assert len(proposed & pairs) >= 0.9 * len(pairs)
    assert len(proposed & pairs) >= 0.8 * len(proposed)
    assert found["match_probability"].min() >= 0.9
    assert found["match_weight"].is_monotonic_decreasing


def test_weights_are_told_by_comparison_and_add_up() -> None:
    found = identity_review.propose(people(Random(3), 200)[0], least_probability=0.5)
    for weight, probability, told in zip(found["match_weight"], found["match_probability"], found["explanation"], strict=True):
        explanation = json.loads(told)
        assert set(explanation) == {"prior", *identity_review.COMPARED}
        assert sum(explanation.values()) == pytest.approx(weight, abs=0.05)
        assert probability == pytest.approx(1 / (1 + 2**-weight), abs=1e-6)


def test_the_same_customers_in_any_order_give_the_same_proposals() -> None:
    customers, _ = people(Random(5), 150)
    shuffled = identity_review.propose(customers.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(identity_review.propose(customers), shuffled)


def test_customers_of_whom_little_is_known_are_no_pairs() -> None:
    nameless = pd.DataFrame({"customer_key": [f"k{number}" for number in range(30)]})
    for column in ("full_name", "company_name", "email_key", "phone_key", "country", "birth_year"):
        nameless[column] = None
    assert identity_review.propose(nameless).empty


def test_too_few_customers_give_no_proposals() -> None:
    assert list(identity_review.propose(people(Random(1), 5)[0]).columns) == list(identity_review.PROPOSED)
