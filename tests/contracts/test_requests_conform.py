"""What connectors ask is what their vendors' own documents describe: operations, names and types of parameters, bodies. So is what the
stand-ins of HubSpot and Stripe answer, as far as they answer it: `tests/fakes/vendor_answers.json` holds the names and types of those
documents, and what must be there of HubSpot's. That HubSpot tells null of a property that is empty is in none.

`tests/fakes/vendor_requests.json` holds of those documents the operations that connectors use, and what a request of them may hold: of
HubSpot's public API collection (v3 and v4), Stripe's OpenAPI of 2021-12-23 (nothing that is asked has changed since), SurveyMonkey's
public_api_docs (of GitHub), Zendesk's reference (third-party OpenAPI made of it, and its guides to paging and to exports), Qualtrics'
surveys (third-party OpenAPI) and others. Of exports of Qualtrics we have no document.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from examples.fakes.vendor import Vendor
from orchestration.sources.salesforce import org
from tests.fakes.accounts import ACCOUNTS
from tests.orchestration.sources.nights import Nights, without_waiting

_FAKES = Path(__file__).parents[1] / "fakes"
DOCUMENTED = json.loads((_FAKES / "vendor_requests.json").read_text())
ANSWERS = json.loads((_FAKES / "vendor_answers.json").read_text())
HOUR = 3_600_000
# Asked, but in no document that we have.
UNDOCUMENTED = {
    "hubspot": (
        "/crm/v3/objects/emails",
        "/crm/v3/objects/calls",
        "/crm/v3/objects/meetings",
        "/email/public/v1/",
        "/communication-preferences/",
    ),
    "stripe": ("/v1/invoice_payments",),  # came with the version of 2025-03-31
    "typeform": ("/forms/form1/responses",),
    "qualtrics": ("/API/v3/surveys/SV_1/export-responses", "/API/v3/whoami"),
    "salesforce": ("/services/data/v62.0/query",),
    "zendesk": ("/api/v2/guide/survey_responses",),
}
Request = tuple[str, str, dict[str, str], Any, Any]  # and its answer


@contextmanager
def _recorded(vendor: Vendor) -> Iterator[list[Request]]:
    heard: list[Request] = []
    taken = vendor.taken

    def recording(method: str, path: str, params: dict[str, str], body: Any, authorization: str) -> tuple[int, Any]:
        status, told = taken(method, path, params, body, authorization)
        heard.append((method, path, params, body, told if status == 200 else None))
        return status, told

    vendor.taken = recording  # type: ignore[method-assign]
    yield heard


def _change(kind: str, vendor: Any) -> None:
    """Something of every kind that a later night asks for otherwise than the first one."""
    if kind == "hubspot":
        vendor.clock += 24 * HOUR
        vendor.put("companies", "50", industry="BANKING")
        vendor.put("contacts", "2", phone="1", hs_email_optout="true")
        vendor.put("tickets", "21", subject="Slower")
        vendor.put("feedback_submissions", "30", hs_value="8")
        vendor.events.append({"id": "e9", "created": vendor.clock, "type": "OPEN", "recipient": "new@example.org"})
    elif kind == "stripe":
        vendor.clock += 3600
        for what, identifier in (
            ("customer", "cus_1"),
            ("subscription", "sub_1"),
            ("invoice", "in_1"),
            ("charge", "ch_1"),
            ("refund", "re_1"),
        ):
            vendor.put(what, identifier, description="changed")
        vendor.put("dispute", "dp_1", status="won")
        vendor.put("credit_note", "cn_1", customer="cus_1", invoice="in_1", amount=100, currency="usd")


@pytest.fixture(params=list(DOCUMENTED))
def heard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[str, list[Request]]:
    """Kind of vendor, and what it was asked in two nights."""
    monkeypatch.setattr(org, "MOST_BY_REST", 0)
    with without_waiting(monkeypatch), ACCOUNTS[request.param]() as account, _recorded(account.vendor) as requests:
        nights = Nights(tmp_path, account.settings)
        nights.night()
        _change(request.param, account.vendor)
        assert {load.error for load in nights.night().values()} == {None}
    return request.param, requests


def test_every_request_and_answer_is_one_that_the_documents_describe(heard: tuple[str, list[Request]]) -> None:
    kind, requests = heard
    operations = {re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(name)): name for name in DOCUMENTED[kind]}
    used, answered = set(), set()
    for method, path, params, body, told in requests:
        name = next((name for pattern, name in operations.items() if re.fullmatch(pattern, f"{method} {path}")), None)
        if name is None:
            assert path.startswith(UNDOCUMENTED.get(kind, ())), f"{method} {path} is in no document"
            continue
        used.add(name)
        _check(DOCUMENTED[kind][name], params, body, f"{method} {path}")
        if told is not None and name in ANSWERS.get(kind, {}):
            answered.add(name)
            jsonschema.Draft7Validator(ANSWERS[kind][name]).validate(told)
    assert used == set(DOCUMENTED[kind]), "what is documented here and never asked shows nothing"
    assert answered == set(ANSWERS.get(kind, {})) <= used, "what is documented here and never answered shows nothing"


def _check(operation: dict[str, Any], params: dict[str, str], body: Any, what: str) -> None:
    told: dict[str, Any] = {}
    for name, value in params.items():
        base, _, inner = name.partition("[")
        assert base in operation["query"], f"{what}: there is no parameter {name}"
        schema = operation["query"][base]["schema"]
        told[base] = [value] if inner == "]" else {inner.rstrip("]"): int(value)} if inner else _as_typed(value, schema)
        jsonschema.Draft7Validator(schema).validate(told[base])
    missing = {name for name, parameter in operation["query"].items() if parameter["required"]} - told.keys()
    assert not missing, f"{what}: {missing} are required"
    if body is not None:
        jsonschema.Draft7Validator(operation["body"]).validate(body)


def _as_typed(value: str, schema: dict[str, Any]) -> Any:
    """A value of a query string as what it stands for."""
    match schema.get("type"):
        case "integer":
            return int(value)
        case "boolean":
            return {"true": True, "false": False}[value]
        case "array":
            return value.split(",")
    return int(value) if value.isdigit() and "anyOf" in schema else value
