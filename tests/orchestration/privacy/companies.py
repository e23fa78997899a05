"""A company of a few people, as files in a folder, and what of it has landed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orchestration import landing, settings
from orchestration.contract import INPUT_TABLES
from orchestration.home import Home

CONFIG = """company: {name: Acme, business_model: contractual, reporting_currency: USD}
sources: [{type: files, path: exports}]
home: home
"""


def company(folder: Path, exports: Mapping[str, str], more: str = "") -> Home:
    """Its home, beside a configuration that says `more` and a CSV file per table; everything has landed, and nothing was built."""
    (folder / "config.yaml").write_text(CONFIG + more)
    (folder / "exports").mkdir()
    for table, text in exports.items():
        (folder / "exports" / f"{table}.csv").write_text(text)
    home = Home(folder / "home")
    home.prepare()
    land(home)
    return home


def land(home: Home) -> None:
    """What is in its exports now, but for whoever was erased."""
    loaded = settings.load(home.root.parent / "config.yaml", {})
    gone = landing.Tombstones(home.erasures)
    loads = landing.extract(loaded.ready(loaded.sources[0]), INPUT_TABLES.values(), home.landing, home.state / "dlt", tombstones=gone)
    assert [load.error for load in loads if load.error] == []
