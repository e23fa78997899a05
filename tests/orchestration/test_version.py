"""What a manifest says of the code, the packages and the configuration that made a release."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration import settings, version

CONFIG = """company: {name: Acme, business_model: contractual, reporting_currency: USD}
sources: [{type: files, path: exports}]
destinations: [{type: webhook, url: "https://hooks.example.com/T0KEN-IN-THE-URL", secret: "${HOOK}"}]
home: home
settings: {churn_horizon_days: 60, extra_dimensions: [owner]}
"""


def loaded(folder: Path, text: str = CONFIG) -> settings.Settings:
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(text)
    return settings.load(folder / "config.yaml", {})


def test_every_leaf_has_its_place_and_defaults_are_told_too(tmp_path: Path) -> None:
    told = version.configuration(loaded(tmp_path))
    assert told["company.name"] == "Acme"
    assert told["settings.churn_horizon_days"] == 60
    assert told["settings.clv_horizon_days"] == 365
    assert told["settings.extra_dimensions.0"] == "owner"


def test_of_connections_only_changes_are_told(tmp_path: Path) -> None:
    told = version.configuration(loaded(tmp_path))
    assert "T0KEN" not in str(told)
    assert "HOOK" not in str(told)
    moved = version.configuration(loaded(tmp_path, CONFIG.replace("T0KEN", "OTHER")))
    assert [place for place in told if told[place] != moved[place]] == ["destinations.0.url"]


def test_where_the_file_lies_changes_nothing(tmp_path: Path) -> None:
    one, other = loaded(tmp_path / "a"), loaded(tmp_path / "b")
    assert version.configuration(one) == version.configuration(other)
    assert version.config_hash(one) == version.config_hash(other)
    assert version.config_hash(one) != version.config_hash(loaded(tmp_path, CONFIG.replace("60", "61")))


def test_the_packages_are_those_that_run() -> None:
    told = version.packages()
    assert told["duckdb"] == duckdb.__version__
    assert set(told) >= {"python", "dagster", "dbt-core", "scikit-learn"}
