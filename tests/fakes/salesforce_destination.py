"""Salesforce's contacts: collections in the order of the request, queries, Bulk jobs whose rows come in any order."""

import csv
import io
import re
from types import MappingProxyType

from tests.fakes.receiver import Vendor

TOKEN = "00D-secret-of-the-tests"
KEY = "crmp_customer_id__c"
FIELDS = {
    "crmp_churn_probability__c": "double", "crmp_reasons__c": "textarea", "crmp_plan__c": "string", "crmp_is_vip__c": "boolean",
    "crmp_as_of_date__c": "date", "crmp_customer_key__c": "string", "crmp_nps__c": "double",
}  # fmt: skip
DATA = "/services/data/v62.0"


class Salesforce(Vendor):
    kind = "salesforce"
    secret = TOKEN
    options = MappingProxyType({"instance_url": "https://acme.my.salesforce.com", "access_token": TOKEN})

    def __init__(self):
        super().__init__()
        self.contacts, self.jobs, self.refuses, self.polls, self.usage = {}, {}, {}, 1, "api-usage=10/100000"
        self.fields = dict(FIELDS)

    def answer(self, request):
        if request.path == "/services/oauth2/token":
            return 200, {}, {"access_token": TOKEN}
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {}, [{"errorCode": "INVALID_SESSION_ID"}]
        if request.path.endswith("/describe"):
            return (
                200,
                {},
                {
                    "fields": [
                        {"name": KEY, "externalId": True, "type": "string", "updateable": True},
                        *({"name": name, "type": kind, "updateable": True} for name, kind in self.fields.items()),
                    ]
                },
            )
        if request.path == f"{DATA}/query":
            wanted = re.findall(r"'((?:[^'\\]|\\.)*)'", request.query["q"])
            names = request.query["q"].removeprefix("SELECT ").partition(" FROM ")[0].split(", ")
            if unknown := set(names) - {KEY, *self.fields}:
                return 400, {}, [{"errorCode": "INVALID_FIELD", "message": f"No such column {unknown}"}]
            told = [{KEY: one, **{name: self.held(one, name) for name in names if name != KEY}} for one in wanted if one in self.contacts]
            return 200, {"sforce-limit-info": self.usage}, {"done": True, "records": told}
        if "/jobs/ingest" in request.path:
            return self.bulk(request)
        assert request.path == f"{DATA}/composite/sobjects/Contact/{KEY}"
        records = request.body["records"]
        if len(records) > 200 or len({one[KEY] for one in records}) < len(records):
            return 400, {}, [{"errorCode": "INVALID_INPUT"}]
        if any(one.get(name, False) is None for one in records for name in self.checkboxes):
            return 400, {}, [{"errorCode": "JSON_PARSER_ERROR"}]  # cannot deserialize instance of boolean from VALUE_NULL
        return 200, {"sforce-limit-info": self.usage}, [self.one({k: v for k, v in one.items() if k != "attributes"}) for one in records]

    def held(self, key, name):
        """A value as a query tells it: numbers of Bulk jobs, which come as text, as numbers; a checkbox is ticked or not."""
        value, kind = self.contacts[key].get(name), self.fields[name]
        if kind == "boolean":
            return value in (True, "true")
        return float(value) if kind == "double" and value is not None else value

    def change(self, external_id, gone=False, **fields):
        """Somebody there changes, or deletes, a contact."""
        self.contacts[external_id] |= {f"crmp_{name}__c": value for name, value in fields.items()}
        if gone:
            del self.contacts[external_id]

    @property
    def checkboxes(self):
        return [name for name, kind in self.fields.items() if kind == "boolean"]

    def one(self, record):
        key = record.pop(KEY)
        if any(record.get(name, False) is None for name in self.checkboxes):
            return {"success": False, "errors": [{"statusCode": "INVALID_TYPE_ON_FIELD_IN_RECORD", "message": "null", "fields": []}]}
        if key in self.refuses:
            return {"success": False, "errors": [{"statusCode": self.refuses[key], "message": f"{key} is wrong", "fields": []}]}
        created = key not in self.contacts
        self.contacts[key] = self.contacts.get(key, {}) | record
        return {"id": f"003{key}", "success": True, "created": created, "errors": []}

    def bulk(self, request):
        job, part = self.place(request.path)
        if request.method == "POST":
            assert request.body["externalIdFieldName"] == KEY
            job = f"750{len(self.jobs)}"
            self.jobs[job] = {"state": "Open", "rows": [], "polls": self.polls, "taken": [], "failed": []}
            return 200, {}, {"id": job, "state": "Open"}
        if job not in self.jobs:
            return 404, {}, [{"errorCode": "NOT_FOUND"}]
        known = self.jobs[job]
        if request.method == "PUT":
            known["rows"] = list(csv.DictReader(io.StringIO(request.body)))
            return 201, {}, b""
        if request.method == "PATCH":
            assert request.body == {"state": "UploadComplete"}
            known["state"] = "InProgress"
            return 200, {}, {"id": job, "state": "UploadComplete"}
        return self.progress(known, part)

    @staticmethod
    def place(path):
        parts = path.partition("/jobs/ingest")[2].strip("/").split("/")
        return [*parts, "", ""][:2]

    def progress(self, known, part):
        if part:
            rows = known["taken"] if part == "successfulResults" else known["failed"] if part == "failedResults" else []
            text = io.StringIO()
            writer = csv.DictWriter(text, ["sf__Id", "sf__Error", KEY])
            writer.writeheader()
            writer.writerows(rows)
            return 200, {"content-type": "text/csv"}, text.getvalue().encode()
        known["polls"] -= 1
        if known["state"] == "InProgress" and known["polls"] < 0:
            known["state"] = "JobComplete"
            for row in reversed(known["rows"]):
                told = self.one({name: None if value == "#N/A" else value for name, value in row.items() if value != "" or name == KEY})
                error = "" if told["success"] else f"{told['errors'][0]['statusCode']}:{row[KEY]} is wrong:--"
                known["taken" if told["success"] else "failed"].append({"sf__Id": told.get("id", ""), "sf__Error": error, KEY: row[KEY]})
        return 200, {}, {"state": known["state"], "numberRecordsFailed": len(known["failed"])}

    def arrived(self):
        return {key: {self.plain(name): value for name, value in fields.items()} for key, fields in self.contacts.items()}

    @staticmethod
    def plain(name):
        assert name.startswith("crmp_"), name
        assert name.endswith("__c"), name
        return name.removeprefix("crmp_").removesuffix("__c")
