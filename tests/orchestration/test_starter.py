"""`init`: what it writes is valid, complete and never overwrites."""

from pathlib import Path

import pytest
import yaml

from orchestration import settings, starter
from orchestration.__main__ import main
from orchestration.contract import INPUT_TABLES
from orchestration.settings import ConfigurationError, Tuning


@pytest.mark.parametrize("name", ["my-company", "2026", "yes", "a: b", "#1", "Über's {x}"])
def test_the_config_is_valid_whatever_the_folder_is_called(tmp_path: Path, name: str) -> None:
    assert settings.load(starter.write(tmp_path / name), {}).company.name == name


def test_the_config_names_every_setting(tmp_path: Path) -> None:
    text = starter.write(tmp_path / "c").read_text()
    assert all(f"#  {name}:" in text for name in Tuning.model_fields)


def test_the_commented_settings_are_the_defaults(tmp_path: Path) -> None:
    text = starter.write(tmp_path / "c").read_text()
    tuned = "\n".join(line.removeprefix("#") for line in text.split("with its default:\n")[1].splitlines())
    assert yaml.safe_load(tuned) == Tuning().model_dump(mode="json")


def test_one_header_only_file_per_table(tmp_path: Path) -> None:
    exports = starter.write(tmp_path / "c").parent / "exports"
    for table in INPUT_TABLES.values():
        assert (exports / f"{table.name}.csv").read_text() == ",".join(table.column_names) + "\n"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    starter.write(tmp_path)
    with pytest.raises(ConfigurationError, match="already there"):
        starter.write(tmp_path)


def test_running_the_untouched_folder_says_what_to_fill_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAPPORT_HOME", str(tmp_path / "home"))
    assert main(["init", str(tmp_path / "c")]) == 0
    assert main(["run", "--config", str(tmp_path / "c" / "config.yaml")]) == 2
    said = capsys.readouterr().err
    assert "fill in crm_customers.csv" in said
    assert "Traceback" not in said
    assert not (tmp_path / "home").exists()
