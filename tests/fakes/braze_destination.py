"""Braze's /users/track: 75 objects in total, existing users only, errors by position."""

from types import MappingProxyType

from tests.fakes.receiver import Vendor, unprefixed

KEY = "braze-secret-of-the-tests"


class Braze(Vendor):
    kind = "braze"
    secret = KEY
    options = MappingProxyType({"rest_url": "https://rest.iad-01.braze.com", "api_key": KEY})

    def __init__(self):
        super().__init__()
        self.users, self.refuses = {"c1": {}, "c2": {}}, set()

    def answer(self, request):
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return 401, {}, {"message": "Invalid API Key"}
        attributes = request.body["attributes"]
        if not 0 < sum(len(part) for part in request.body.values()) <= 75:
            return 400, {}, {"message": "Bad number of objects"}
        errors = []
        for index, one in enumerate(attributes):
            assert one.pop("_update_existing_only") is True
            user = one.pop("external_id")
            if user in self.refuses:
                errors.append({"type": "'crmp_nps' is invalid", "input_array": "attributes", "index": index})
            elif user in self.users:
                self.users[user] |= one
        self.users = {user: {name: value for name, value in fields.items() if value is not None} for user, fields in self.users.items()}
        answer = {"message": "success", "attributes_processed": len(attributes) - len(errors)}
        return 201, {}, answer | ({"errors": errors} if errors else {})

    def arrived(self):
        return {user: EMPTY | unprefixed(fields) for user, fields in self.users.items()}


EMPTY = dict.fromkeys(("churn_probability", "reasons", "plan", "is_vip", "as_of_date"))
