"""The personal data map of docs/privacy.md, from the contract's columns and dbt's `pii` tags, so that no column is missing from it.

Comes in: the page as it is, the parsed dbt project. Goes out: the page, its text kept and its map written anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestration.contract import FREE_TEXT, INPUT_TABLES, PERSON_COLUMNS, Column, Table
from orchestration.documentation import markdown
from orchestration.releases import is_of_persons

_MARK = "<!-- map: written by `make docs` from the code that enforces it; what is above is not -->"
# Why a table's rows about a person are kept; a table that is missing here has no row about anybody.
PURPOSES = {
    "crm_customers": "to know who is who and split metrics",
    "crm_consents": "to act on what was granted or withdrawn",
    "crm_interactions": "to measure engagement and learn who leaves",
    "crm_actions": "to judge actions by what came of them",
    "crm_referrals": "to count referrals",
    "crm_loyalty_events": "to count points",
    "crm_tickets": "to measure support and follow up complaints",
    "billing_customers": "to know who is who",
    "billing_subscriptions": "to measure recurring revenue and retention",
    "billing_invoice_lines": "to measure revenue",
    "billing_payments": "to measure money received",
    "survey_invitations": "to measure who answers",
    "survey_responses": "to measure satisfaction and follow up",
}
# Traits of a person that are neither a contact nor free text.
_TRAITS = ("birth_year", "gender", "income_band", "country", "region")
_KINDS = {"crm": "id", "billing": "id", "email": "e-mail", "phone": "phone"}
_HEADINGS = ("column", "what", "purpose", "kept in", "leaves to", "kept")
_AS_RELEASED = "as long as the release (`releases_kept`), or until the person is erased"
_UNTIL = "until the person is erased, or every source has deleted them for `deleted_people_days`; until then as history"

_TEXT_UNTIL = f"for `free_text_months`; without that setting {_UNTIL}"


def page(path: Path, manifest: Mapping[str, Any]) -> str:
    """The page with its map as it is now."""
    text = path.read_text(encoding="utf-8").split("<!-- map")[0].rstrip()
    head = [text, _MARK, "## The personal data map"]
    landed, published = markdown.table(_HEADINGS, _landed()), markdown.table(_HEADINGS, _published(manifest))
    return "\n\n".join([*head, "### Landed", landed, "### Published", published]) + "\n"


def _landed() -> Iterator[tuple[str, ...]]:
    for table in (one for one in INPUT_TABLES.values() if one.name in PURPOSES):
        for column in table.columns:
            if kind := _landed_as(column):
                what = f"{kind}: {column.description}"
                yield f"`{table.name}.{column.name}`", what, PURPOSES[table.name], "landing, warehouse", "nowhere", _kept(table, column)


def _kept(table: Table, column: Column) -> str:
    return _TEXT_UNTIL if FREE_TEXT.get(table.name) == column.name else _UNTIL


def _landed_as(column: Column) -> str:
    if column.personal:
        return "personal"
    return _KINDS.get(PERSON_COLUMNS.get(column.name, ""), "trait" if column.name in _TRAITS else "")


def _published(manifest: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    marts = [node for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["schema"] == "marts"]
    for mart in sorted(marts, key=lambda node: node["name"]):
        purpose = " ".join(mart["description"].split()).split(". ")[0].rstrip(".")
        for column in mart["columns"].values():
            if what := _published_as(column):
                yield f"`{mart['name']}.{column['name']}`", what, purpose, "warehouse, releases", _leaves_to(mart["name"]), _AS_RELEASED


def _leaves_to(mart: str) -> str:
    targets = "places under `serving`" + (" that say `personal: true`" if is_of_persons(mart) else "")
    return f"the destination it is named after; {targets}" if mart.startswith("sync_") and "__" in mart else targets


def is_personal(column: Mapping[str, Any]) -> bool:
    """Whether dbt has the column tagged `pii`."""
    return "pii" in (column.get("tags") or column.get("config", {}).get("tags") or [])


def _published_as(column: Mapping[str, Any]) -> str:
    if is_personal(column):
        return "personal"
    names = {"customer_key": "pseudonym", "source_customer_id": "id", "external_id": "id", "primary_email_hash": "salted hash"}
    return names.get(column["name"], "trait" if column["name"] in _TRAITS else "")
