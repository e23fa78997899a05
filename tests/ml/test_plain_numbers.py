"""Numbers in sentences are written as people write them."""

from __future__ import annotations

import numpy as np

from ml.plain_numbers import measured, money


def test_what_was_measured_has_three_digits_and_may_be_a_year():
    numbers = measured(np.array([0, 1984, 161324.4, -1234567, 0.12345, 3.5, 9999, 10000, np.nan, 123456789012345]))
    assert numbers.to_pylist() == ["0", "1984", "161,324", "-1,234,567", "0.123", "3.5", "9999", "10,000", "0", "123,456,789,012,345"]


def test_money_is_whole_from_a_hundred_on():
    numbers = money(np.array([0, 8, -0.5, 12.346, 99.99, 118172.19, -7072.41, 1e6]))
    assert numbers.to_pylist() == ["0", "8", "-0.5", "12.35", "99.99", "118,172", "-7,072", "1,000,000"]
