"""`explain`: whom an id means, what is told of a customer, and what never is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration import releases
from orchestration.__main__ import main
from orchestration.home import Home

CONFIG = "company: {name: A, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\nhome: home\n"
ANN, BOB, EVE, OLD, ZOE = "a" * 32, "b" * 32, "e" * 32, "0" * 32, "f" * 32
# Ann is scored and decided on, Zoe decided on by no policy; Bob has withdrawn from profiling; Eve is erased.
# `7` is two people, and so is `files:9`.
MARTS = f"""
CREATE SCHEMA marts;
CREATE TABLE marts.dim_customers AS SELECT * FROM (VALUES
    ('{ANN}', 'DE', true, false, true, 'ann.owner@example.org'), ('{BOB}', 'FR', true, false, false, NULL),
    ('{EVE}', NULL, false, true, false, NULL), ('{ZOE}', NULL, true, false, true, NULL)
    ) AS t (customer_key, country, is_active, is_erased, can_email, owner);
CREATE TABLE marts.customer_360 AS SELECT * FROM (VALUES
    ('{ANN}', 42.50::DECIMAL(18, 6), true, true, false), ('{BOB}', 0, false, false, false)
    ) AS t (customer_key, mrr, can_profile, can_email, can_ads);
CREATE TABLE marts.customer_identities AS SELECT *, TIMESTAMP '2025-01-01' AS valid_from FROM (VALUES
    ('crm', 'crm', '1', '{ANN}', 'own', NULL), ('stripe', 'billing', 'cus_1', '{ANN}', 'email', NULL),
    ('crm', 'crm', '7', '{ANN}', 'merge', NULL), ('stripe', 'billing', '7', '{BOB}', 'own', NULL),
    ('files', 'crm', '9', '{ANN}', 'own', NULL), ('files', 'billing', '9', '{BOB}', 'own', NULL),
    ('crm', 'crm', 'moved', '{BOB}', 'email', TIMESTAMP '2026-01-01'), ('crm', 'crm', 'moved', '{ANN}', 'email', NULL),
    ('web:shop', 'crm', '[b]x[/b]', '{EVE}', 'own', NULL)
    ) AS t (source, record_type, source_customer_id, customer_key, matched_by, valid_to);
CREATE TABLE marts.dim_customer_key_redirects AS SELECT '{OLD}' AS old_customer_key, '{ANN}' AS customer_key;
CREATE TABLE marts.metric_customer_clv AS SELECT * FROM (VALUES
    ('{ANN}', 100::DECIMAL(18, 6), 50::DECIMAL(18, 6), 20::DECIMAL(18, 6), 90::DECIMAL(18, 6), 'nan'::DOUBLE),
    ('{BOB}', 10, NULL, NULL, NULL, NULL)
    ) AS t (customer_key, clv_historic, clv_predicted, clv_predicted_low, clv_predicted_high, p_alive);
ALTER TABLE marts.metric_customer_clv ADD COLUMN currency VARCHAR DEFAULT 'USD';
ALTER TABLE marts.metric_customer_clv ADD COLUMN horizon_days INTEGER DEFAULT 365;
ALTER TABLE marts.metric_customer_clv ADD COLUMN clv_total DECIMAL(18, 6) DEFAULT 150;
ALTER TABLE marts.metric_customer_clv ADD COLUMN model VARCHAR DEFAULT 'sbg';
ALTER TABLE marts.metric_customer_clv ADD COLUMN model_version VARCHAR DEFAULT 'clv-1';
CREATE TABLE marts.fct_churn_scores AS SELECT '{ANN}' AS customer_key, 0.25 AS churn_probability, 'high' AS risk_band, 90 AS horizon_days,
    ['Days to renewal 6: raises the risk'] AS reasons, 'churn-1' AS model_version;
INSERT INTO marts.fct_churn_scores VALUES ('{ZOE}', 0.1, 'low', 90, [], 'base_rate');
CREATE TABLE marts.fct_action_candidates AS SELECT * FROM (VALUES
    ('{ANN}', 'nothing', NULL, NULL, 0.0),
    ('{ANN}', 'success_call', 'phone', 'consent', 30.0), ('{ANN}', 'discount_offer', 'email', NULL, 5.0)
    ) AS t (customer_key, action, channel, gate_removed_by, score);
CREATE TABLE marts.fct_next_best_actions AS SELECT '{ANN}' AS customer_key, 'discount_offer' AS action, 'email' AS channel,
    'expansion' AS aims_at, 0.925 AS propensity, false AS is_holdout, 'Worth it' AS reason, 'policy-1' AS policy_version,
    'nba-1' AS model_version;
INSERT INTO marts.fct_next_best_actions VALUES
    ('{ZOE}', 'nothing', NULL, NULL, 1.0, false, 'Not expected to pay', 'no_policy/explore=0.1', NULL);
CREATE TABLE marts.fct_feedback AS SELECT '{ANN}' AS customer_key, 'I am Ann, call 555-0100' AS comment;
CREATE TABLE marts.sync_crm__customer_scores AS SELECT '{ANN}' AS customer_key, '1' AS external_id;
CREATE TABLE marts.sync_mail__offers AS SELECT '{BOB}' AS customer_key, 'bob@example.org' AS email;
CREATE TABLE marts.sync_log AS SELECT * FROM (VALUES
    ('crm', 'customer_scores', '{ANN}', 'ann@example.org', 'clear', 'acknowledged', '200', TIMESTAMP '2026-01-30 02:00', 'r1'),
    ('crm', 'customer_scores', '{ANN}', 'ann@example.org', NULL, 'retryable', '503', TIMESTAMP '2026-01-29 02:00', 'r0')
    ) AS t (destination, audience, customer_key, external_id, operation, outcome, code, attempted_at, release_id);
"""
FACTS = {
    "as_of": date(2026, 1, 31),
    "run_id": "run-1",
    "code_version": "1.0",
    "config_hash": "abc",
    "models": [],
    "sources": [],
    "checks": {},
}
Explain = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    (folder / "config.yaml").write_text(CONFIG)
    Home(folder / "home").prepare()
    with duckdb.connect(str(folder / "build.duckdb")) as connection:
        connection.execute(MARTS)
    releases.publish(releases.build(folder / "build.duckdb", folder / "home", **FACTS))  # type: ignore[arg-type]
    return folder


@pytest.fixture
def explain(company: Path, capsys: pytest.CaptureFixture[str]) -> Explain:
    """Exit code, standard output and standard error of `explain --customer`."""

    def call(wanted: str, *arguments: str) -> tuple[int, str, str]:
        code = main(["explain", "--config", str(company / "config.yaml"), "--customer", wanted, *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.mark.parametrize("wanted", [ANN, OLD, "1", "crm:1", "cus_1", "stripe:cus_1", "crm:7", "moved"])
def test_any_id_of_a_customer_means_that_customer(explain: Explain, wanted: str) -> None:
    code, out, err = explain(wanted, "--json")
    assert (code, err, json.loads(out)["customer_key"]) == (0, "", ANN)


def test_an_id_of_two_customers_lists_both(explain: Explain) -> None:
    code, out, err = explain("7")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "crm:7 (crm, customer_key " + ANN in err
    assert "stripe:7 (billing, customer_key " + BOB in err


def test_one_source_may_use_an_id_for_two_records(explain: Explain) -> None:
    code, _, err = explain("files:9")
    assert code == 2
    assert ANN in err
    assert BOB in err


def test_nobody_s_risk_is_weighed_by_a_value_that_is_not_predicted(explain: Explain) -> None:
    assert "high, by probability × value among tonight's customers" in explain(ANN)[1]
    assert "low, by probability among tonight's customers: no value is predicted for this one" in explain(ZOE)[1]


@pytest.mark.parametrize("wanted", ["nobody", "crm:cus_1", "", "' OR true --"])
def test_an_unknown_id_is_one_line(explain: Explain, wanted: str) -> None:
    code, out, err = explain(wanted)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "there is no customer" in err


def test_machines_get_every_section(explain: Explain) -> None:
    told = json.loads(explain("1", "--json")[1])
    assert (told["as_of"], told["known"]["country"], told["known"]["mrr"]) == ("2026-01-31", "DE", 42.5)
    assert (told["value"]["clv_predicted"], told["value"]["clv_predicted_low"], told["value"]["clv_predicted_high"]) == (50, 20, 90)
    assert told["value"]["p_alive"] is None
    assert told["churn"]["reasons"] == ["Days to renewal 6: raises the risk"]
    assert [(one["action"], one["gate_removed_by"], one["score"]) for one in told["candidates"]] == [
        ("discount_offer", None, 5.0),
        ("nothing", None, 0.0),
        ("success_call", "consent", 30.0),
    ]
    assert (told["decision"]["propensity"], told["decision"]["is_holdout"]) == (0.925, False)
    assert told["consent"] == {"can_email": True, "can_profile": True, "can_ads": False}
    assert told["audiences"] == ["sync_crm__customer_scores"]
    assert [one["operation"] for one in told["synced"]] == ["clear", None]
    assert [(one["outcome"], one["code"]) for one in told["synced"]] == [("acknowledged", "200"), ("retryable", "503")]
    assert {record["source_customer_id"] for record in told["records"]} == {"1", "cus_1", "7", "9", "moved"}


def test_a_person_reads_why(explain: Explain) -> None:
    _, out, _ = explain("1")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "predicted $50 in 365 days; 80 % interval $20 to $90" in lines
    assert "because Days to renewal 6: raises the risk" in lines
    assert "success call phone 30.00 removed by consent: no consent on this channel to what it is for" in lines
    assert "discount offer email 5.00 chosen" in lines
    assert "aims at expansion" in lines
    assert "crm customer_scores retryable 503 29 Jan 2026, 02:00 r0" in lines


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_no_address_and_no_text_is_shown(explain: Explain, arguments: tuple[str, ...]) -> None:
    said = "".join(explain(wanted, *arguments)[1] for wanted in (ANN, BOB, EVE))
    assert ANN in said
    for personal in ("@", "555-0100", "I am"):
        assert personal not in said


@pytest.mark.parametrize(("wanted", "why"), [(BOB, "the customer has withdrawn from profiling"), (EVE, "erased")])
def test_what_is_not_predicted_says_why(explain: Explain, wanted: str, why: str) -> None:
    code, out, _ = explain(wanted)
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert code == 0
    assert f"not scored {why}" in lines
    assert f"none {why}" in lines


def test_an_id_that_looks_like_markup_is_shown_as_it_is(explain: Explain) -> None:
    assert "web:shop:[b]x[/b] (crm; its own)" in explain("[b]x[/b]")[1]


def test_before_the_first_release_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    assert main(["explain", "--config", str(tmp_path / "config.yaml"), "--customer", "1"]) == 1
    said = capsys.readouterr().err
    assert "nothing is published yet" in said
    assert said.count("\n") == 1
    assert not (tmp_path / "home").exists()


def test_a_damaged_release_is_named(tmp_path: Path, company: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    with duckdb.connect(str(tmp_path / "build.duckdb")) as connection:
        connection.execute(MARTS)
    release = releases.publish(releases.build(tmp_path / "build.duckdb", tmp_path / "home", **FACTS))  # type: ignore[arg-type]
    release.database.chmod(0o600)
    release.database.write_bytes(b"not a database any more")
    assert main(["explain", "--config", str(tmp_path / "config.yaml"), "--customer", "1"]) == 1
    assert "is damaged: rapport.duckdb" in capsys.readouterr().err


def test_a_decision_that_no_model_made_names_none(explain: Explain) -> None:
    said = explain(ZOE)[1]
    assert "no_policy/explore=0.1" in said
    assert "None" not in said
