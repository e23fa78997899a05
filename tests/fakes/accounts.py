"""One small account of every vendor, with the settings that open it, for tests that ask all sources the same."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from orchestration.source_settings import StripeSource
from tests.fakes.stripe import small_account as stripe_account
from tests.fakes.vendor import Vendor, serving

WRONG = "a-wrong-credential"


@dataclass
class Account:
    """`table` is one of which it gives `rows`, `absent` one that the vendor never has."""

    vendor: Vendor
    settings: Any
    refused_settings: Any
    table: str
    rows: int
    absent: str


def _opened(settings: Any, **credentials: str) -> Any:
    """The settings as work gets them, with credentials in the place of their references."""
    return settings.model_copy(update=credentials)


@contextmanager
def _stripe() -> Iterator[Account]:
    with serving(stripe_account()) as vendor:
        settings = StripeSource(type="stripe", api_key="${KEY}", base_url=vendor.url)
        yield Account(
            vendor,
            _opened(settings, api_key=vendor.token),
            _opened(settings, api_key=WRONG),
            table="billing_payments",
            rows=5,
            absent="crm_tickets",
        )


ACCOUNTS: dict[str, Callable[[], AbstractContextManager[Account]]] = {"stripe": _stripe}
