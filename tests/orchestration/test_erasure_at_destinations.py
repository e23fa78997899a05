"""`erase --customer` asks every destination: with the next sync the person's fields are empty there, and then nothing here names them."""

from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, date, datetime
from sqlite3 import connect
from types import SimpleNamespace

import duckdb
import pytest

from orchestration import landing, releases
from orchestration.__main__ import main
from orchestration.activation import state
from orchestration.configuration.sources import FilesSource
from orchestration.contract import INPUT_TABLES
from orchestration.destinations import DESTINATIONS
from orchestration.home import Home
from orchestration.privacy import erasure
from tests.fakes.destinations import VENDORS
from tests.fakes.receiver import serving
from tests.fakes.webhook_receiver import SECRET, receiving
from tests.landing_by_copy import loads_are_copied as loads_are_copied

ERASED, OTHER = "erasable-7731", "another-7732"
SECRETS = ("token", "api_key", "access_token")


class Release:
    """The audience of every destination, of the customers in `ids`."""

    id, created_at, as_of = "r1", datetime(2026, 2, 1, tzinfo=UTC), date(2026, 1, 31)
    manifest = {"sources": []}  # noqa: RUF012
    tables = tuple(f"sync_{kind}__customer_scores" for kind in DESTINATIONS)

    def __init__(self, folder, ids):
        self._folder, self._ids = folder, ids

    def table_file(self, name):
        channels = DESTINATIONS[name.removeprefix("sync_").removesuffix("__customer_scores")].channels
        file = self._folder / f"{name}_{len(self._ids)}.parquet"
        consents = ", ".join(f"true AS can_{one}" for one in ("profile", *channels))
        duckdb.execute(
            f"""COPY (SELECT external_id, 'key-of-' || external_id AS customer_key, external_id || '@example.com' AS email, 'pro' AS plan,
            false AS is_erased, {consents} FROM (SELECT unnest($ids) AS external_id)) TO '{file}' (FORMAT parquet)""",
            {"ids": self._ids},
        )
        return file

    @contextmanager
    def pinned(self):
        yield self


def vendor_fields(vendor):
    return lambda: {name: fields.get("plan") for name, fields in vendor.arrived().items() if name in (ERASED, OTHER)}


def database_fields(file):
    def fields():
        with closing(connect(file)) as database:
            return dict(database.execute("SELECT external_id, plan FROM crmp_customer_scores").fetchall())

    return fields


def written_files(folder):
    """The last line of each customer, as whoever picks the files up would have it."""

    def fields():
        rows = duckdb.execute(f"SELECT external_id, plan FROM read_csv('{folder}/**/*.csv', filename = true) ORDER BY filename").fetchall()
        return dict(rows)

    return fields


@pytest.fixture
def company(tmp_path, monkeypatch):
    """Arguments → exit code of a command; and how to see the plan of each customer at each destination."""
    monkeypatch.setenv("RAPPORT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOOK", SECRET)
    seen, lines = {}, []
    with ExitStack() as stack:
        for kind, made in VENDORS.items():
            vendor = stack.enter_context(serving(made()))
            vendor.users = {ERASED: {}, OTHER: {}}  # Braze writes to users that it has, and to no others
            monkeypatch.setenv(f"OF_{kind.upper()}", vendor.secret)
            options = {key: f"${{OF_{kind.upper()}}}" if key in SECRETS else value for key, value in vendor.options.items()}
            lines.append({"type": kind, "base_url": vendor.url, **options})
            seen[kind] = vendor_fields(vendor)
        receiver = stack.enter_context(receiving())
        lines += [
            {"type": "webhook", "url": receiver.url, "secret": "${HOOK}"},
            {"type": "sql", "url": f"sqlite:///{tmp_path}/crm.db"},
            {"type": "files", "path": str(tmp_path / "outbox")},
        ]
        seen["webhook"] = lambda: {one: fields["plan"] for one, fields in receiver.state.items()}
        seen["sql"], seen["files"] = database_fields(tmp_path / "crm.db"), written_files(tmp_path / "outbox")
        assert set(seen) == set(DESTINATIONS)
        destinations = "\n".join(f"  - {{{', '.join(f'{key}: {value!r}' for key, value in one.items())}, live: true}}" for one in lines)
        (tmp_path / "config.yaml").write_text(
            "company: {name: A, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\n"
            f"settings: {{max_audience_change_share: 1}}\ndestinations:\n{destinations}\n"
        )

        def run(*arguments, ids=(ERASED, OTHER)):
            monkeypatch.setattr(releases, "current", lambda _: Release(tmp_path, list(ids)))
            return main([*arguments, "--config", str(tmp_path / "config.yaml")])

        run.seen = lambda: {kind: look() for kind, look in seen.items()}
        yield run


@pytest.fixture
def landed(tmp_path):
    """The two customers, landed."""
    (tmp_path / "exports").mkdir()
    rows = [f"{one},2025-01-01,{one}@example.com" for one in (ERASED, OTHER)]
    (tmp_path / "exports" / "crm_customers.csv").write_text("\n".join(["customer_id,created_at,email", *rows, ""]))
    home = Home(tmp_path / "home")
    home.prepare()
    source = FilesSource(type="files", path=str(tmp_path / "exports"))
    landing.extract(source, [INPUT_TABLES["crm_customers"]], home.landing, home.state / "dlt")
    return home


def test_a_receipt_names_where_a_destination_that_is_configured_no_more_has_still_to_forget(tmp_path):
    with state.opened(tmp_path / "activation" / "old.duckdb", writable=True) as connection:
        connection.execute("INSERT INTO state.to_forget (audience, external_id) VALUES ('customer_scores', 'x1')")
    settings = SimpleNamespace(destinations=[SimpleNamespace(name="new", live=True)])
    begun = SimpleNamespace(facts={}, holdings=(), subject=SimpleNamespace(shared_contacts=()))
    assert erasure._told(settings, SimpleNamespace(state=tmp_path), begun)["destinations"] == {
        "new": "nothing was sent of this person, or it has been cleared",
        "old": "1 clearing record to be sent: this destination is configured no more; configure it again, or clear them there by hand",
    }


@pytest.mark.thorough
def test_an_erasure_reaches_every_destination_and_nobody_else(company, landed, capsys):
    for kind in DESTINATIONS:
        assert company("sync", kind) == 0, capsys.readouterr().err
    assert company.seen() == {kind: {ERASED: "pro", OTHER: "pro"} for kind in DESTINATIONS}
    capsys.readouterr()
    assert company("erase", "--customer", ERASED, "--yes") == 0
    said = capsys.readouterr().out
    assert [kind for kind in DESTINATIONS if f"  {kind}: 1 clearing record to be sent with the next sync" not in said] == []
    for kind in DESTINATIONS:
        assert company("sync", kind, ids=(OTHER,)) == 0, capsys.readouterr().err
    after = company.seen()
    assert {kind: fields[OTHER] for kind, fields in after.items()} == dict.fromkeys(DESTINATIONS, "pro")
    assert {kind for kind, fields in after.items() if fields.get(ERASED)} == set(), "a field is still there"
    held = [path.name for path in landed.root.rglob("*") if path.is_file() and ERASED.encode() in path.read_bytes()]
    assert held == []
