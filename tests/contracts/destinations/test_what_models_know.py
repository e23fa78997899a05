"""What SQL and gates say of a destination is what its class says: on which channels consent is needed, and who is known by address."""

import ast
import re
from pathlib import Path

from expectations.suites.sync import BY_EMAIL, MARKETING
from orchestration.destinations import DESTINATIONS

MACROS = (Path(__file__).parents[3] / "dbt_project" / "macros" / "activation" / "sendable.sql").read_text(encoding="utf-8")


def returned(macro, pattern):
    """The literal that a macro decides by."""
    body = re.search(rf"macro {macro}\(destination\).*?endmacro", MACROS, flags=re.S)[0]
    return ast.literal_eval(re.search(pattern, body, flags=re.S)[1])


def test_who_sends_marketing_needs_consent_on_the_same_channels_everywhere():
    told = {kind: list(destination.channels) for kind, destination in DESTINATIONS.items() if destination.channels}
    assert returned("marketing_channels", r"return\((\{.*?\})") == told
    assert set(MARKETING) == set(told)


def test_who_is_known_by_address_gets_addresses_and_nobody_else(kind, destination):
    assert destination.needs_email == (kind in BY_EMAIL)
    assert set(returned("writes_to_email", r"destination in (\(.*?\))")) == set(BY_EMAIL)
