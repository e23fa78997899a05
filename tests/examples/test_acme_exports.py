"""The exports keep the contract, and their books balance."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from examples.acme import world
from examples.acme.generate import generate, main
from examples.acme.planting import KINDS
from orchestration.contract import INPUT_TABLES


def fingerprints(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_seed_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in {"one": 3, "two": 3, "other": 4}.items():
        generate(400, 14, "2026-10-31", seed, tmp_path / name / "exports", tmp_path / name / "truth")
    assert fingerprints(tmp_path / "one") == fingerprints(tmp_path / "two")
    assert fingerprints(tmp_path / "one" / "exports") != fingerprints(tmp_path / "other" / "exports")


def test_chunks_only_add_files(tmp_path, monkeypatch):
    monkeypatch.setattr("examples.acme.generate.CHUNK", 200)
    generate(400, 14, "2026-10-31", 3, tmp_path / "long" / "exports", tmp_path / "long" / "truth")
    generate(200, 14, "2026-10-31", 3, tmp_path / "short" / "exports", tmp_path / "short" / "truth")
    long, short = fingerprints(tmp_path / "long" / "exports"), fingerprints(tmp_path / "short" / "exports")
    assert {name for name in short if name.endswith(".parquet")} < set(long)
    assert all(long[name] == value for name, value in short.items() if name.endswith(".parquet"))
    mains = (tmp_path / "long" / "exports" / "crm_customers").glob("part-0*")
    first, second = (set(pq.read_table(path)["customer_id"].to_pylist()) for path in mains)
    assert not first & second


def test_running_again_replaces_the_exports_and_leaves_other_files_alone(tmp_path):
    generate(300, 14, "2026-10-31", 3, tmp_path / "exports", tmp_path / "truth")
    first = fingerprints(tmp_path)
    (tmp_path / "exports" / "notes.txt").write_text("mine")
    generate(300, 14, "2026-10-31", 3, tmp_path / "exports", tmp_path / "truth")
    assert fingerprints(tmp_path).items() - first.items() == {("exports/notes.txt", hashlib.sha256(b"mine").hexdigest())}


@pytest.mark.parametrize("name", INPUT_TABLES)
def test_columns_are_the_contracts(acme, name):
    contract = INPUT_TABLES[name]
    columns = set(acme.connection.table(name).columns)
    assert columns <= set(contract.column_names)
    assert set(contract.required) <= columns
    assert all(columns & set(group) for group in contract.any_of)
    assert acme.one(f"SELECT count(*) FROM {name}") > 0


@pytest.mark.parametrize("name", INPUT_TABLES)
def test_good_rows_keep_every_rule(acme, name):
    contract = INPUT_TABLES[name]
    breaches = [f"{column} IS NULL" for column in contract.required]
    for column in contract.columns:
        if column.name not in acme.connection.table(name).columns:
            continue
        if column.allowed:
            breaches.append(f"{column.name} NOT IN {column.allowed}")
        if column.type != "text":
            breaches.append(f"{column.name} IS NOT NULL AND try_cast({column.name} AS {column.duckdb_type}) IS NULL")
    breaches += [f"try_cast({end} AS TIMESTAMPTZ) < try_cast({start} AS TIMESTAMPTZ)" for start, end in contract.periods]
    for parent in contract.parents:
        breaches.append(f"{parent.column} NOT IN (SELECT {parent.parent_column} FROM good_{parent.table})")
    for breach in breaches:
        assert acme.one(f"SELECT count(*) FROM good_{name} WHERE {breach}") == 0, breach


@pytest.mark.parametrize("name", sorted(set(INPUT_TABLES) - {"crm_campaigns", "exchange_rates"}))
def test_bad_rows_are_near_one_percent_and_of_every_kind(acme, name):
    contract = INPUT_TABLES[name]
    planted = dict(acme.ask(f"SELECT kind, count(*) FROM true_bad_rows WHERE table_name = '{name}' GROUP BY kind"))
    share = sum(planted.values()) / acme.one(f"SELECT count(*) FROM {name}")
    assert 0.006 < share < 0.011
    fitting = {kind for kind, (fits, _) in KINDS.items() if fits(contract, acme.connection.table(name).columns)}
    assert set(planted) == fitting if sum(planted.values()) > 2 * len(fitting) else set(planted) <= fitting
    assert planted.get("conflicting_duplicate", 0) % 2 == 0


def test_every_kind_of_bad_row_is_planted_and_found(acme):
    """The planted rows are bad in the way the truth says, as the exports show them."""
    shown = {
        "missing_required": ("crm_customers", "created_at IS NULL"),
        "unparseable_time": ("crm_tickets", "opened_at IS NOT NULL AND try_cast(opened_at AS TIMESTAMPTZ) IS NULL"),
        "unparseable_number": ("billing_payments", "try_cast(amount AS DECIMAL(18, 2)) IS NULL AND amount IS NOT NULL"),
        "outside_list": ("crm_consents", "channel = 'something_else'"),
        "orphan": ("crm_interactions", "customer_id LIKE 'gone-%'"),
        "outside_scale": ("survey_responses", "try_cast(score AS DOUBLE) > try_cast(scale_max AS DOUBLE)"),
        "end_before_start": ("billing_subscriptions", "try_cast(ended_at AS TIMESTAMPTZ) < try_cast(started_at AS TIMESTAMPTZ)"),
    }
    for kind, (name, condition) in shown.items():
        planted = acme.one(f"SELECT count(*) FROM true_bad_rows WHERE table_name = '{name}' AND kind = '{kind}'")
        assert planted == acme.one(f"SELECT count(*) FROM {name} WHERE {condition}") > 0, kind
    conflicts = "SELECT row_key FROM true_bad_rows WHERE table_name = 'crm_actions' AND kind = 'conflicting_duplicate'"
    copies = f"SELECT count(*), count(DISTINCT action) FROM crm_actions WHERE action_id IN ({conflicts}) GROUP BY action_id"
    assert set(acme.ask(copies)) == {(2, 2)}
    assert set(KINDS) == {*shown, "conflicting_duplicate"}


def test_keys_of_good_rows_are_unique_but_for_ordered_versions(acme):
    for name, contract in INPUT_TABLES.items():
        key = ", ".join((*contract.key, *([contract.updated_at] if contract.updated_at else [])))
        typed = key.replace("recorded_at", "recorded_at::TIMESTAMPTZ").replace("updated_at", "updated_at::TIMESTAMPTZ")
        columns = [column.name for column in contract.columns if column.name in acme.connection.table(name).columns]
        rows = ", ".join(_typed(contract, column) for column in columns)
        twice = f"SELECT {typed} FROM (SELECT DISTINCT {rows} FROM good_{name}) GROUP BY ALL HAVING count(*) > 1"
        assert acme.one(f"SELECT count(*) FROM ({twice})") == 0, name
    corrected = "SELECT customer_id FROM good_crm_customers GROUP BY ALL HAVING count(DISTINCT updated_at::TIMESTAMPTZ) > 1"
    assert acme.one(f"SELECT count(*) FROM ({corrected})") > 30


def _typed(contract, column):
    return column if contract.column(column).type == "text" else f"{column}::{contract.column(column).duckdb_type} AS {column}"


INVOICES = """
    SELECT invoice_id, any_value(invoice_status) AS status, sum(amount_minor::BIGINT) AS total, min(issued_at::TIMESTAMPTZ) AS issued
    FROM (SELECT DISTINCT ON (invoice_line_id) * FROM good_billing_invoice_lines) GROUP BY invoice_id"""
PAYMENTS = "SELECT DISTINCT ON (payment_id) *, (amount::DECIMAL(18, 2) * 100)::BIGINT AS cents FROM good_billing_payments"


def test_a_paid_invoice_has_one_payment_of_its_total_and_no_other_has_any(acme):
    balance = acme.ask(f"""
        SELECT invoices.status, count(*), count(paid.invoice_id),
            count(*) FILTER (cents = total), count(*) FILTER (occurred_at::TIMESTAMPTZ < issued)
        FROM ({INVOICES}) AS invoices
        LEFT JOIN (SELECT * FROM ({PAYMENTS}) WHERE kind = 'payment' AND status = 'succeeded') AS paid USING (invoice_id)
        GROUP BY invoices.status""")
    found = {status: numbers for status, *numbers in balance}
    assert set(found) == {"paid", "open", "uncollectible", "void"}
    invoices, payments, equal, early = found.pop("paid")
    assert invoices == payments == equal > 10_000
    assert early == 0
    assert all(paid == 0 for _, paid, *_ in found.values())


def test_money_given_back_never_exceeds_the_payment(acme):
    worst = acme.one(f"""
        SELECT max(back - paid) FROM (
            SELECT invoice_id, sum(cents) FILTER (kind <> 'payment') AS back, sum(cents) FILTER (kind = 'payment') AS paid
            FROM ({PAYMENTS}) WHERE status = 'succeeded' GROUP BY invoice_id)""")
    assert worst <= 0
    kinds = {row[0] for row in acme.ask("SELECT DISTINCT kind FROM good_billing_payments WHERE status = 'succeeded'")}
    assert kinds == {"payment", "refund", "chargeback"}


def test_a_recurring_line_is_seats_times_list_price_less_discount(acme):
    """Recomputed from the price list alone, on monthly subscriptions in US dollars."""
    lines = acme.ask("""
        SELECT l.product, l.quantity::BIGINT, l.amount_minor::BIGINT, s.discount_percent::DOUBLE::BIGINT,
            strftime(l.issued_at::TIMESTAMPTZ, '%Y-%m')
        FROM good_billing_invoice_lines AS l JOIN good_billing_subscriptions AS s USING (subscription_id)
        WHERE l.kind = 'recurring' AND s.interval = 'month' AND l.currency = 'USD' AND s.plan <> 'analytics'""")
    before, after = {}, {}
    for plan, seats, cents, discount, month in lines:
        price = int(world.LIST_PRICES[0][world.PLANS.index(plan)])
        risen = month >= "2025-08"
        unit = round(price * world.PRICE_RISE) if risen else price
        assert cents == (seats * unit * (100 - discount) + 50) // 100, (plan, month)
        (after if risen else before)[plan] = unit
    assert set(before) == set(after) == set(world.PLANS)


def test_tax_is_the_rate_of_the_country_on_the_rest_of_the_invoice(acme):
    wrong = acme.one("""
        SELECT count(*) FROM (
            SELECT sum(amount_minor::BIGINT) FILTER (kind = 'tax') AS tax, sum(amount_minor::BIGINT) FILTER (kind <> 'tax') AS net
            FROM (SELECT DISTINCT ON (invoice_line_id) * FROM good_billing_invoice_lines) GROUP BY invoice_id)
        WHERE tax IS NOT NULL AND round(tax / net, 2) NOT BETWEEN 0.18 AND 0.22 AND net > 500""")
    assert wrong == 0


def test_nothing_is_billed_before_the_subscription_starts_or_after_it_ended(acme):
    outside = acme.one("""
        SELECT count(*) FROM good_billing_invoice_lines AS l JOIN good_billing_subscriptions AS s USING (subscription_id)
        WHERE l.issued_at::TIMESTAMPTZ < s.started_at::TIMESTAMPTZ OR l.issued_at::TIMESTAMPTZ >= s.ended_at::TIMESTAMPTZ""")
    assert outside == 0
    known = "SELECT subscription_id FROM good_billing_subscriptions"
    assert acme.one(f"SELECT count(*) FROM good_billing_invoice_lines WHERE subscription_id NOT IN ({known})") == 0


def test_rates_start_before_the_first_event_and_cover_every_foreign_currency(acme):
    first = acme.one("SELECT min(created_at::TIMESTAMPTZ) FROM good_crm_customers")
    rates = dict(acme.ask("SELECT currency, min(rate_date::DATE)::TIMESTAMPTZ FROM exchange_rates GROUP BY currency"))
    used = {row[0] for row in acme.ask("SELECT currency FROM good_billing_payments UNION SELECT currency FROM crm_campaigns")}
    assert used == {"USD", "EUR", "GBP"}
    assert set(rates) == used - {"USD"}
    assert max(rates.values()) < first


def test_nothing_is_known_after_the_end(acme):
    for name, contract in INPUT_TABLES.items():
        instants = {contract.event_time, "ended_at", "solved_at", "deleted_at", "converted_at"}
        for column in instants & set(acme.connection.table(name).columns):
            late = f"SELECT count(*) FROM good_{name} WHERE {column}::TIMESTAMPTZ >= TIMESTAMPTZ '2026-11-01'"
            assert acme.one(late) == 0, (name, column)


def test_command_line_refuses_what_cannot_be(tmp_path, capsys):
    wrong = [
        (["--customers", "0"], "at least one customer"),
        (["--out", str(tmp_path), "--truth", str(tmp_path / "truth")], "must not lie among the exports"),
        (["--next-night", "2026-11-01", "--out", str(tmp_path)], "generate them first"),
    ]
    for arguments, message in wrong:
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
        assert message in capsys.readouterr().err


def test_exports_say_last_of_what_they_were_made(tmp_path, monkeypatch):
    generate(20, 14, "2026-10-31", 3, tmp_path / "exports", tmp_path / "truth")
    made = tmp_path / ".exports.json"
    assert made.read_text() == '{"customers": 20, "months": 14, "end": "2026-10-31", "seed": 3}\n'
    monkeypatch.setattr("examples.acme.generate.CHUNK", 0)  # what stops it half way
    with pytest.raises(ValueError, match="must not be zero"):
        generate(20, 14, "2026-10-31", 3, tmp_path / "exports", tmp_path / "truth")
    assert not made.exists()
