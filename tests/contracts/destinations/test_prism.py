"""What destinations ask passes Prism, which holds it against the vendors' own documents: paths, headers, credentials, bodies.

`RAPPORT_VENDOR_DOCUMENTS` names a folder with documents that start in Prism, named as below (some vendors state no licence by which they
could come along), and `prism` of @stoplight/prism-cli is on the PATH. Prism takes any body of `application/vnd.api+json`: Klaviyo's is held
against its schema in test_marketing_vendors.
"""

import os
import shutil
import socket
import subprocess
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from orchestration.destinations import DestinationError, make
from tests.fakes.destinations import VENDORS
from tests.orchestration.destinations.conftest import batch_of, cleared

DOCUMENTS, PRISM = os.environ.get("RAPPORT_VENDOR_DOCUMENTS", ""), shutil.which("prism")
pytestmark = pytest.mark.skipif(
    not (DOCUMENTS and PRISM), reason="needs RAPPORT_VENDOR_DOCUMENTS (a folder with vendors' OpenAPI documents) and prism on the PATH"
)
KINDS = {"nps": "number", "vip": "boolean", "seen": "time", "as_of": "date", "reasons": "list", "plan": "text", "customer_key": "text"}
FIELDS = {"vip": True, "seen": "2026-01-31T10:00:00Z", "as_of": "2026-01-31", "reasons": ["a", "b"], "plan": None, "customer_key": "k"}


def _properties(destination):
    destination.prepare(KINDS)


def _records(destination):
    destination.kinds = KINDS
    batch = batch_of(3, **FIELDS)
    destination.send(batch)
    destination.send(cleared("c1", remote_id="1", email="c1@example.com"))
    destination.find(["k"])
    if destination.reading:
        destination.held("scores", batch.records)


@contextmanager
def _prism(document, log):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        log.open("w") as told,
        subprocess.Popen([PRISM, "mock", "-h", "127.0.0.1", "-p", str(port), str(document)], stdout=told, stderr=told) as process,
    ):
        try:
            yield _listening(port, process, log)
        finally:
            process.terminate()


def _listening(port, process, log):
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return f"http://127.0.0.1:{port}"
    raise AssertionError(f"Prism does not start: {log.read_text()[-2_000:]}")


@pytest.mark.parametrize(
    ("kind", "options", "document", "ask", "used"),
    [
        ("hubspot", {}, "hubspot_properties_v3.json", _properties, {"/properties/contacts"}),
        ("hubspot", {}, "hubspot_contacts_v3.json", _records, {"/batch/upsert", "/batch/update", "/batch/read", "/search"}),
        ("hubspot", {"mode": "update_only"}, "hubspot_contacts_v3.json", _records, {"/batch/update", "/batch/read", "/search"}),
        ("hubspot", {"api_version": "2026-09"}, "hubspot_contacts_2026-09.json", _records, {"/batch/upsert", "/batch/read", "/search"}),
        ("klaviyo", {}, "klaviyo_subset.json", _records, {"/api/profile-bulk-import-jobs", "/api/profiles"}),
        ("customerio", {}, "customerio_track.json", _records, {"/api/v2/batch"}),
    ],
)
def test_prism_finds_nothing_wrong_with_what_is_asked(tmp_path, kind, options, document, ask, used):
    seen = []
    with _prism(Path(DOCUMENTS) / document, tmp_path / "prism.log") as url:
        usual = {"name": "v", **VENDORS[kind].options, "base_url": url, "sleep": lambda _: None}
        with closing(make(kind, **{**usual, **options})) as destination:
            for caller in (destination.caller, *(one.caller for one in [getattr(destination, "_profiles", None)] if one)):
                caller._client.event_hooks = {"response": [lambda told: seen.append((told.request.url.path, told.status_code))]}
            with suppress(DestinationError):  # what Prism makes up names none of the properties that were made
                ask(destination)
    assert [one for one in seen if one[1] >= 400] == []
    assert {name for name in used if any(path.endswith(name) for path, _ in seen)} == used
