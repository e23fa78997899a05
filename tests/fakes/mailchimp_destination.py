"""Mailchimp's lists: members by the MD5 of their address, merge fields by tag, batches whose answers lie in an archive."""

import base64
import hashlib
import io
import json
import tarfile
from types import MappingProxyType

from tests.fakes.receiver import Vendor

KEY = "mailchimp-secret-of-the-tests-us6"
LIST = "/3.0/lists/l1"
TAGS = {"CRMP_CHURN": "churn_probability", "CRMP_ASOF": "as_of_date"} | {
    "CRMP_" + hashlib.sha256(name.encode()).hexdigest()[:5].upper(): name for name in ("reasons", "plan", "is_vip")
}


def hashed(email):
    return hashlib.md5(email.lower().encode()).hexdigest()


class Mailchimp(Vendor):
    kind = "mailchimp"
    secret = KEY
    options = MappingProxyType({"api_key": KEY, "list_id": "l1"})

    def __init__(self):
        super().__init__()
        self.tags, self.members, self.jobs, self.refuses, self.polls, self.most_listed = {"FNAME": "text"}, {}, {}, {}, 1, 1_000

    def answer(self, request):
        if request.path.startswith("/answers/"):
            return 200, {}, self.jobs[request.path.removeprefix("/answers/")]["archive"]
        if base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode().partition(":")[2] != KEY:
            return 401, {}, {"title": "API Key Invalid", "status_code": 401}
        if request.path.startswith("/3.0/batches"):
            return self.batch(request)
        if request.path == f"{LIST}/merge-fields":
            return self.fields(request)
        if request.path == f"{LIST}/members":
            return self.listing(request)
        return self.member(request.method, request.path, request.body)

    def fields(self, request):
        if request.method == "GET":
            return 200, {}, {"merge_fields": [{"tag": tag, "type": kind} for tag, kind in self.tags.items()]}
        assert len(request.body["tag"]) <= 10
        self.tags[request.body["tag"]] = request.body["type"]
        return 200, {}, request.body

    def listing(self, request):
        assert (request.method, int(request.query["count"])) == ("GET", 1_000)
        assert request.query.get("sort_field", "last_changed") == "last_changed"
        first, archived = int(request.query["offset"]), request.query.get("status") == "archived"
        found = [(key, one) for key, one in self.members.items() if (one["status"] == "archived") == archived]
        listed = [
            {"id": key, "contact_id": one["contact_id"], "email_address": one["email"], "merge_fields": one["fields"]}
            for key, one in found[first : first + self.most_listed]
        ]
        return 200, {}, {"members": listed, "total_items": len(found)}

    def member(self, method, path, body):
        one = path.removeprefix(f"{LIST}/members/")
        found = next((key for key, member in self.members.items() if one in (key, member["contact_id"])), None)
        if found is None and method != "PUT":
            return 404, {}, {"title": "Resource Not Found", "detail": f"{one} is not there"}
        if method == "GET":
            return 200, {}, {"id": found, "merge_fields": dict.fromkeys(self.tags, "") | self.members[found]["fields"]}
        assert "status" not in body
        if set(body["merge_fields"]) - set(self.tags):
            return 400, {}, {"title": "Invalid Resource", "detail": "Your merge fields were invalid."}
        if one in self.refuses:
            return 400, {}, {"title": self.refuses[one], "detail": f"{body.get('email_address')} cannot be added"}
        if found is None:
            assert hashed(body["email_address"]) == one
            self.members[one] = {
                "email": body["email_address"],
                "status": body["status_if_new"],
                "contact_id": f"contact{len(self.members)}",
                "fields": {},
            }
        member = self.members[found or one]
        member["fields"] |= body["merge_fields"]
        return 200, {}, {"id": found or one, "contact_id": member["contact_id"], "status": member["status"]}

    def batch(self, request):
        if request.method == "POST":
            assert 0 < len(request.body["operations"]) <= 1_000
            answers = []
            for one in request.body["operations"]:
                status, _, body = self.member(one["method"], "/3.0" + one["path"], json.loads(one["body"]))
                answers.append({"status_code": status, "operation_id": one["operation_id"], "response": json.dumps(body)})
            job = f"batch{len(self.jobs)}"
            self.jobs[job] = {"polls": self.polls, "archive": archive(answers)}
            return 200, {}, {"id": job, "status": "pending"}
        if request.path == "/3.0/batches":
            most = int(request.query.get("count", 10))
            return 200, {}, {"batches": [self.told(job) for job in list(self.jobs)[::-1][: min(most, self.most_listed)]]}
        job = request.path.rpartition("/")[2]
        return (200, {}, self.told(job)) if job in self.jobs else (404, {}, {"title": "Resource Not Found"})

    def told(self, job):
        self.jobs[job]["polls"] -= 1
        done = self.jobs[job]["polls"] < 0
        return {"id": job, "status": "finished" if done else "started", "response_body_url": f"{self.url}/answers/{job}" if done else ""}

    def change(self, external_id, gone=False, **fields):
        """Somebody there changes, or deletes, a member."""
        key = hashed(f"{external_id}@example.com")
        self.members[key]["fields"] |= {next(tag for tag, told in TAGS.items() if told == name): value for name, value in fields.items()}
        if gone:
            del self.members[key]

    def arrived(self):
        return {
            member["email"].partition("@")[0]: {TAGS.get(tag, tag): value for tag, value in member["fields"].items()}
            for member in self.members.values()
        }  # fmt: skip


def archive(answers):
    """The answers as two files of a .tar.gz, the last first."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for number, part in enumerate((answers[1::2], answers[::2])):
            raw = json.dumps(part[::-1]).encode()
            member = tarfile.TarInfo(f"{number}.json")
            member.size = len(raw)
            tar.addfile(member, io.BytesIO(raw))
    return content.getvalue()
