"""A Salesforce organisation on loopback: queries of one object with a stamp, in pages; tokens for a connected app."""

import re
from typing import Any

from examples.fakes.vendor import RefusalError, Vendor

LARGEST_PAGE = 2


class SalesforceOrg(Vendor):
    """`put` makes or changes a record; a deleted one stays, as in the recycle bin. `clock` is the stamp of changes."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, dict[str, dict[str, Any]]] = {}
        self.clock = "2026-01-01T10:00:00.000+0000"
        self.queries: list[str] = []

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
        *_, name = path.split("/")
        if name.startswith("page-"):
            return self._page(self.queries[int(name.split("-")[1])], int(name.split("-")[2]))
        self.queries.append(params["q"])
        return self._page(params["q"], 0)

    def _page(self, query: str, start: int) -> dict[str, Any]:
        match = re.match(
            r"SELECT (.*?) FROM (\w+)(?: WHERE SystemModstamp >= (\S+))?(?: ORDER BY SystemModstamp, Id)?(?: LIMIT 1)?$", query
        )
        assert match, query
        fields, kind, since = match.groups()
        found = sorted(self.records.get(kind, {}).values(), key=lambda one: (one["SystemModstamp"], one["Id"]))
        found = [one for one in found if since is None or one["SystemModstamp"] >= since.removesuffix("Z")]
        end = start + LARGEST_PAGE
        more = {"nextRecordsUrl": f"/services/data/v62.0/query/page-{len(self.queries) - 1}-{end}"} if end < len(found) else {}
        told = [{field.split(".")[0]: one.get(field.split(".")[0]) for field in fields.split(", ")} for one in found[start:end]]
        return {"totalSize": len(found), "done": not more, "records": told, **more}


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
    org.put("Campaign", "7011", Name="Spring", Type="Email", StartDate="2026-02-01")
    return org
