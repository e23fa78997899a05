"""The example company through its vendors' stand-ins and through files: the same marts, table by table.

What vendors cannot tell is taken out of the company first (`_as_vendors_tell_it`), each with its reason; which columns differ still is
listed in UNLIKE, and anything else that differs fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import harness
import pandas as pd
import pyarrow as pa
import pytest

from examples.acme.generate import pristine
from examples.acme.vendors.__main__ import CONFIG
from examples.acme.vendors.billing import FEEDBACK
from examples.acme.vendors.company import divided, write
from examples.fakes.vendor import serving
from orchestration import landing, settings, warehouse
from orchestration.configuration.sources import FilesSource
from orchestration.contract import INPUT_TABLES
from orchestration.sources.http import client
from orchestration.sources.http.pacing import Limits

pytestmark = pytest.mark.thorough


Marts = dict[str, pd.DataFrame]
AS_OF = date(2026, 10, 31)
# They tell of sources and loads, not of customers; what is sent carries the ids of the records of each source.
NOT_COMPARED = ("sync_", "data_", "model_quality")
UNLIKE = {
    "source",  # where a row comes from is what is different
    "ticket_id",  # an id in HubSpot is HubSpot's own
    "feedback_id",  # made of the ids of what was written
    "is_holdout",  # drawn by the hash of the customer's key, which is made of the name of the source
}


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Marts, Marts]:
    """(through files, through vendors)."""
    folder = tmp_path_factory.mktemp("both")
    tables = _as_vendors_tell_it(pristine(150, 20, AS_OF))
    write(tables, folder / "whole")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(client, "limits", lambda _: Limits(((10**9, 1.0),)))
        with _served(divided(tables), folder) as sources:
            vendors = _built(sources, folder / "vendors")
    return _built([FilesSource(type="files", path=str(folder / "whole"))], folder / "files"), vendors


def test_a_customer_is_the_same_customer_however_many_systems_know_them(marts: tuple[Marts, Marts]) -> None:
    files, vendors = (_labels(each["customer_identities"]) for each in marts)
    assert sorted(files.values()) == sorted(vendors.values())
    assert set(marts[1]["customer_identities"]["source"]) == {"files", "hubspot", "stripe"}


def test_every_mart_is_the_same(marts: tuple[Marts, Marts]) -> None:
    labels = [_labels(each["customer_identities"]) for each in marts]
    filled = 0
    for name in marts[0].keys() - {"customer_identities", "dim_customer_key_redirects"}:
        files, vendors = (_rows(each[name], known) for each, known in zip(marts, labels, strict=True))
        assert files == vendors, f"{name}: only files have {list(files - vendors)[:3]}, only vendors have {list(vendors - files)[:3]}"
        filled += bool(files)
    assert filled > 20


def _as_vendors_tell_it(tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """The company without what is lost at a vendor."""
    subscriptions, responses, interactions = (
        tables[name].to_pandas() for name in ("billing_subscriptions", "survey_responses", "crm_interactions")
    )
    # Stripe asks for the reason with a fixed list of answers.
    subscriptions["cancellation_reason"] = subscriptions["cancellation_reason"].replace(FEEDBACK)
    # Typeform does not know when somebody was asked; of an answer whose language nobody noted, the form's language is what it tells.
    responses["sent_at"] = pd.NaT
    responses["language"] = responses["language"].fillna("en")
    # A campaign is one of the source that hands it over, and HubSpot's connector hands over none.
    interactions["campaign_id"] = None
    # A meeting in HubSpot is a meeting whatever it was for, and nobody's idea.
    meetings = interactions["channel"] == "meeting"
    interactions.loc[meetings, ["kind", "direction"]] = ["meeting", None]
    changed = {"billing_subscriptions": subscriptions, "survey_responses": responses, "crm_interactions": interactions}
    # An invitation counts for answers of the source that hands it over.
    tables = {**tables, "survey_invitations": tables["survey_invitations"].slice(0, 0)}
    return {**tables, **{name: pa.Table.from_pandas(frame, tables[name].schema, preserve_index=False) for name, frame in changed.items()}}


@contextmanager
def _served(systems: Any, folder: Path) -> Iterator[list[Any]]:
    """The sources of vendors.yaml, pointed at stand-ins on free ports and at the files that are left."""
    write(systems.files, folder / "left")
    loaded = settings.load(CONFIG)
    with ExitStack() as servers:
        opened = {kind: servers.enter_context(serving(getattr(systems, kind))) for kind in ("hubspot", "stripe", "typeform")}
        yield [_opened(source, opened, folder) for source in loaded.sources]


def _opened(source: Any, vendors: dict[str, Any], folder: Path) -> Any:
    if source.type == "files":
        return source.model_copy(update={"path": str(folder / "left")})
    vendor = vendors[source.type]
    return source.model_copy(update={"base_url": vendor.url, "api_key" if source.type == "stripe" else "token": vendor.token})


def _built(sources: list[Any], folder: Path) -> Marts:
    for source in sources:
        loads = landing.extract(source, INPUT_TABLES.values(), folder / "landing", folder / "dlt")
        assert [load.error for load in loads if load.error] == []
    project = harness.project("contractual")
    wanted = [node.name for node in project.nodes.values() if node.schema == "marts" and not node.name.startswith(NOT_COMPARED)]
    with harness.empty_warehouse() as connection:
        warehouse.expose_landing(connection, landing.completed_files(folder / "landing"))
        project.build(connection, wanted, AS_OF)
        assert connection.sql("SELECT source, table_name, column_name, rule, reason FROM ops.quarantined_rows").fetchall() == []
        return {name: connection.sql(f"FROM {project.nodes[name].relation}").df() for name in wanted}


def _labels(identities: pd.DataFrame) -> dict[str, str]:
    """customer_key → the ids that its records have wherever they are kept: those of Acme's own system, and of its billing."""
    kept = identities[(identities["valid_to"].isna()) & (identities["source"] != "hubspot")]
    told = kept["record_type"] + " " + kept["source_customer_id"]
    return told.groupby(kept["customer_key"]).agg(lambda ids: ", ".join(sorted(ids))).to_dict()


def _rows(mart: pd.DataFrame, labels: dict[str, str]) -> Counter[tuple[str, ...]]:
    """The rows of a mart, whatever identifies a customer replaced by their records."""
    told = mart.drop(columns=[name for name in mart.columns if name in UNLIKE])
    for name in {"customer_key", "respondent_key"} & set(told.columns):
        told[name] = told[name].map(lambda key: labels.get(key, "nobody"))
    return Counter(tuple(map(_spelt, row)) for row in told.itertuples(index=False))


def _spelt(value: Any) -> str:
    """A value in one spelling: numbers with the digits that do not depend on the order in which they were added up."""
    if isinstance(value, list | tuple) or (hasattr(value, "tolist") and getattr(value, "ndim", 0)):
        return ", ".join(map(_spelt, value))
    if value is None or pd.isna(value):
        return ""
    return f"{float(value):.6g}" if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else str(value)
