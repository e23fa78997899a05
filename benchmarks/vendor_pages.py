"""Large accounts of every vendor, made as they are asked for: what `benchmarks.sources` reads. No account is held in memory."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Answer = Any  # JSON, or (content, headers)
Pages = Callable[[str, dict[str, str], int], Answer]
NOW = "2026-01-01T10:00:00Z"
_CHARGE = {
    "object": "charge",
    "currency": "usd",
    "status": "succeeded",
    "captured": True,
    "livemode": False,
    "invoice": None,
    "metadata": {},
}
_CHARGE |= {"billing_details": {"address": {"city": None, "country": "DE"}, "name": "Ann"}, "outcome": {"type": "authorized"}}


def _span(start: int, size: int, rows: int) -> range:
    return range(start + 1, min(start + size, rows) + 1)


def stripe(path: str, asked: dict[str, str], rows: int) -> Answer:
    """Charges by hundreds."""
    start = int(asked.get("starting_after", "ch_0").removeprefix("ch_"))
    ids = _span(start, int(asked.get("limit", 10)), rows) if path == "/v1/charges" else range(0)
    data = [{**_CHARGE, "id": f"ch_{n}", "customer": f"cus_{n % 1000}", "amount": n, "created": 1_700_000_000 + n} for n in ids]
    return {"object": "list", "data": data, "has_more": bool(data) and ids[-1] < rows}


def hubspot(path: str, asked: dict[str, str], rows: int) -> Answer:
    """Contacts by fifties, with the history of a property."""
    if path != "/crm/v3/objects/contacts" or asked.get("archived") == "true":
        return {"results": []}
    start, size = int(asked.get("after", 0)), int(asked["limit"])
    names = asked.get("properties", "").split(",")
    told = {**dict.fromkeys(names), "createdate": NOW, "lastmodifieddate": NOW, "firstname": "Ann", "lastname": "Archer", "country": "DE"}
    shared = {"createdAt": NOW, "updatedAt": NOW, "archived": False, "propertiesWithHistory": {"hs_email_optout": []}}
    found = [{**shared, "id": str(n), "properties": {**told, "email": f"{n}@example.org"}} for n in _span(start, size, rows)]
    return {"results": found, **({"paging": {"next": {"after": str(start + size)}}} if start + size < rows else {})}


def salesforce(path: str, asked: dict[str, str], rows: int) -> Answer:
    """Contacts by a job, fifty thousand a page."""
    if path.endswith("/jobs/query"):
        return {"id": "7501", "state": "UploadComplete"}
    if path.endswith("/7501"):
        return {"state": "JobComplete"}
    if not path.endswith("/results"):
        return {"totalSize": rows, "done": False, "records": [], "nextRecordsUrl": "/unused"}
    start, size, target = int(asked.get("locator", 0)), int(asked["maxRecords"]), io.StringIO()
    names = ["Id", "CreatedDate", "SystemModstamp", "IsDeleted", "MasterRecordId", "Name", "Email", "Account.Name", "Owner.Name"]
    lines = ([f"003{n}", NOW, NOW, "false", "", "Ann Archer", f"{n}@example.org", "Acme", "Olga"] for n in _span(start, size, rows))
    csv.writer(target).writerows([names, *lines])
    count = len(_span(start, size, rows))
    return target.getvalue().encode(), {
        "sforce-locator": str(start + size) if start + size < rows else "null",
        "sforce-numberofrecords": str(count),
    }


def typeform(path: str, asked: dict[str, str], rows: int) -> Answer:
    """Responses by thousands."""
    if not path.endswith("/responses"):
        return {"settings": {}, "fields": [{"id": "q", "ref": "q", "type": "nps"}]}
    answer = {"field": {"ref": "q", "id": "q"}, "type": "number", "number": 9}
    ids = _span(int(asked.get("before", 0)), int(asked["page_size"]), rows)
    shared = {"landed_at": NOW, "submitted_at": NOW, "answers": [answer], "metadata": {"user_agent": "Mozilla/5.0"}}
    return {"total_items": rows, "items": [{**shared, "token": str(n), "hidden": {"customer_id": f"C{n}"}} for n in ids]}


def qualtrics(path: str, _: dict[str, str], rows: int) -> Answer:
    """All responses in one zip."""
    if not path.endswith("/file"):
        return {"result": {"progressId": "1", "status": "complete", "fileId": "1"}}
    told = {"recordedDate": NOW, "finished": 1, "status": 0, "QID1": 9}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        responses = [{"responseId": f"R_{n}", "values": {**told, "externalDataReference": f"C{n}"}} for n in range(rows)]
        file.writestr("survey.json", json.dumps({"responses": responses}))
    return packed.getvalue(), {}


def surveymonkey(path: str, asked: dict[str, str], rows: int) -> Answer:
    """Responses by hundreds."""
    if not path.endswith("/bulk"):
        choices = [{"id": f"n{n}", "text": str(n)} for n in range(11)]
        return {"id": "1", "pages": [{"questions": [{"id": "1", "answers": {"choices": choices}}]}]}
    page, size = int(asked.get("page", 1)), int(asked["per_page"])
    told = {"response_status": "completed", "date_modified": NOW, "pages": [{"questions": [{"id": "1", "answers": [{"choice_id": "n9"}]}]}]}
    data = [{**told, "id": str(n), "custom_variables": {"customer_id": f"C{n}"}} for n in _span((page - 1) * size, size, rows)]
    return {"data": data, "total": rows, "links": {"next": "more"} if page * size < rows else {}}


def zendesk(path: str, asked: dict[str, str], rows: int) -> Answer:
    """Tickets by thousands, with whoever wrote them and their metrics beside them."""
    if not path.endswith("/cursor"):
        return {"tickets": [], "users": []}
    start, size = int(asked.get("cursor", 0)), int(asked["per_page"])
    ids = _span(start, size, rows)
    shared = {"created_at": NOW, "updated_at": NOW, "status": "solved", "subject": "Slow", "description": "It is slow", "priority": "low"}
    tickets = [{**shared, "id": n, "requester_id": n % 5000} for n in ids]
    metrics = [{"id": n, "ticket_id": n, "solved_at": NOW, "reply_time_in_minutes": {"calendar": 9}} for n in ids]
    return {
        "tickets": tickets,
        "metric_sets": metrics,
        "users": [],
        "after_cursor": str(start + size),
        "end_of_stream": start + size >= rows,
    }


PAGES: dict[str, Pages] = {page.__name__: page for page in (hubspot, qualtrics, salesforce, stripe, surveymonkey, typeform, zendesk)}


def serve(kind: str, rows: int, told: Any) -> None:
    """Serve an account with `rows` records for ever; `told` is sent the port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version, wbufsize = "HTTP/1.1", -1
        disable_nagle_algorithm = True  # else the body of each answer waits 40 ms for an acknowledgement of its head

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            self.rfile.read(int(self.headers.get("content-length", 0)))
            answer = PAGES[kind](url.path, dict(parse_qsl(url.query, keep_blank_values=True)), rows)
            content, headers = answer if isinstance(answer, tuple) else (json.dumps(answer).encode(), {})
            self.send_response(200)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.send(server.server_port)
    server.serve_forever()
