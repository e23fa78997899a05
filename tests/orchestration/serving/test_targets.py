"""The targets that the configuration names: where each of them is."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration import releases, serving_targets, settings
from tests.orchestration.serving.conftest import FIRST, published

COMPANY = "company: {name: Acme, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\n"


@pytest.mark.parametrize("said", ["elsewhere", "${RAPPORT_ELSEWHERE}"])
def test_a_folder_may_be_named_by_the_environment(said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It used to be a folder of that name, dollar and all."""
    monkeypatch.setenv("RAPPORT_ELSEWHERE", str(tmp_path / "elsewhere"))
    (tmp_path / "config.yaml").write_text(f'{COMPANY}home: home\nserving: [{{type: parquet, url: "{said}"}}]\n')
    release = published(tmp_path / "home", FIRST)
    accounts, failures = serving_targets.serve_all(settings.load(tmp_path / "config.yaml"), release)
    assert (list(accounts), failures) == (["parquet"], [])
    assert (tmp_path / "elsewhere" / "current.json").is_file()
    assert sorted(path.name for path in tmp_path.iterdir() if "$" in path.name) == []
    assert releases.current(tmp_path / "home").id == release.id
