"""One small account of every vendor, with the settings that open it, for tests that ask all sources the same."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from examples.fakes.vendor import Vendor, serving
from orchestration.configuration.sources import (
    HubspotSource,
    QualtricsSource,
    SalesforceSource,
    SqlSource,
    StripeSource,
    SurveymonkeySource,
    TypeformSource,
    ZendeskSource,
)
from tests.fakes.hubspot import small_account as hubspot_account
from tests.fakes.qualtrics import small_account as qualtrics_account
from tests.fakes.salesforce import small_account as salesforce_org
from tests.fakes.stripe import small_account as stripe_account
from tests.fakes.surveymonkey import small_account as surveymonkey_account
from tests.fakes.typeform import small_account as typeform_account
from tests.fakes.zendesk import small_account as zendesk_account

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


@contextmanager
def _hubspot() -> Iterator[Account]:
    with serving(hubspot_account()) as vendor:
        settings = HubspotSource(type="hubspot", token="${KEY}", base_url=vendor.url, properties={"tier": "membership_tier"})
        opened, refused = _opened(settings, token=vendor.token), _opened(settings, token=WRONG)
        yield Account(vendor, opened, refused, table="crm_interactions", rows=6, absent="billing_payments")


@contextmanager
def _qualtrics() -> Iterator[Account]:
    with serving(qualtrics_account()) as vendor:
        surveys = [{"id": "SV_1", "questions": {"QID1": "nps", "QID2": "csat"}, "comments": {"QID1": "QID3_TEXT"}}]
        settings = QualtricsSource(type="qualtrics", data_center="fra1", api_token="${KEY}", base_url=vendor.url, surveys=surveys)
        opened, refused = _opened(settings, api_token=vendor.token), _opened(settings, api_token=WRONG)
        yield Account(vendor, opened, refused, table="survey_responses", rows=4, absent="crm_customers")


@contextmanager
def _salesforce() -> Iterator[Account]:
    with serving(salesforce_org()) as vendor:
        settings = SalesforceSource(
            type="salesforce", instance_url="https://acme.my.salesforce.com", access_token="${KEY}", base_url=vendor.url
        )
        opened, refused = _opened(settings, access_token=vendor.token), _opened(settings, access_token=WRONG)
        yield Account(vendor, opened, refused, table="crm_customers", rows=3, absent="billing_payments")


@contextmanager
def _surveymonkey() -> Iterator[Account]:
    with serving(surveymonkey_account()) as vendor:
        surveys = [{"id": "77", "questions": {"1": "nps", "2": "csat"}, "comments": {"1": "3"}}]
        settings = SurveymonkeySource(type="surveymonkey", token="${KEY}", base_url=vendor.url, surveys=surveys)
        opened, refused = _opened(settings, token=vendor.token), _opened(settings, token=WRONG)
        yield Account(vendor, opened, refused, table="survey_responses", rows=3, absent="crm_customers")


@contextmanager
def _typeform() -> Iterator[Account]:
    with serving(typeform_account()) as vendor:
        forms = [{"id": "form1", "questions": {"recommend": "nps", "service": "csat"}}]
        settings = TypeformSource(type="typeform", token="${KEY}", base_url=vendor.url, forms=forms)
        opened, refused = _opened(settings, token=vendor.token), _opened(settings, token=WRONG)
        yield Account(vendor, opened, refused, table="survey_responses", rows=4, absent="crm_customers")


@contextmanager
def _zendesk() -> Iterator[Account]:
    with serving(zendesk_account()) as vendor:
        settings = ZendeskSource(type="zendesk", subdomain="acme", email=vendor.email, api_token="${KEY}", base_url=vendor.url)
        opened, refused = _opened(settings, api_token=vendor.token), _opened(settings, api_token=WRONG)
        yield Account(vendor, opened, refused, table="crm_tickets", rows=2, absent="billing_payments")


SHOP = """
CREATE TABLE people (id INTEGER PRIMARY KEY, joined TEXT, changed TEXT, mail TEXT, secret TEXT);
INSERT INTO people VALUES (1, '2026-01-01T10:00:00Z', '2026-01-02T10:00:00Z', 'ann@example.org', 's3'),
    (2, '2026-01-01T10:00:00Z', '2026-01-03T10:00:00Z', 'bo@example.org', NULL), (3, '2026-01-01T10:00:00Z', NULL, NULL, NULL);
"""


@contextmanager
def _sql() -> Iterator[Account]:
    """A database in a file; there is nobody who could refuse, so what is refused is a file that is not there."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "shop.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(SHOP)
        columns = {"customer_id": "id", "created_at": "joined", "updated_at": "changed", "email": "mail"}
        tables = {"crm_customers": {"table": "people", "columns": columns, "cursor": "changed"}}
        settings = SqlSource(type="sql", url="${KEY}", tables=tables)
        opened, refused = _opened(settings, url=f"sqlite:///{path}"), _opened(settings, url=f"sqlite:///{folder}/nowhere/shop.db")
        yield Account(Vendor(), opened, refused, table="crm_customers", rows=3, absent="billing_payments")


ACCOUNTS: dict[str, Callable[[], AbstractContextManager[Account]]] = {
    "hubspot": _hubspot,
    "qualtrics": _qualtrics,
    "salesforce": _salesforce,
    "sql": _sql,
    "stripe": _stripe,
    "surveymonkey": _surveymonkey,
    "typeform": _typeform,
    "zendesk": _zendesk,
}
