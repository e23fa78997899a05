"""The truth is true of the exports, and is not in them."""

from __future__ import annotations

from examples.acme import world
from examples.acme.planting import KINDS
from orchestration.contract import INPUT_TABLES


def rate(acme, condition: str) -> float:
    return acme.one(f"SELECT avg(left_within_90_days::INT) FROM true_customers WHERE is_active_at_end AND {condition}")


def test_whoever_is_at_risk_leaves_more_often(acme):
    cut = "(SELECT quantile_cont(leave_probability_90_days, {}) FROM true_customers WHERE is_active_at_end)"
    low, high = rate(acme, f"leave_probability_90_days < {cut.format(0.5)}"), rate(acme, f"leave_probability_90_days > {cut.format(0.9)}")
    assert high > 4 * low
    assert high > 0.2


def test_hazards_are_calibrated(acme):
    """Over all customer-months the chances add up to the voluntary and unpaid endings the exports show."""
    expected = acme.one("SELECT sum(hazard) FROM true_customer_months WHERE month < DATE '2026-09-01'")
    happened = acme.one("""
        SELECT count(*) FROM (SELECT DISTINCT ON (subscription_id) * FROM good_billing_subscriptions)
        WHERE cancellation_reason <> 'term_ended' AND plan <> 'analytics' AND ended_at::TIMESTAMPTZ < TIMESTAMPTZ '2026-10-01'""")
    assert abs(happened / expected - 1) < 0.12


def test_monthly_churn_and_the_base_at_the_end_are_those_of_a_living_business(acme):
    months = acme.one("SELECT count(*) FROM true_customer_months")
    main = "status = 'canceled' AND plan <> 'analytics'"
    ended = acme.one(f"SELECT count(DISTINCT subscription_id) FROM good_billing_subscriptions WHERE {main}")
    assert 0.02 < ended / months < 0.04
    assert 0.50 < acme.one("SELECT avg(is_active_at_end::INT) FROM true_customers WHERE standing = 'paying'") < 0.75
    starts = "SELECT min(month) AS month FROM true_customer_months GROUP BY person_id"
    assert 0.20 < acme.one(f"SELECT avg((month = DATE '2024-05-01')::INT) FROM ({starts})") < 0.30


def test_dissatisfaction_and_disuse_precede_leaving(acme):
    stays, leaves = acme.ask("SELECT avg(mood), avg(use) FROM true_customer_months GROUP BY pull > 0.08 ORDER BY pull > 0.08")
    assert stays[0] > leaves[0] + 0.5
    assert stays[1] > leaves[1] + 0.3
    used = acme.one("""
        WITH use AS (SELECT customer_id, count(*) AS rows FROM good_crm_interactions WHERE kind = 'usage' GROUP BY ALL),
        people AS (SELECT source_customer_id AS customer_id, person_id FROM true_identities WHERE record_type = 'crm' AND kind = 'primary'),
        months AS (SELECT person_id, count(*) AS months, avg(use) AS use FROM true_customer_months GROUP BY ALL HAVING count(*) > 5)
        SELECT corr(use.rows / months.months, exp(months.use)) FROM use JOIN people USING (customer_id) JOIN months USING (person_id)""")
    assert used > 0.6


def test_actions_differ_in_effect_between_customers(acme):
    for action in world.ACTIONS[1:]:
        low, high = acme.ask(f"SELECT min(log_odds_effect_{action}), max(log_odds_effect_{action}) FROM true_customers")[0]
        assert high - low > 0.8, action
        effect, odds = f"retention_effect_{action}", f"log_odds_effect_{action}"
        assert acme.one(f"SELECT count(*) FROM true_customers WHERE sign({effect}) = sign({odds}) AND abs({effect}) > 1e-9") == 0
    assert acme.one("SELECT max(abs(log_odds_effect_nothing)) FROM true_customers") == 0


def test_logged_propensities_are_the_frequencies_of_the_actions(acme):
    """Inverse weights of an action's rows add up to the number of decisions in which it could be drawn."""
    log = "(SELECT DISTINCT ON (action_id) * FROM good_crm_actions WHERE is_holdout = 'false')"
    decisions = dict(acme.ask(f"SELECT action, count(*) FROM {log} GROUP BY action"))
    assert set(decisions) == set(world.ACTIONS)
    weights = acme.one(f"SELECT sum(1 / propensity::DOUBLE) FROM {log} WHERE action = 'nothing'")
    assert abs(weights / sum(decisions.values()) - 1) < 0.05
    held = acme.ask("SELECT DISTINCT action, propensity::DOUBLE FROM good_crm_actions WHERE is_holdout = 'true'")
    assert held == [("nothing", 1.0)]


def test_the_log_shows_what_the_truth_says_about_training(acme):
    """Weighted by propensity, trained customers with little use stay longer than those left alone."""
    log = """
        WITH log AS (SELECT DISTINCT ON (action_id) customer_id, action, propensity::DOUBLE AS p, decided_at::TIMESTAMPTZ AS at
                     FROM good_crm_actions WHERE is_holdout = 'false' AND decided_at::TIMESTAMPTZ < TIMESTAMPTZ '2026-07-25'),
        who AS (SELECT source_customer_id AS customer_id, person_id FROM true_identities WHERE record_type = 'crm' AND kind = 'primary'),
        state AS (SELECT person_id, month, use FROM true_customer_months WHERE pull > hazard - 1e-6),
        outcome AS (SELECT log.*, use, EXISTS (FROM true_customer_months AS later
                        WHERE later.person_id = who.person_id AND later.month = date_trunc('month', log.at) + INTERVAL 3 MONTH) AS stayed
                    FROM log JOIN who USING (customer_id)
                    JOIN state ON state.person_id = who.person_id AND state.month = date_trunc('month', log.at))
        SELECT sum(stayed::INT / p) / sum(1 / p) FROM outcome WHERE use < -0.4 AND action = '{}'"""
    assert acme.one(log.format("training_invite")) > acme.one(log.format("nothing")) + 0.02


def test_the_contented_answer_more_and_score_higher(acme):
    answers = acme.ask("""
        SELECT satisfaction > 0 AS content, avg(score::DOUBLE), count(*)
        FROM (SELECT DISTINCT ON (response_id) * FROM good_survey_responses)
        JOIN true_survey_responses USING (response_id) WHERE metric = 'nps' GROUP BY ALL ORDER BY ALL""")
    assert answers[1][1] > answers[0][1] + 1.5
    asked = acme.one("SELECT avg(mood) FROM true_customer_months")
    assert acme.one("SELECT avg(satisfaction) FROM true_survey_responses") > asked + 0.15
    languages = {row[0] for row in acme.ask("SELECT DISTINCT language FROM good_survey_responses WHERE comment IS NOT NULL")}
    assert languages == set(world.LANGUAGES)
    assert acme.one("SELECT count(DISTINCT comment) FROM good_survey_responses") > 500


def test_identities_can_be_told_from_the_records(acme):
    """Every duplicate shares with its primary what its kind promises; nobody else shares an address or a number, mailboxes aside."""
    acme.connection.execute("""
        CREATE OR REPLACE TEMP VIEW known AS SELECT DISTINCT ON (customer_id) c.*, t.person_id, t.kind, t.is_shared_mailbox,
            lower(email) AS mail, replace(phone, ' ', '') AS number
        FROM good_crm_customers AS c JOIN true_identities AS t ON t.record_type = 'crm' AND t.source_customer_id = c.customer_id
        ORDER BY updated_at DESC""")
    shared = {
        "same_email": "d.mail = p.mail AND d.email <> p.email",
        "same_phone": "d.number = p.number",
        "merged": "d.merged_into_customer_id = p.customer_id",
    }
    pairs = "known AS d JOIN known AS p ON p.person_id = d.person_id AND p.kind = 'primary' AND NOT p.is_shared_mailbox"
    for kind, condition in shared.items():
        total, fits = acme.ask(f"SELECT count(*), count(*) FILTER ({condition}) FROM {pairs} WHERE d.kind = '{kind}'")[0]
        assert total == fits > 20, kind
    for column in ("mail", "number"):
        several = f"SELECT {column} FROM known WHERE NOT is_shared_mailbox GROUP BY 1 HAVING count(DISTINCT person_id) > 1"
        assert acme.one(f"SELECT count(*) FROM ({several})") == 0
    assert acme.one("SELECT min(n) FROM (SELECT count(*) AS n FROM known WHERE is_shared_mailbox GROUP BY mail)") > 5
    assert acme.one("SELECT count(*) FROM good_billing_customers WHERE customer_id IS NULL") > 100


def test_whoever_unsubscribes_has_withdrawn_and_gets_no_mail_any_more(acme):
    acme.connection.execute("""
        CREATE OR REPLACE TEMP VIEW goodbyes AS
        SELECT customer_id, min(occurred_at::TIMESTAMPTZ) AS gone_at FROM good_crm_interactions WHERE kind = 'unsubscribed' GROUP BY ALL""")
    assert acme.one("SELECT count(*) FROM goodbyes") > 50
    stated = "SELECT customer_id FROM good_crm_consents WHERE status = 'withdrawn' AND channel = 'email' AND purpose = 'marketing'"
    assert acme.one(f"SELECT avg((customer_id IN ({stated}))::INT) FROM goodbyes") > 0.95
    mails = "good_crm_interactions JOIN goodbyes USING (customer_id)"
    mailed = f"SELECT count(*) FROM {mails} WHERE kind = 'sent' AND occurred_at::TIMESTAMPTZ > gone_at"
    assert acme.one(mailed) == 0


def test_planted_kinds_are_the_known_ones(acme):
    assert {row[0] for row in acme.ask("SELECT DISTINCT kind FROM true_bad_rows")} == set(KINDS)


def test_no_truth_in_the_exports(acme):
    names = {path.stem for path in acme.truth.iterdir()}
    assert names == {"bad_rows", "customer_months", "customers", "identities", "survey_responses"}
    for path in acme.out.rglob("*"):
        if path.is_file():
            assert b"person0" not in path.read_bytes(), path
    hidden = {"hazard", "mood", "use", "pull", "person_id", "satisfaction", "is_happy", "expected_value_usd"}
    columns = {column for name in INPUT_TABLES for column in acme.connection.table(name).columns}
    assert not columns & hidden
