"""What a CRM has on its calendar and in its lists of tasks counts once it took place: patterns of series, open tasks, meetings that were
called off and calls that nobody answered are records, too.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from examples.fakes.hubspot import HubspotAccount
from examples.fakes.vendor import serving
from orchestration.configuration.sources import HubspotSource
from orchestration.sources.hubspot.activities import email_event, engagement
from orchestration.sources.salesforce import rows
from orchestration.sources.salesforce.columns import flattened
from tests.fakes.hubspot import small_account
from tests.orchestration.sources.nights import Nights, without_waiting

MEETING = {"Id": "00U1", "WhoId": "003A", "CreatedDate": "2026-01-01T10:00:00Z", "StartDateTime": "2026-01-02T09:00:00Z"}
TASK = {"Id": "00T1", "WhoId": "003A", "CreatedDate": "2026-01-01T10:00:00Z", "TaskSubtype": "Call"}


def _columns(fields: tuple[str, ...], record: dict[str, Any]) -> pa.RecordBatch:
    (told,) = flattened(fields)(record)
    texts = {
        name: value if value is None else str(value).lower() if isinstance(value, bool) else str(value) for name, value in told.items()
    }
    return pa.RecordBatch.from_pylist([texts], schema=pa.schema([(name, pa.string()) for name in fields]))


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ({}, 1),
        ({"IsRecurrence": False, "GroupEventType": "0"}, 1),
        ({"GroupEventType": "1"}, 1),  # with several people
        ({"IsRecurrence": True}, 0),  # the pattern of a series of Salesforce Classic; each of its meetings is a record of its own
        ({"GroupEventType": "3"}, 0),  # that of Lightning Experience
    ],
)
def test_the_pattern_of_a_series_is_no_meeting_of_its_own(said: dict[str, Any], count: int) -> None:
    (told,) = rows.event(("003",), _columns(rows.EVENT, MEETING | said))
    assert told.num_rows == count


@pytest.mark.parametrize(
    ("said", "count"), [({}, 1), ({"IsClosed": True}, 1), ({"IsClosed": False}, 0), ({"IsClosed": True, "IsRecurrence": True}, 0)]
)
def test_a_task_that_is_still_to_be_done_is_no_call(said: dict[str, Any], count: int) -> None:
    (told,) = rows.task(("003",), _columns(rows.TASK, TASK | said))
    assert told.num_rows == count


@pytest.mark.parametrize(
    ("kind", "said", "count"),
    [
        ("meetings", {}, 1),
        ("meetings", {"hs_meeting_outcome": "SCHEDULED"}, 1),  # hardly anybody says afterwards that it took place
        ("meetings", {"hs_meeting_outcome": "COMPLETED"}, 1),
        ("meetings", {"hs_meeting_outcome": "RESCHEDULED"}, 1),  # at its new time
        *(("meetings", {"hs_meeting_outcome": told}, 0) for told in ("CANCELED", "NO_SHOW")),
        ("calls", {}, 1),
        ("calls", {"hs_call_status": "COMPLETED"}, 1),
        *(("calls", {"hs_call_status": told}, 0) for told in ("NO_ANSWER", "BUSY", "FAILED", "CANCELED", "MISSED", "QUEUED")),
        ("emails", {"hs_email_status": "SENT"}, 1),
        ("emails", {"hs_email_status": "BOUNCED"}, 1),
        *(("emails", {"hs_email_status": told}, 0) for told in ("FAILED", "SCHEDULED", "SENDING")),
    ],
)
def test_what_did_not_take_place_is_no_interaction(kind: str, said: dict[str, str], count: int) -> None:
    one = {
        "id": "9",
        "properties": {"hs_timestamp": "2026-01-02T09:00:00Z", **said},
        "associations": {"contacts": {"results": [{"id": 1}]}},
    }
    assert len(list(engagement(one, kind))) == count


@pytest.mark.parametrize(
    ("kind", "count"),
    [("OPEN", 0), ("CLICK", 0), ("DELIVERED", 1), ("SPAMREPORT", 1), ("STATUSCHANGE", 1)],
)
def test_opens_that_hubspot_leaves_out_of_its_own_numbers_are_nobodys(kind: str, count: int) -> None:
    """By filters of the account: colleagues and bots. Whoever unsubscribes does so wherever they are."""
    event = {"id": "e", "type": kind, "recipient": "Ann@example.org", "created": 1, "portalSubscriptionStatus": "UNSUBSCRIBED"}
    assert len(list(email_event({**event, "filteredEvent": True}, {"ann@example.org": "1"}))) == count
    assert len(list(email_event({**event, "filteredEvent": False}, {"ann@example.org": "1"}))) == 1


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubspotAccount]:
    with without_waiting(monkeypatch), serving(small_account()) as vendor:
        assert isinstance(vendor, HubspotAccount)
        yield vendor


def test_a_meeting_that_is_called_off_leaves_the_next_night(account: HubspotAccount, tmp_path: Path) -> None:
    account.put("meetings", "77", hs_timestamp="2026-01-02T09:00:00Z", hs_meeting_outcome="SCHEDULED", links={"contacts": ["1"]})
    settings = HubspotSource(type="hubspot", token="${KEY}", base_url=account.url)
    nights = Nights(tmp_path, settings.model_copy(update={"token": account.token}))
    nights.night("crm_interactions")
    assert "meetings:77" in nights.rows("crm_interactions")
    account.clock += 60_000
    account.put("meetings", "77", hs_meeting_outcome="CANCELED")
    nights.night("crm_interactions")
    assert "meetings:77" not in nights.rows("crm_interactions")


def test_events_of_addresses_that_no_contact_has_are_left_out_and_said(account: HubspotAccount, tmp_path: Path) -> None:
    settings = HubspotSource(type="hubspot", token="${KEY}", base_url=account.url)
    nights = Nights(tmp_path, settings.model_copy(update={"token": account.token}))
    said = "email_events of addresses that no contact has are left out: nobody can be told from them"
    assert said not in nights.night("crm_interactions")["crm_interactions"].warnings
    account.events.append({"id": "e9", "created": account.clock, "type": "OPEN", "recipient": "gone@example.org"})
    assert said in nights.night("crm_interactions")["crm_interactions"].warnings
