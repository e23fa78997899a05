"""Klaviyo's profile imports: jobs that take their time, import errors in pages, profiles by address."""

import json
from types import MappingProxyType

from tests.fakes.receiver import Vendor, unprefixed

KEY = "pk_secret_of_the_tests"
JOBS = "/api/profile-bulk-import-jobs"


class Klaviyo(Vendor):
    kind = "klaviyo"
    secret = KEY
    options = MappingProxyType({"api_key": KEY})

    def __init__(self):
        super().__init__()
        self.profiles, self.jobs, self.refuses, self.malformed, self.polls = {}, {}, set(), set(), 1

    def answer(self, request):
        if request.headers.get("authorization") != f"Klaviyo-API-Key {KEY}":
            return 401, {}, {"errors": [{"code": "not_authenticated"}]}
        if "revision" not in request.headers:
            return 400, {}, {"errors": [{"code": "invalid", "source": {"header": "revision"}}]}
        if request.method == "POST":
            return self.start(request)
        if request.path == "/api/profiles":
            return self.looked_up(request)
        return self.told(*request.path.removeprefix(f"{JOBS}/").partition("/")[::2], request)

    def start(self, request):
        assert request.path == JOBS
        assert request.body["data"]["type"] == "profile-bulk-import-job"
        profiles = request.body["data"]["attributes"]["profiles"]["data"]
        pointer = "/data/attributes/profiles/data/{}/attributes/email"
        errors = [
            {"code": "invalid", "detail": f"{self.identifier(one)} is malformed", "source": {"pointer": pointer.format(index)}}
            for index, one in enumerate(profiles) if self.identifier(one) in self.malformed
        ]  # fmt: skip
        if errors or not 0 < len(profiles) <= 10_000 or request.size > 5_000_000:
            return 400, {}, {"errors": errors or [{"code": "invalid", "detail": "size"}]}
        job = f"job{len(self.jobs) + 1}"
        failed = [(index, one) for index, one in enumerate(profiles) if not self.imported(one)]
        self.jobs[job] = {"polls": self.polls, "failed": failed, "total": len(profiles)}
        return 202, {}, self.described(job, status="queued", total_count=len(profiles))

    def described(self, job, **attributes):
        told = {"created_at": "2026-02-01T00:00:00Z", **attributes}
        links = {"self": f"{self.url}{JOBS}/{job}"}
        return {"data": {"type": "profile-bulk-import-job", "id": job, "attributes": told, "links": links}, "links": links}

    @staticmethod
    def identifier(one):
        return one.get("id") or one["attributes"].get("email") or one["attributes"]["external_id"]

    def imported(self, one):
        found = one.get("id") or next((number for number, known in self.profiles.items() if known["key"] == self.identifier(one)), None)
        if self.identifier(one) in self.refuses or (one.get("id") and one["id"] not in self.profiles):
            return False
        found = found or f"01P{len(self.profiles)}"
        known = self.profiles.setdefault(found, {"key": self.identifier(one), "properties": {}})
        known["properties"] |= one["attributes"]["properties"]
        return True

    def told(self, job, part, request):
        if job not in self.jobs:
            return 404, {}, {"errors": [{"code": "not_found"}]}
        known = self.jobs[job]
        if part:
            return self.errors(known["failed"], request)
        known["polls"] -= 1
        status = "complete" if known["polls"] < 0 else "processing"
        counts = {"total_count": known["total"], "failed_count": len(known["failed"]) if known["polls"] < 0 else 0}
        return 200, {}, self.described(job, status=status, **counts)

    def errors(self, failed, request):
        start, size = int(request.query.get("page[cursor]") or 0), min(int(request.query["page[size]"]), 2)
        data = [
            {"type": "import-error", "id": str(index), "attributes": {
                "code": "invalid", "title": "Invalid", "detail": f"{self.identifier(one)} is wrong",
                "source": {"pointer": f"/data/attributes/profiles/data/{index}"}, "original_payload": one["attributes"]}}
            for index, one in failed[start : start + size]
        ]  # fmt: skip
        following = f"{self.url}{request.path}?page%5Bcursor%5D={start + size}" if start + size < len(failed) else None
        links = {"self": f"{self.url}{request.path}"} | ({"next": following} if following else {})
        return 200, {}, {"data": data, "links": links}

    def looked_up(self, request):
        if request.query.get("sort") == "updated":
            return self.changed(request)
        key, _, listed = request.query["filter"].removeprefix("any(").removesuffix(")").partition(",")
        wanted = json.loads(listed)
        assert len(wanted) <= 100
        fields = request.query.get("fields[profile]", key).split(",")
        found = [(number, one) for number, one in self.profiles.items() if (number if key == "id" else one["key"]) in wanted]
        told = [(number, {key: one["key"], "properties": one["properties"]}) for number, one in found]
        data = [
            {"type": "profile", "id": number, "attributes": {name: one[name] for name in fields if name in one}} for number, one in told
        ]
        return 200, {}, {"data": data}

    def change(self, external_id, gone=False, **fields):
        """Somebody there changes, or deletes, a profile."""
        number = next(number for number, one in self.profiles.items() if one["key"].startswith(f"{external_id}@"))
        self.profiles[number]["properties"] |= {f"crmp_{name}": value for name, value in fields.items()}
        if gone:
            del self.profiles[number]

    def changed(self, request):
        start, number = int(request.query.get("page[cursor]") or 0), 2
        page = list(self.profiles.items())[start : start + number]
        more = start + number < len(self.profiles)
        following = f"{self.url}{request.path}?page%5Bcursor%5D={start + number}" if more else None
        data = [{"type": "profile", "id": name, "attributes": {"email": one["key"], "properties": one["properties"]}} for name, one in page]
        return 200, {}, {"data": data, "links": {"next": following}}

    def arrived(self):
        return {one["key"].partition("@")[0]: unprefixed(one["properties"]) for one in self.profiles.values()}
