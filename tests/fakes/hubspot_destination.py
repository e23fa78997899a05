"""HubSpot's contacts as far as activation writes them: properties, batch upsert and update, answers in any order."""

import random
from types import MappingProxyType

from tests.fakes.receiver import Vendor, unprefixed

MERGED = "hs_merged_object_ids"
TOKEN = "pat-secret-of-the-tests"


class Hubspot(Vendor):
    kind = "hubspot"
    options = MappingProxyType({"token": TOKEN})
    secret = TOKEN

    def __init__(self):
        super().__init__()
        self.properties, self.contacts, self.refuses = {"email": "string"}, {}, {}
        self.order, self.may_read, self.silent = random.Random(1), True, False

    def know(self, email, **properties):
        number = str(len(self.contacts) + 101)
        self.contacts[number] = {"email": email, **properties}
        return number

    def answer(self, request):
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {}, {"status": "error", "category": "INVALID_AUTHENTICATION"}
        if request.path.endswith("/properties/contacts") or "/crm/properties/" in request.path:
            return self.property(request)
        if request.path.endswith("/batch/read"):
            return self.read(request)
        return self.search(request) if request.path.endswith("/search") else self.batch(request)

    def read(self, request):
        """Contacts that are asked for; whom it does not have it names as an error, unless it is `silent` about them."""
        if not self.may_read:
            return 403, {}, {"status": "error", "category": "MISSING_SCOPES"}
        assert {"inputs", "properties", "propertiesWithHistory"} <= set(request.body)
        assert len(request.body["inputs"]) <= 100
        by, results, gone = request.body.get("idProperty"), [], []
        for one in request.body["inputs"]:
            number = self.found({**one, "idProperty": by} if by else one)
            number = number or next((key for key, told in self.contacts.items() if one["id"] in told.get(MERGED, "").split(";")), None)
            if number is None:
                gone.append(one["id"])
            else:
                told = {name: self.contacts[number].get(name) for name in request.body["properties"]}
                results.append({"id": number, "properties": told, "archived": False})
        self.order.shuffle(results)
        errors = [{"category": "OBJECT_NOT_FOUND", "status": "error", "message": "gone", "context": {"ids": gone}}] if gone else []
        body = {"status": "COMPLETE", "startedAt": "2026-01-01T00:00:00Z", "completedAt": "2026-01-01T00:00:01Z", "results": results}
        return (207, {}, {**body, "errors": errors, "numErrors": 1}) if errors and not self.silent else (200, {}, body)

    def search(self, request):
        if not self.may_read:
            return 403, {}, {"status": "error", "category": "MISSING_SCOPES"}
        assert {"after", "filterGroups", "limit", "properties", "sorts"} <= set(request.body), "its public specification requires them all"
        ((among,),) = [group["filters"] for group in request.body["filterGroups"]]
        assert among["operator"] == "IN"
        assert len(among["values"]) <= 100
        assert all(one == one.lower() for one in among["values"])
        name = among["propertyName"]
        found = [(number, contact) for number, contact in self.contacts.items() if contact.get(name, "").lower() in among["values"]]
        results = [
            {"id": number, "properties": {one: contact.get(one) for one in request.body["properties"]}}
            for number, contact in found[: request.body["limit"]]
        ]
        return 200, {}, {"total": len(found), "results": results}

    def property(self, request):
        if request.method == "GET":
            return 200, {}, {"results": [{"name": name, "type": kind} for name, kind in self.properties.items()]}
        assert {"name", "label", "groupName", "type", "fieldType"} <= set(request.body)
        if request.body["name"] in self.properties:
            return 409, {}, {"status": "error", "category": "OBJECT_ALREADY_EXISTS"}
        self.properties[request.body["name"]] = request.body["type"]
        return 201, {}, request.body

    def batch(self, request):
        inputs, creates = request.body["inputs"], request.path.endswith("/upsert")
        unknown = {name for one in inputs for name in one["properties"]} - set(self.properties)
        ids = [(one.get("idProperty"), one["id"].lower()) for one in inputs]
        if len(inputs) > 100 or unknown or len(set(ids)) < len(ids) or not all(self.is_text(one) for one in inputs):
            return 400, {}, {"status": "error", "category": "VALIDATION_ERROR", "message": f"Property values were not valid: {ids}"}
        results, errors = [], []
        for one in inputs:
            taken, content = self.one(one, creates)
            (results if taken else errors).append(content)
        self.order.shuffle(errors)
        self.order.shuffle(results)
        body = {"status": "COMPLETE", "startedAt": "2026-01-01T00:00:00Z", "completedAt": "2026-01-01T00:00:01Z", "results": results}
        return (207, {}, {**body, "errors": errors, "numErrors": len(errors)}) if errors else (200, {}, body)

    @staticmethod
    def is_text(one):
        return all(isinstance(value, str) for value in one["properties"].values())

    def one(self, one, creates):
        trace = one["objectWriteTraceId"]
        code = self.refuses.get(one["id"])
        found = self.found(one)
        if code or (found is None and not creates):
            context = {"objectWriteTraceId": [trace], "ids": [one["id"]]}
            error = {"category": code or "OBJECT_NOT_FOUND", "status": "error", "message": f"{one['id']} is wrong", "context": context}
            return False, error
        if found is None:
            found = self.know(one["id"])
        self.contacts[found] |= one["properties"]
        return True, {"id": found, "objectWriteTraceId": trace, "properties": dict(one["properties"]), "new": False, "archived": False}

    def found(self, one):
        if one.get("idProperty") is None:
            return one["id"] if one["id"] in self.contacts else None
        key = one["idProperty"]
        return next((number for number, contact in self.contacts.items() if contact.get(key, "").lower() == one["id"].lower()), None)

    def change(self, external_id, gone=False, **fields):
        """Somebody there changes, or deletes, a contact."""
        number = next(number for number, contact in self.contacts.items() if contact["email"].startswith(f"{external_id}@"))
        self.contacts[number] |= {f"crmp_{name}": value for name, value in fields.items()}
        if gone:
            del self.contacts[number]

    def arrived(self):
        of_ours = [
            (one["email"], {name: value for name, value in one.items() if name not in ("email", MERGED)}) for one in self.contacts.values()
        ]
        return {email.partition("@")[0]: unprefixed(fields) for email, fields in of_ours}
