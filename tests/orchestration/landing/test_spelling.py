"""Phone numbers as text in which the code of the country is told from the rest."""

import pytest

from orchestration.landing.spelling import international


@pytest.mark.parametrize(
    ("key", "told"),
    [("+491705551234", "+49 1705551234"), ("+12125550187", "+1 2125550187"), ("+35312345678", "+353 12345678"), ("5551234", "5551234")],
)
def test_the_code_of_the_country_stands_apart(key: str, told: str) -> None:
    assert international(key) == told
