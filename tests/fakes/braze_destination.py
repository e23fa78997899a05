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
        self.users, self.refuses, self.may_export = {"c1": {}, "c2": {}}, set(), True

    def answer(self, request):
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return 401, {}, {"message": "Invalid API Key"}
        if request.path == "/users/export/ids":
            return self.exported(**request.body)
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

    def exported(self, external_ids, fields_to_export):
        """Users as Braze exports them: without what is false, in any order; whom it does not have it names beside them."""
        if not self.may_export:
            return 401, {}, {"message": "Your API key does not have permission to access this resource."}
        if not 0 < len(external_ids) <= 50:
            return 400, {}, {"message": "Between 1 and 50 external_ids"}
        assert set(fields_to_export) == {"external_id", "custom_attributes"}
        known = [(one, self.users[one]) for one in external_ids[::-1] if one in self.users]
        users = [
            {"external_id": one, "custom_attributes": {name: told for name, told in held.items() if told is not False}}
            for one, held in known
        ]
        strangers = [one for one in external_ids if one not in self.users]
        return 201, {}, {"message": "success", "users": users} | ({"invalid_user_ids": strangers} if strangers else {})

    def change(self, external_id, gone=False, **fields):
        """Somebody there changes, or deletes, a user."""
        self.users[external_id] |= {f"crmp_{name}": value for name, value in fields.items()}
        if gone:
            del self.users[external_id]

    def arrived(self):
        return {user: EMPTY | unprefixed(fields) for user, fields in self.users.items()}


EMPTY = dict.fromkeys(("churn_probability", "reasons", "plan", "is_vip", "as_of_date"))
