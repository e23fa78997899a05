"""`check-source`: what it shows, what it hides, and its exit codes."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from examples.fakes.hubspot import HubspotAccount
from orchestration.__main__ import main
from tests import canaries
from tests.fakes.accounts import ACCOUNTS, WRONG

Checked = Callable[..., tuple[int, str]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Checked:
    monkeypatch.setenv("RAPPORT_HOME", str(tmp_path / "home"))

    def _check(source: str, name: str, token: str | None) -> tuple[int, str]:
        config = tmp_path / "config.yaml"
        config.write_text(f"company: {{name: A, business_model: contractual, reporting_currency: USD}}\nsources:\n  - {source}\n")
        monkeypatch.delenv("TOKEN", raising=False)
        if token:
            monkeypatch.setenv("TOKEN", token)
        code = main(["check-source", name, "--config", str(config)])
        told = capsys.readouterr()
        return code, told.out + told.err

    return _check


def test_it_shows_masked_rows_and_what_a_first_night_takes(check: Checked) -> None:
    with ACCOUNTS["hubspot"]() as account:
        code, told = check(f'{{type: hubspot, token: "${{TOKEN}}", base_url: "{account.vendor.url}"}}', "hubspot", account.vendor.token)
    assert code == 0
    assert "crm_customers: 4 rows" in told
    assert "email a…" in told
    assert "first night: 2 contacts take 1 call," in told
    assert "example.org" not in told
    assert account.vendor.token not in told


def test_no_personal_value_of_any_column_is_shown(check: Checked, tmp_path: Path) -> None:
    """Good rows and bad ones, of every table that has a personal column."""
    canaries.plant(tmp_path / "exports")
    code, told = check("{type: files, path: exports}", "files", None)
    assert code == 0
    assert told.count("personal values masked") == 6
    assert not any(mark in told.encode().lower() for mark in canaries.marks())


def test_ids_and_other_values_that_are_addresses_numbers_or_names_are_masked_as_everywhere(check: Checked, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    people = "ann@example.org,2026-01-01,DE\n4915112345678,2026-01-01,bo@example.org\nCy Young,2026-01-01,DE\nC-17,2026-01-01,FR\n"
    (exports / "crm_customers.csv").write_text(f"customer_id,created_at,country\n{people}")
    code, told = check("{type: files, path: exports}", "files", None)
    assert code == 0
    assert [part in told for part in ("ann@", "49151", "Young", "bo@")] == [False] * 4
    assert all(part in told for part in ("customer_id a…@… ", "customer_id …5678 ", "customer_id C… ", "customer_id C-17 ", "country FR"))


def test_a_missing_scope_is_named_and_the_rest_is_shown(check: Checked) -> None:
    with ACCOUNTS["hubspot"]() as account:
        assert isinstance(account.vendor, HubspotAccount)
        account.vendor.forbidden.add("tickets")
        code, told = check(f'{{type: hubspot, token: "${{TOKEN}}", base_url: "{account.vendor.url}"}}', "hubspot", account.vendor.token)
    assert code == 1
    assert "crm_tickets: GET /crm/v3/objects/tickets is forbidden (403): the credential lacks the scope crm.objects.tickets.read" in told
    assert "✓ crm_customers" in told


def test_a_wrong_credential_is_one_line(check: Checked) -> None:
    with ACCOUNTS["stripe"]() as account:
        code, told = check(f'{{type: stripe, api_key: "${{TOKEN}}", base_url: "{account.vendor.url}", name: pay}}', "pay", WRONG)
    assert (code, told.count("\n")) == (1, 1)
    assert "401" in told
    assert WRONG not in told


def test_wrong_names_and_missing_variables_are_configuration(check: Checked) -> None:
    code, told = check('{type: stripe, api_key: "${TOKEN}"}', "shop", "x")
    assert (code, "there is no source 'shop'; configured: stripe" in told) == (2, True)
    code, told = check('{type: stripe, api_key: "${TOKEN}"}', "stripe", None)
    assert (code, "the environment variable TOKEN is not set" in told) == (2, True)
    code, told = check('{type: stripe, api_key: "${TOKEN}", base_url: "http://example.org"}', "stripe", "x")
    assert (code, "sources.0.base_url: only https is used; plain http only for loopback" in told) == (2, True)


def test_of_a_database_it_says_how_many_rows_each_table_has_and_how_long_they_take(check: Checked, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shop:
        shop.execute("CREATE TABLE people (customer_id INTEGER, created_at TEXT, email TEXT)")
        shop.executemany("INSERT INTO people VALUES (?, '2026-01-01', 'ann@example.org')", [(number,) for number in range(1234)])
        shop.execute("CREATE VIEW nobody AS SELECT * FROM people WHERE false")
        shop.commit()
    tables = "{crm_customers: {table: people}, crm_tickets: {table: nobody, columns: {ticket_id: customer_id, opened_at: created_at}}}"
    url = f"sqlite:///{tmp_path}/shop.db"
    code, told = check(f'{{type: sql, url: "${{TOKEN}}", tables: {tables}}}', "sql", url)
    assert code == 0, told
    assert "crm_customers: 5 rows" in told
    assert "first night: 1,234 rows, read in less than a second" in told
    assert "crm_tickets: nothing there yet" in told
    assert "first night: 0 rows, read in" in told
    assert "ann@" not in told
    assert url not in told


def test_files_show_rows_too_and_a_broken_one_is_named(check: Checked, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "crm_customers.csv").write_text("customer_id,created_at,email,tier\n" + "c1,2026-01-01,ann@example.org,gold\n" * 9)
    code, told = check("{type: files, path: exports}", "files", None)
    assert code == 0
    assert "crm_customers: 5 rows of it, personal values masked" in told
    assert "customer_id c1" in told
    assert "email a…" in told
    assert "tier g…" in told
    assert "ann@example.org" not in told
    assert "first night: 1 file of 349 bytes with 9 rows, read in" in told
    (exports / "crm_tickets.csv").write_text('ticket_id,customer_id,opened_at\n1,2,"never closed\n')
    code, told = check("{type: files, path: exports}", "files", None)
    assert code == 1
    assert "✗ crm_tickets: crm_tickets.csv: " in told
    assert "✓ crm_customers" in told


def test_amounts_are_shown_as_people_write_them(check: Checked, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    lines = "campaign_id,name,cost_amount\na,A,26\nb,B,0.50\nc,C,1200\nd,D,0.00000001\n"
    (exports / "crm_campaigns.csv").write_text(lines)
    code, told = check("{type: files, path: exports}", "files", None)
    assert code == 0
    assert re.findall(r"cost_amount (\S+)", told) == ["26", "0.5", "1200", "0.00000001"]


def test_of_many_files_it_says_how_much_there_is_by_the_first(check: Checked, tmp_path: Path) -> None:
    folder = tmp_path / "exports" / "crm_customers"
    folder.mkdir(parents=True)
    for number, rows in enumerate((100, 300)):
        lines = (f"c{number}{row:04},2026-01-01\n" for row in range(rows))
        (folder / f"{number}.csv").write_text("customer_id,created_at\n" + "".join(lines))
    code, told = check("{type: files, path: exports}", "files", None)
    assert code == 0
    found = re.search(r"first night: 2 files of 7,246 bytes with about ([0-9]+) rows, read in (about [0-9]+ s|less than a second)", told)
    assert found
    assert int(found[1]) == pytest.approx(400, rel=0.02)
