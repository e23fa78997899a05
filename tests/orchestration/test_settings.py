"""The configuration: what is wrong is said in one line with file, place and what to do."""

from datetime import date
from pathlib import Path

import pytest

from orchestration import settings
from orchestration.settings import ConfigurationError

GOOD = """\
company: {name: Acme, business_model: contractual, reporting_currency: USD}
sources: [{type: files, path: exports}]
"""


def config(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text)
    return path


def test_defaults_and_paths_relative_to_the_file(tmp_path: Path) -> None:
    loaded = settings.load(config(tmp_path, GOOD), {})
    assert loaded.tuning.nps_min_responses == 30
    assert loaded.resolve("exports") == str(tmp_path / "exports")
    assert loaded.resolve("s3://bucket/x") == "s3://bucket/x"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty or not a mapping"),
        ("company: [", "not valid YAML"),
        (GOOD + "colour: red\n", "colour: unknown key"),
        (GOOD.replace("path: exports", "path: exports, folder: x"), "sources.0.folder: unknown key"),
        (GOOD.replace("contractual", "sometimes"), "company.business_model: Input should be 'contractual' or 'non_contractual'"),
        (GOOD.replace("USD", "dollars"), "company.reporting_currency"),
        (GOOD + "settings: {nps_min_responses: many}\n", "settings.nps_min_responses: Input should be a valid integer"),
        (
            GOOD + "settings: {accept_vanished_tables: [crm_custmers]}\n",
            "settings.accept_vanished_tables: 'crm_custmers' is no input table",
        ),
        (GOOD + "settings: {holdout_share: 1.5}\n", "settings.holdout_share: Input should be less than or equal to 1"),
        (GOOD.replace("[{type: files, path: exports}]", "[]"), "sources: Tuple should have at least 1 item"),
        (GOOD.replace("USD}", "USD, timezone: Mars}"), "unknown time zone 'Mars'"),
        (GOOD.replace("exports}]", "exports}, {type: files, path: more}]"), "two sources are called 'files'"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = config(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        settings.load(path, {})
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="init FOLDER"):
        settings.load(tmp_path / "none.yaml", {})


def test_the_environment_wins_over_the_home_of_the_file(tmp_path: Path) -> None:
    path = config(tmp_path, GOOD + "home: here\n")
    assert settings.load(path, {}).home == tmp_path / "here"
    assert settings.load(path, {"RAPPORT_HOME": str(tmp_path / "there")}).home == tmp_path / "there"


def test_secrets_are_references_resolved_when_asked_for() -> None:
    assert settings.Settings.secret("${TOKEN}", {"TOKEN": "abc"}) == "abc"
    with pytest.raises(ConfigurationError, match="TOKEN is not set"):
        settings.Settings.secret("${TOKEN}", {})
    with pytest.raises(ConfigurationError, match="never in the file") as caught:
        settings.Settings.secret("sk_live_123", {})
    assert "sk_live_123" not in str(caught.value)


def test_the_as_of_date(tmp_path: Path) -> None:
    loaded = settings.load(config(tmp_path, GOOD), {})
    today = date(2026, 3, 1)
    assert settings.as_of_date(None, loaded, today) == date(2026, 2, 28)
    assert settings.as_of_date("2026-03-01", loaded, today) == today
    with pytest.raises(ConfigurationError, match="lies in the future"):
        settings.as_of_date("2026-03-02", loaded, today)
    with pytest.raises(ConfigurationError, match="YYYY-MM-DD"):
        settings.as_of_date("1 March", loaded, today)
