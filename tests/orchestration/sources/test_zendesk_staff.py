"""Whoever works for an account of Zendesk and writes a ticket there is no customer of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.fakes.vendor import RefusalError, serving
from orchestration.configuration.sources import ZendeskSource
from tests.fakes.zendesk import ZendeskAccount, small_account
from tests.orchestration.sources.nights import Nights, without_waiting


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[ZendeskAccount]:
    with without_waiting(monkeypatch), serving(small_account()) as vendor:
        assert isinstance(vendor, ZendeskAccount)
        for number, role in ((7, "end-user"), (8, "end-user"), (9, "agent")):
            vendor.users[number] = {"id": number, "name": "Somebody", "email": f"{number}@example.org", "role": role}
        vendor.put(4, requester_id=9, subject="Note to self")
        yield vendor


@pytest.fixture
def nights(desk: ZendeskAccount, tmp_path: Path) -> Nights:
    settings = ZendeskSource(type="zendesk", subdomain="acme", email=desk.email, api_token="${KEY}", base_url=desk.url)
    return Nights(tmp_path, settings.model_copy(update={"api_token": desk.token}))


@pytest.mark.parametrize("beside", [True, False])
@pytest.mark.parametrize("role", ["agent", "admin"])
def test_neither_they_nor_their_tickets_land_and_that_is_said(desk: ZendeskAccount, nights: Nights, role: str, beside: bool) -> None:
    desk.users[9]["role"], desk.tells_beside = role, beside
    loads = nights.night()
    assert (sorted(nights.rows("crm_customers")), sorted(nights.rows("crm_tickets"))) == (["7", "8"], ["1", "2"])
    assert any("1 ticket of agents left out" in line for load in loads.values() for line in load.warnings)


def test_a_ticket_that_somebody_of_ours_takes_over_leaves_and_comes_back(desk: ZendeskAccount, nights: Nights) -> None:
    nights.night()
    desk.put(2, requester_id=9)
    nights.night()
    assert sorted(nights.rows("crm_tickets")) == ["1"]
    desk.put(2, requester_id=8)
    nights.night()
    assert sorted(nights.rows("crm_tickets")) == ["1", "2"]


def test_what_is_nobody_beside_the_tickets_is_left_out_and_said(
    desk: ZendeskAccount, nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.tells_beside = True
    export = desk._export

    def spoilt(params: dict[str, str]) -> dict[str, object]:
        told = export(params)
        return {**told, "users": [None, *told["users"], {"role": "agent"}]}

    monkeypatch.setattr(desk, "_export", spoilt)
    loads = nights.night()
    assert {load.error for load in loads.values()} == {None}
    assert sorted(nights.rows("crm_tickets")) == ["1", "2"]
    assert any("users beside tickets" in line for load in loads.values() for line in load.warnings)


def test_where_users_may_not_be_read_tickets_land_all_the_same(
    desk: ZendeskAccount, nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = desk.answer

    def forbidding(method: str, path: str, params: dict[str, str], body: object) -> object:
        if path == "/api/v2/users/show_many":
            raise RefusalError(403, {"error": "Forbidden"})
        return answer(method, path, params, body)

    monkeypatch.setattr(desk, "answer", forbidding)
    loads = nights.night("crm_customers", "crm_tickets")
    assert ("403" in str(loads["crm_customers"].error), loads["crm_tickets"].error) == (True, None)
    assert sorted(nights.rows("crm_tickets")) == ["1", "2", "4"]
