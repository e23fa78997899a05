"""A Salesforce organisation on loopback: queries of one object with a stamp, in pages; tokens for a connected app."""

import csv
import io
import re
from typing import Any

from examples.fakes.vendor import Content, RefusalError, Vendor

LARGEST_PAGE = 2


class SalesforceOrg(Vendor):
    """`put` makes or changes a record; a deleted one stays, as in the recycle bin. `clock` is the stamp of changes."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, dict[str, dict[str, Any]]] = {}
        self.clock = "2026-01-01T10:00:00.000+0000"
        self.queries: list[str] = []
        self.jobs: list[tuple[str, int]] = []  # query, how often its state was asked
        self.found: list[tuple[list[str], list[dict[str, Any]]]] = []  # by each job: what it finds stays as it was
        self.takes_jobs = True
        self.types: dict[str, str] = {}  # field of a contact → its type, where that is no text
        self.describes = True

    def put(self, kind: str, identifier: str, **fields: Any) -> None:
        known = self.records.setdefault(kind, {}).get(identifier, {"CreatedDate": self.clock, "IsDeleted": False})
        self.records[kind][identifier] = {**known, **fields, "Id": identifier, "SystemModstamp": self.clock}

    def is_known(self, authorization: str) -> bool:
        return super().is_known(authorization) or authorization == ""

    def answer(self, method: str, path: str, params: dict[str, str], body: Any) -> Any:
        if path == "/services/oauth2/token":
            if body != {"grant_type": "client_credentials", "client_id": "app", "client_secret": "hush"}:
                raise RefusalError(401, {"error": "invalid_client"})
            return {"access_token": self.token}
        if "/jobs/query" in path:
            return self._job(method, path.partition("/jobs/query")[2], params, body)
        if path.endswith("/sobjects/Contact/describe"):
            if not self.describes:
                raise RefusalError(404, [{"errorCode": "NOT_FOUND"}])
            names = {name for one in self.records.get("Contact", {}).values() for name in one}
            return {"name": "Contact", "fields": [{"name": name, "type": self.types.get(name, "string")} for name in sorted(names)]}
        *_, name = path.split("/")
        if name.startswith("page-"):
            return self._page(self.queries[int(name.split("-")[1])], int(name.split("-")[2]))
        self.queries.append(params["q"])
        return self._page(params["q"], 0)

    def _job(self, method: str, path: str, params: dict[str, str], body: Any) -> Any:
        """A job is in progress the first time that its state is asked."""
        if not self.takes_jobs:
            raise RefusalError(403, [{"errorCode": "API_DISABLED_FOR_ORG"}])
        if method == "POST":
            assert body["operation"] == "queryAll"
            assert "ORDER BY" not in body["query"]
            self.jobs.append((body["query"], 0))
            self.found.append(self._found(body["query"]))
            return {"id": f"750{len(self.jobs) - 1}", "state": "UploadComplete"}
        number, _, what = path.removeprefix("/750").partition("/")
        query, asked = self.jobs[int(number)]
        if not what:
            self.jobs[int(number)] = (query, asked + 1)
            return {"id": f"750{number}", "state": "JobComplete" if asked else "InProgress"}
        start = int(params.get("locator", 0))
        fields, found = self.found[int(number)]
        told = found[start : start + LARGEST_PAGE]
        target = io.StringIO()
        csv.writer(target, lineterminator="\n").writerows([fields, *([_cell(one, field) for field in fields] for one in told)])
        more = str(start + LARGEST_PAGE) if start + LARGEST_PAGE < len(found) else "null"
        return Content(target.getvalue().encode(), {"sforce-locator": more, "sforce-numberofrecords": str(len(told))})

    def _page(self, query: str, start: int) -> dict[str, Any]:
        fields, found = self._found(query)
        end = start + LARGEST_PAGE
        more = {"nextRecordsUrl": f"/services/data/v62.0/query/page-{len(self.queries) - 1}-{end}"} if end < len(found) else {}
        told = [{field.split(".")[0]: one.get(field.split(".")[0]) for field in fields} for one in found[start:end]]
        return {"totalSize": len(found), "done": not more, "records": told, **more}

    def _found(self, query: str) -> tuple[list[str], list[dict[str, Any]]]:
        """Fields and records."""
        match = re.match(
            r"SELECT (.*?) FROM (\w+)(?: WHERE SystemModstamp >= (\S+))?(?: ORDER BY SystemModstamp, Id)?(?: LIMIT 1)?$", query
        )
        assert match, query
        fields, kind, since = match.groups()
        found = sorted(self.records.get(kind, {}).values(), key=lambda one: (one["SystemModstamp"], one["Id"]))
        found = [one for one in found if since is None or one["SystemModstamp"] >= since.removesuffix("Z")]
        return fields.split(", "), found


def _cell(one: dict[str, Any], field: str) -> str:
    value: Any = one
    for step in field.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def small_account() -> SalesforceOrg:
    """Three contacts: one of an account, one opted out, one merged into the first; a call, a meeting, a case, a campaign."""
    org = SalesforceOrg()
    account = {"Name": "Acme", "Industry": "Software", "NumberOfEmployees": 120}
    org.put("Contact", "003A", Name="Ann", Email="ann@example.org", Account=account, Owner={"Name": "Olga"})
    org.put("Contact", "003B", Name="Bo", Email="bo@example.org", HasOptedOutOfEmail=True, DoNotCall=True)
    org.put("Contact", "003C", Name="Ann A", IsDeleted=True, MasterRecordId="003A")
    org.put("Task", "00T1", WhoId="003A", TaskSubtype="Call")
    org.put("Task", "00T2", WhoId="00Q1", TaskSubtype="Email")
    org.put("Event", "00U1", WhoId="003B", StartDateTime="2026-01-02T09:00:00.000+0000")
    org.put("Case", "5001", ContactId="003B", Subject="Broken", Status="Closed", ClosedDate="2026-01-03T09:00:00.000+0000")
    org.put("CampaignMember", "00v1", CampaignId="7011", ContactId="003A", Campaign={"Type": "Email"}, HasResponded=False)
    org.put("CampaignMember", "00v2", CampaignId="7012", ContactId="003B", Campaign={"Type": "Other"}, HasResponded=True)
    org.put("Campaign", "7011", Name="Spring", Type="Email", StartDate="2026-02-01")
    return org
