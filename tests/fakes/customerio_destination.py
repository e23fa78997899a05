"""Customer.io's Track API, version 2: batches by bytes, 207 with positions."""

import base64
import json
from types import MappingProxyType

from tests.fakes.receiver import Vendor, unprefixed

SITE, KEY = "site-of-the-tests", "customerio-secret-of-the-tests"


class Customerio(Vendor):
    kind = "customerio"
    secret = KEY
    silent_success = True
    options = MappingProxyType({"site_id": SITE, "api_key": KEY})

    def __init__(self):
        super().__init__()
        self.people, self.refuses = {}, set()

    def answer(self, request):
        if request.headers.get("authorization") != "Basic " + base64.b64encode(f"{SITE}:{KEY}".encode()).decode():
            return 401, {}, {"errors": [{"reason": "unauthorized"}]}
        if request.size >= 500_000 or any(len(json.dumps(one)) > 32_768 for one in request.body["batch"]):
            return 400, {}, {"errors": [{"reason": "too_large"}]}
        errors = []
        for index, one in enumerate(request.body["batch"]):
            assert (one["type"], one["action"]) == ("person", "identify")
            person, attributes = one["identifiers"]["id"], dict(one["attributes"])
            only_update = attributes.pop("_update", False)
            if person in self.refuses:
                errors.append({"batch_index": index, "reason": "invalid", "field": "attributes", "message": f"{person} is wrong"})
            elif person in self.people or not only_update:
                self.people[person] = self.people.get(person, {}) | attributes
        return (207, {}, {"errors": errors}) if errors else (200, {}, {})

    def arrived(self):
        return {person: unprefixed(attributes) for person, attributes in self.people.items()}
