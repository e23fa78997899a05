"""A HubSpot account on loopback: lists, searches by filter, associations, archived objects, e-mail events, subscription statuses."""

from datetime import UTC, datetime
from typing import Any

from examples.fakes.vendor import RefusalError, Vendor


def iso(milliseconds: int) -> str:
    """Milliseconds since 1970 as HubSpot writes times."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class HubspotAccount(Vendor):
    """`put` makes or changes an object; `archive` and `merge` do what they say. `clock` stamps in milliseconds.

    mute     kinds that are refused without a word about what is missing
    types    property of contacts → its type, where that is not a text or none of them has it
    apart    property of contacts → its sensitivity, where it has one
    removed  properties that the account does not have: of them nothing is told, of one that is empty null
    history  (id, property) → when it got its value, where that was not when the object was made
    """

    largest_page = 3  # of whatever is asked for, so that small accounts have pages
    most_links = 3  # of one object in one answer: HubSpot's are 500
    most_results = 9  # of one search, however it is paged: HubSpot's are 10,000

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, dict[str, dict[str, Any]]] = {}
        self.links: dict[tuple[str, str], list[str]] = {}
        self.clock = 1_760_000_000_000
        about = {"type": "PERSON", "archived": False, "createdAt": iso(self.clock), "updatedAt": iso(self.clock)}
        self.owners = [{"id": "7", "firstName": "Olga", "lastName": "Owner", "email": "olga@example.org", **about}]
        self.events: list[dict[str, Any]] = []
        self.history: dict[tuple[str, str], str] = {}
        self.statuses: dict[str, list[dict[str, Any]]] = {}
        self.forbidden: set[str] = set()
        self.mute: set[str] = set()
        self.types = {"membership_tier": "enumeration"}
        self.apart: dict[str, str] = {}
        self.tells_of_properties = True
        self.removed: set[str] = set()
        self.unsearchable: set[str] = set()

    def put(self, kind: str, identifier: str, *, links: dict[str, list[str]] | None = None, **properties: str) -> None:
        """Make an object, or change some of its properties."""
        known = self.objects.setdefault(kind, {}).get(identifier, {"createdAt": iso(self.clock), "properties": {}, "archived": False})
        stamp = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
        filled = {"createdate": iso(self.clock), **known["properties"], **properties, stamp: iso(self.clock), "hs_object_id": identifier}
        self.objects[kind][identifier] = {**known, "id": identifier, "updatedAt": iso(self.clock), "properties": filled}
        for other, ids in (links or {}).items():
            self.links[f"{kind}/{identifier}", other] = ids

    def archive(self, kind: str, identifier: str) -> None:
        """Put an object into the recycle bin."""
        self.objects[kind][identifier] |= {"archived": True, "archivedAt": iso(self.clock)}

    def merge(self, gone: str, into: str) -> None:
        """Merge a contact into another one, which alone tells so."""
        del self.objects["contacts"][gone]
        self.put("contacts", into, hs_merged_object_ids=gone)

    def answer(self, method: str, path: str, params: dict[str, str], body: Any) -> Any:
        """See Vendor."""
        pieces = path.strip("/").split("/")
        if path == "/crm/v3/owners":
            return self._page(self.owners, params)
        if path == "/email/public/v1/events":
            return self._events(params)
        if path.startswith("/communication-preferences/v4/statuses/batch/read"):
            told = [{"subscriberIdString": one, "statuses": self.statuses[one]} for one in body["inputs"] if one in self.statuses]
            return {"results": told}
        if pieces[:3] == ["crm", "v4", "associations"]:
            return self._associations(pieces[3], pieces[4], body)
        if pieces[:3] == ["crm", "v3", "properties"] and self.tells_of_properties:
            return self._definitions(pieces[3], params["dataSensitivity"])
        if pieces[:3] != ["crm", "v3", "objects"]:
            raise RefusalError(404, {"status": "error", "message": "resource not found"})
        return self._of_kind(pieces[3], pieces[4:], params, body)

    def _definitions(self, kind: str, sensitivity: str) -> dict[str, Any]:
        if "properties" in self.forbidden:
            raise RefusalError(403, {"status": "error", "message": "This app hasn't been granted all required scopes"})
        held = {name: "string" for one in self._all(kind) for name in one["properties"]}
        there = {name: told for name, told in {**held, **self.types}.items() if name not in self.removed}
        wanted = [name for name in there if self.apart.get(name, "non_sensitive") == sensitivity]
        about = {"label": "A label", "description": "", "groupName": "of_ours", "fieldType": "text", "options": []}
        return {"results": [{"name": name, "type": there[name], **about} for name in wanted]}

    def _of_kind(self, kind: str, pieces: list[str], params: dict[str, str], body: Any) -> Any:
        if kind in self.mute:
            raise RefusalError(403, {"status": "error", "message": "This app hasn't been granted all required scopes"})
        if kind in self.forbidden:
            scope = {"category": "MISSING_SCOPES", "errors": [{"context": {"requiredGranularScopes": [f"crm.objects.{kind}.read"]}}]}
            raise RefusalError(403, scope)
        if pieces == ["batch", "read"]:
            asked = {"properties": ",".join(body["properties"])}
            held = (self.objects[kind].get(one["id"]) for one in body["inputs"])
            return self._batch([self._shown(kind, one, asked) for one in held if one and not one["archived"]])
        if pieces == ["search"]:
            return self._search(kind, body)
        if pieces:
            return self._shown(kind, self.objects[kind][pieces[0]], params)
        wanted = params.get("archived") == "true"
        found = [one for one in self._all(kind) if one["archived"] == wanted]
        return self._page([self._shown(kind, one, params) for one in found], params)

    def _all(self, kind: str) -> list[dict[str, Any]]:
        return sorted(self.objects.get(kind, {}).values(), key=lambda one: int(one["id"]))

    def _shown(self, kind: str, one: dict[str, Any], params: dict[str, str]) -> dict[str, Any]:
        asked = params.get("properties", "").split(",")
        shown = {**one, "properties": {name: one["properties"].get(name) for name in asked if name and name not in self.removed}}
        links = self.links.get((f"{kind}/{one['id']}", params.get("associations", "")), [])
        if links:
            told = {"results": [{"id": other, "type": "x"} for other in links[: self.most_links]]}
            more = {"paging": {"next": {"after": links[self.most_links - 1]}}} if len(links) > self.most_links else {}
            shown["associations"] = {params["associations"]: {**told, **more}}
        if history := params.get("propertiesWithHistory"):
            told = one["properties"].get(history)
            at = self.history.get((one["id"], history), one["createdAt"])
            shown["propertiesWithHistory"] = {history: [{"value": told, "timestamp": at, "sourceType": "API"}] if told else []}
        return shown

    def _search(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        assert set(body) >= {"after", "filterGroups", "limit", "properties", "sorts"}
        filters = body["filterGroups"][0]["filters"] if body["filterGroups"] else []
        assert body["sorts"] == ["hs_object_id"] or not filters
        living = (one for one in self._all(kind) if not one["archived"] and one["id"] not in self.unsearchable)
        found = [one for one in living if all(_holds(one["properties"], each) for each in filters)][: self.most_results]
        asked = {"properties": ",".join(body["properties"])}
        shown = [{name: value for name, value in self._shown(kind, one, asked).items() if name != "associations"} for one in found]
        return {"total": len(found), **self._page(shown, {"limit": str(body["limit"]), "after": body["after"]})}

    def _associations(self, kind: str, other: str, body: dict[str, Any]) -> dict[str, Any]:
        results = []
        for one in body["inputs"]:
            links, start = self._linked(kind, one["id"], other), int(one.get("after", 0))
            to = [{"toObjectId": each, "associationTypes": []} for each in links[start : start + self.most_links]]
            told = {"from": {"id": one["id"]}, "to": to}
            more = {"paging": {"next": {"after": str(start + self.most_links)}}} if len(links) > start + self.most_links else {}
            results += [{**told, **more}] if told["to"] else []
        return self._batch(results)

    def _batch(self, results: list[dict[str, Any]]) -> dict[str, Any]:
        return {"status": "COMPLETE", "startedAt": iso(self.clock), "completedAt": iso(self.clock), "results": results}

    def _linked(self, kind: str, identifier: str, other: str) -> list[str]:
        """What an object is linked to, in whichever direction it was told."""
        backwards = (one.split("/") for (one, to), ids in self.links.items() if to == kind and identifier in ids)
        own = self.links.get((f"{kind}/{identifier}", other), [])
        return [*own, *(one for there, one in backwards if there == other and one not in own)]

    def _events(self, params: dict[str, str]) -> dict[str, Any]:
        found = [event for event in self.events if event["created"] >= int(params["startTimestamp"])]
        start = int(params.get("offset", 0))
        end = start + min(self.largest_page, int(params.get("limit", 100)))
        return {"events": found[start:end], "hasMore": len(found) > end, "offset": str(end)}

    def _page(self, objects: list[dict[str, Any]], params: dict[str, str]) -> dict[str, Any]:
        start, size = int(params.get("after", 0)), min(self.largest_page, int(params.get("limit", 10)))
        paging = {"paging": {"next": {"after": str(start + size)}}} if len(objects) > start + size else {}
        return {"results": objects[start : start + size], **paging}


def _holds(properties: dict[str, str], condition: dict[str, Any]) -> bool:
    value = properties.get(condition["propertyName"], "")
    match condition["operator"]:
        case "IN":
            return value in condition["values"]
        case "GT":
            return int(value) > int(condition["value"])
        case "GTE":
            return value >= iso(int(condition["value"]))
    raise AssertionError(condition)
