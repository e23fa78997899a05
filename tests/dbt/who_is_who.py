"""Who was one customer at a moment, told in the plainest way: every version, one union at a time. A second opinion to the SQL.

Comes in: landed rows of `crm_customers` and `billing_customers` with `_source`, `_load_id`, `_is_deleted`. Goes out: each record with
the one that gives its customer the key. Contacts are compared as they are written; their spelling is tested elsewhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = dict[str, Any]
Record = tuple[str, str, str]  # source, crm or billing, id
CONTACTS = ("email", "phone")
NAMES = {"crm": "merge", "billing": "billing_link"}
STRENGTH = ["merge", "billing_link", "email", "phone", "company"]


@dataclass(frozen=True)
class Limits:
    """The settings that decide."""

    shared: int
    records: int
    by_company: bool = False


class Landed:
    """All that landed, as known after its last day."""

    def __init__(self, rows: list[Row], limits: Limits) -> None:
        self._limits = limits
        self._versions: dict[Record, list[Row]] = defaultdict(list)
        for row in rows:
            kind = "billing" if "billing_customer_id" in row else "crm"
            identity = row["billing_customer_id"] if kind == "billing" else row["customer_id"]
            self._versions[row["_source"], kind, identity].append(row)
        self._place = {record: place for place, record in enumerate(sorted(self._versions, key=self._age))}
        self._history = {record: list(self._dated(record)) for record in self._versions}
        self._nobodies = {target for target, count in self._naming().items() if count > limits.records}

    def moments(self) -> list[datetime]:
        """Every moment at which some record began to say something."""
        return sorted({start for history in self._history.values() for start, _ in history})

    def customers(self, moment: datetime) -> dict[Record, Record]:
        """Every record of that moment, with the one that gave its customer the key."""
        said, placed, _ = self._placed(moment)
        return {record: min((other for other in said if placed[other] == placed[record]), key=self._place.__getitem__) for record in said}

    def reasons(self, moment: datetime) -> dict[Record, str]:
        """Why every record of that moment belongs to its customer: the strongest tie that another record of theirs shares."""
        said, placed, pulled_apart = self._placed(moment)
        eldest = self.customers(moment)
        ties = [(record, tie, name) for record, tie, name in self._named_ties(said) if not (pulled_apart[record] and name in CONTACTS)]
        sharing = {record: list(self._shared_names(record, ties, placed)) for record in said}
        return {one: "own" if eldest[one] == one else min(sharing[one], key=STRENGTH.index) for one in said}

    def _placed(self, moment: datetime) -> tuple[dict[Record, Row], dict[Record, Any], dict[Record, bool]]:
        said = {record: row for record in self._history if (row := self._at(record, moment))}
        stated, contacts = list(self._statements(said)), list(self._contacts(said))
        together = _united(said, stated + contacts)
        parts = _united(said, stated)
        sizes = {top: len({parts[record] for record in said if together[record] == top}) for top in set(together.values())}
        apart = {record: sizes[together[record]] > self._limits.records for record in said}
        return said, {record: parts[record] if apart[record] else together[record] for record in said}, apart

    def _named_ties(self, said: dict[Record, Row]) -> Iterator[tuple[Record, Any, str | None]]:
        """Every tie with what it is called; a CRM's own id is called what those who name it say."""
        for record, tie in self._statements(said):
            is_own_id = tie == ("crm", record[0], record[2]) and record[1] == "crm"
            yield record, tie, "company" if tie[0] == "company" else None if is_own_id else NAMES[record[1]]
        for record, tie in self._contacts(said):
            yield record, tie, tie[0]

    def _shared_names(self, record: Record, ties: list[tuple[Record, Any, str | None]], placed: dict[Record, Any]) -> Iterator[str]:
        for one, tie, name in ties:
            others = [said for other, same, said in ties if same == tie and other != record and placed[other] == placed[record]]
            if one == record and others:
                yield from [name] if name else [said for said in others if said]

    def _naming(self) -> Counter[tuple[str, str]]:
        """How many records name each record that never landed."""
        naming = {(record, row_named) for record, history in self._history.items() for _, row in history if (row_named := named(row))}
        return Counter((record[0], name) for record, name in naming if (record[0], "crm", name) not in self._versions)

    def _age(self, record: Record) -> tuple[Any, ...]:
        live = [row for row in self._versions[record] if not row.get("_is_deleted")]
        first = min(live, key=lambda row: (max(landed_at(row), row["created_at"]), row["_load_id"], row["created_at"]))
        since = max(landed_at(first), first["created_at"])
        return since, first["_load_id"], first["created_at"], record[1] != "crm", record[0], record[2]

    def _dated(self, record: Record) -> Iterator[tuple[datetime, Row]]:
        """Each version that counts with its first moment, in order; where several begin at once the last one counts."""
        rows = self._versions[record]
        gone = max((row["_load_id"] for row in rows if row.get("_is_deleted")), default="")
        live = [row for row in rows if not row.get("_is_deleted")]
        live = [row for row in live if row["_load_id"] > gone] or live
        live.sort(key=lambda row: (row.get("updated_at") or datetime.min, row["_load_id"]))
        live = [row for row, following in zip(live, [*live[1:], {}], strict=True) if not _same_change(row, following)]
        born = min(row["created_at"] for row in live)
        starts = [born] + [max(row.get("updated_at") or landed_at(row).replace(hour=0), born) for row in live[1:]]
        for place, row in enumerate(live):
            if all(starts[place] < later for later in starts[place + 1 :]):
                yield starts[place], row

    def _at(self, record: Record, moment: datetime) -> Row | None:
        return next((row for start, row in reversed(self._history[record]) if start <= moment), None)

    def _statements(self, said: dict[Record, Row]) -> Iterator[tuple[Record, Any]]:
        holders = Counter(identity for _, kind, identity in said if kind == "crm")
        for record, row in said.items():
            source, kind, identity = record
            name = named(row)
            if kind == "crm":
                yield record, ("crm", source, identity)
            if name and (source, name) not in self._nobodies:
                yield record, ("crm", source, name)
            if kind == "billing" and holders[name] == 1:
                yield record, ("crm", next(other for other, sort, known in said if sort == "crm" and known == name), name)
            if self._limits.by_company and row.get("company_name"):
                yield record, ("company", row["company_name"])

    def _contacts(self, said: dict[Record, Row]) -> Iterator[tuple[Record, Any]]:
        held = [(record, (kind, row[kind])) for record, row in said.items() for kind in ("email", "phone") if row.get(kind)]
        holders = Counter(contact for _, contact in held)
        yield from ((record, contact) for record, contact in held if holders[contact] <= self._limits.shared)


def _same_change(row: Row, following: Row) -> bool:
    return row.get("updated_at") is not None and row.get("updated_at") == following.get("updated_at")


def named(row: Row) -> str | None:
    """The CRM's record that the row says it belongs to."""
    return row.get("customer_id") if "billing_customer_id" in row else row.get("merged_into_customer_id")


def landed_at(row: Row) -> datetime:
    """When the row's load landed."""
    return datetime.strptime(row["_load_id"], "%Y%m%dT%H%M%S.%fZ")


def _united(records: dict[Record, Row], pairs: list[tuple[Record, Any]]) -> dict[Record, Any]:
    parent: dict[Any, Any] = {}

    def top(node: Any) -> Any:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for one, other in pairs:
        parent[top(one)] = top(other)
    return {record: top(record) for record in records}
