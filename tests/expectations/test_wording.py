"""Every expectation is a sentence a person reads, wherever it is told."""

import pytest

from expectations.wording import in_words


@pytest.mark.parametrize(
    ("expectation", "words"),
    [
        ("ColumnValuesToNotBeNull(order_id)", "order_id is there"),
        ("CompoundColumnsToBeUnique(month, dimension)", "month, dimension together are unique"),
        ("ColumnPairValuesAToBeGreaterThanB(ended_at, started_at)", "ended_at is not below started_at"),
        ("TableColumnsToMatchSet()", "there are no other columns"),
        ("ColumnValuesToBeBetween(share)", "few rows stepped aside"),
        ("", "nothing is asked"),
        ("opening plus movements is closing", "opening plus movements is closing"),
    ],
)
def test_an_expectation_is_a_sentence(expectation: str, words: str) -> None:
    assert in_words(expectation) == words
