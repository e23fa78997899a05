"""Actions as data: rules become SQL, and every slip is one clear line before anything runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from orchestration.configuration.action_rules import features, sql_of
from orchestration.configuration.actions import for_dbt
from orchestration.configuration.file import ConfigurationError
from orchestration.settings import load

MODEL = Path(__file__).parents[3] / "dbt_project" / "models" / "ml" / "_ml.yml"
GIFT = {"name": "gift", "channel": "post", "purpose": "marketing", "cost": 12.5, "description": "A parcel"}


def _config(folder: Path, *actions: dict) -> Path:
    (folder / "actions.yml").write_text(yaml.safe_dump({"actions": list(actions)}), encoding="utf-8")
    company = {"name": "A", "business_model": "contractual", "reporting_currency": "USD"}
    content = {"company": company, "sources": [{"type": "files", "path": "exports"}], "actions": "actions.yml"}
    (folder / "config.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder / "config.yaml"


def test_the_features_are_those_of_the_model():
    told = next(model for model in yaml.safe_load(MODEL.read_text(encoding="utf-8"))["models"] if model["name"] == "customer_features")
    kinds = {column["name"]: column["data_type"] for column in told["columns"]}
    assert set(features()) == set(kinds) - {"customer_key", "cutoff_date", "is_tonight", "label_left", "left_after_days"}
    for name, kind in features().items():
        assert (kind == "text") == kinds[name].startswith("varchar"), name
        assert (kind == "boolean") == (kinds[name] == "boolean"), name


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        ("mrr > 20", "(features.mrr > 20)"),
        (
            "tenure_days >= 90 and not has_requested_cancellation",
            "((features.tenure_days >= 90) and (not features.has_requested_cancellation))",
        ),
        ('plan in ("team", "pro") or country != "DE"', "((features.plan in ('team', 'pro')) or (features.country <> 'DE'))"),
        ("last_nps is not null and mrr_change_90d < -5", "((features.last_nps is not null) and (features.mrr_change_90d < -5))"),
        ("was_referred == true", "(features.was_referred = true)"),
    ],
)
def test_rules_become_sql(rule, sql):
    assert sql_of(rule) == sql


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("mrrr > 3", "'mrrr' is no feature; did you mean mrr?"),
        ("mrr = 3", "write == to compare"),
        ("mrr > 3 and", "cannot be read"),
        ("plan > 3", "plan is a text and cannot be compared with 3"),
        ('mrr > "a"', "mrr is a number"),
        ("mrr == true", "mrr is a number"),
        ("mrr", "is no condition"),
        ("1 < mrr < 5", "one comparison at a time"),
        ("plan in 'a'", "give a list"),
        ("last_nps is 3", "is null"),
        ("mrr > seats", "is no value"),
        ('plan == "a\' or 1=1 --"', "neither quotes"),
        ("__import__('os').getcwd()", "is no condition"),
        ("mrr > 1e400", "inf is too large a number"),
        ("mrr in (1, -1e999)", "-inf is too large a number"),
        ("mrr > 3  # small ones\n and seats > 2", "a rule holds no comments"),
        ("not " * 3000 + "mrr > 3", "is nested too deeply"),
    ],
)
def test_a_rule_with_a_slip_says_which(rule, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        sql_of(rule)


def test_actions_of_the_file_reach_dbt(tmp_path):
    settings = load(_config(tmp_path, GIFT | {"eligible_when": "mrr > 20", "cooldown_days": 90}), {})
    (told,) = for_dbt(settings.actions)
    assert told["eligible_sql"] == "(features.mrr > 20)"
    assert told["suppress_sql"] is None
    assert (told["name"], told["cost"], told["currency"], told["cooldown_days"]) == ("gift", 12.5, None, 90)
    assert (told["aims_at"], told["worth"]) == ("retention", None)
    (told,) = for_dbt(load(_config(tmp_path, GIFT | {"aims_at": "referral", "worth": 80}), {}).actions)
    assert (told["aims_at"], told["worth"]) == ("referral", 80)


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ([GIFT | {"eligible_when": "mrrr > 3"}], "actions.0.eligible_when: 'mrrr' is no feature; did you mean mrr?"),
        ([GIFT | {"eligible_wen": "mrr > 3"}], "unknown key; did you mean eligible_when?"),
        ([GIFT | {"channel": "pigeon"}], "actions.0.channel"),
        ([GIFT | {"cooldown_days": 0}], "actions.0.cooldown_days"),
        ([GIFT | {"aims_at": "referal", "worth": 80}], "actions.0.aims_at: must be 'retention', 'expansion', 'referral' or"),
        ([GIFT | {"aims_at": "survey_response"}], "survey_response needs `worth`"),
        ([GIFT | {"aims_at": "expansion", "worth": 80}], "expansion is worth what the customer is"),
        ([GIFT, GIFT], "two actions are called 'gift'"),
        ([GIFT | {"name": "nothing"}], "is always there"),
        ([], "must not be empty"),
    ],
)
def test_a_slip_in_the_file_is_one_line_with_its_place(tmp_path, actions, words):
    with pytest.raises(ConfigurationError, match=re.escape(words)) as caught:
        load(_config(tmp_path, *actions), {})
    assert "\n" not in str(caught.value)
    assert "actions.yml" in str(caught.value)


def test_a_bare_list_is_told_how_the_file_begins(tmp_path):
    path = _config(tmp_path, GIFT)
    (tmp_path / "actions.yml").write_text(yaml.safe_dump([GIFT]), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"actions\.yml: is empty or not a mapping; begin with `actions:`"):
        load(path, {})


def test_a_file_that_is_not_there_is_named(tmp_path):
    path = _config(tmp_path, GIFT)
    (tmp_path / "actions.yml").unlink()
    with pytest.raises(ConfigurationError, match=r"actions.yml is not there"):
        load(path, {})
