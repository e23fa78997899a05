"""What destinations ask is what their vendors' own documents describe.

`tests/fakes/destination_requests.json` holds of those documents the operations that destinations use, with what the body of a request may
hold: of HubSpot's public API collection (contacts and properties of v3, contacts of 2026-09) and of Customer.io's Track API (the person of
a batch, which is all that is sent). What an object of HubSpot's does not name may not be in it. Klaviyo's is in test_marketing_vendors.
"""

import json
from pathlib import Path

import jsonschema
import pytest

from tests.orchestration.destinations.conftest import batch_of, cleared, sent

DOCUMENTED = json.loads((Path(__file__).parents[2] / "fakes" / "destination_requests.json").read_text())
KINDS = {"nps": "number", "vip": "boolean", "seen": "time", "as_of": "date", "reasons": "list", "plan": "text", "customer_key": "text"}
FIELDS = {"vip": True, "seen": "2026-01-31T10:00:00", "as_of": "2026-01-31", "reasons": ["a", "b"], "plan": None, "customer_key": "k"}
UNDOCUMENTED = ("/crm/properties/2026-09/contacts",)  # HubSpot publishes properties of v3 there


@pytest.mark.parametrize(
    ("document", "options"),
    [
        ("hubspot", {}),
        ("hubspot", {"mode": "update_only"}),
        ("hubspot", {"id_property": "hs_object_id"}),
        ("hubspot 2026-09", {"api_version": "2026-09"}),
        ("customerio", {}),
        ("customerio", {"mode": "update_only", "region": "eu"}),
    ],
)
def test_every_request_is_one_that_the_documents_describe(place, document, options):
    destination, vendor = place(document.partition(" ")[0], **options)
    destination.kinds = KINDS
    destination.preflight()
    destination.prepare(KINDS)
    batch = batch_of(3, **FIELDS)
    sent(destination, batch)
    sent(destination, cleared("c1", remote_id="1", email="c1@example.com"))
    destination.find(["k"])
    if destination.reading:
        destination.check_reading()
        destination.held("scores", batch.records)
    used = set()
    for request in vendor.requests:
        name = f"{request.method} {request.path}"
        if not request.path.startswith(UNDOCUMENTED):
            assert name in DOCUMENTED[document], f"{name} is in no document"
            used.add(name)
            if (schema := DOCUMENTED[document][name]) is not None:
                jsonschema.Draft7Validator(schema).validate(request.body)
    makes = not options.get("mode") and "id_property" not in options
    assert used == {name for name in DOCUMENTED[document] if makes or not name.endswith("upsert")}
