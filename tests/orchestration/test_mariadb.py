"""MariaDB, and so MySQL: a server of the tests' own, read from and written to with the driver that comes along."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from orchestration.configuration.sources import SqlSource
from orchestration.destinations import make
from orchestration.destinations.holdings import alike
from orchestration.sources import SourceError
from orchestration.sources.sql import Sql
from tests.orchestration.destinations.conftest import batch_of, cleared, sent
from tests.orchestration.sources.nights import Nights, landed

SERVER, INSTALLER = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
pytestmark = pytest.mark.skipif(not (SERVER and INSTALLER), reason="MariaDB is not installed: apt-get install mariadb-server")

TABLE = """CREATE TABLE shop.payments (id BIGINT PRIMARY KEY, who VARCHAR(20), kind VARCHAR(20), how VARCHAR(20), paid DATETIME,
    amount DECIMAL(12, 2), money CHAR(3), note TEXT CHARACTER SET utf8mb4, seen TIMESTAMP(6) NULL)"""
ROWS = """INSERT INTO shop.payments SELECT seq, concat('b', seq), 'payment', 'succeeded', '2026-01-01 08:00:00', seq + 0.25, 'EUR',
    'Grüße 🙂', timestampadd(day, seq, '2026-01-01 10:00:00.5') FROM shop.seq_1_to_5"""
COLUMNS = {"payment_id": "id", "billing_customer_id": "who", "status": "how", "occurred_at": "paid", "currency": "money", "note": "note"}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("maria")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = ["--no-defaults", f"--datadir={folder / 'data'}"]
    install = [str(INSTALLER), *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(install, check=True, capture_output=True, timeout=120)
    options = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 's'}", "--user=root", "--default-time-zone=+05:00"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([str(SERVER), *common, *options], stdout=log, stderr=log)
    try:
        _wait(f"mysql+pymysql://root@127.0.0.1:{port}", server, folder / "log")
        _run(f"mysql+pymysql://root@127.0.0.1:{port}", "CREATE USER reader@'127.0.0.1' IDENTIFIED BY 's3cret'")
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while True:
        assert server.poll() is None, log.read_text()
        try:
            return _run(address, "SELECT 1")
        except sa.exc.OperationalError:
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.1)


def _run(address: str, *statements: str) -> None:
    engine = sa.create_engine(address, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


@pytest.fixture
def shop(url: str) -> str:
    owner = f"mysql+pymysql://root@{url}"
    _run(owner, "DROP DATABASE IF EXISTS shop", "CREATE DATABASE shop", TABLE, "SET time_zone = '+00:00'")
    _run(owner, "SET time_zone = '+00:00'", ROWS, "GRANT SELECT ON shop.* TO reader@'127.0.0.1'")
    return owner


def _settings(url: str, **options: Any) -> SqlSource:
    table = {"table": "shop.payments", "columns": COLUMNS, "cursor": "seen", **options}
    made = SqlSource(type="sql", url="${URL}", tables={"billing_payments": table})  # type: ignore[arg-type]
    return made.model_copy(update={"url": url})


def test_types_text_and_times_come_over_in_utc(url: str, shop: str, tmp_path: Path) -> None:
    nights = Nights(tmp_path, _settings(f"mysql://reader:s3cret@{url}/shop", columns={**COLUMNS, "occurred_at": "seen"}))
    assert landed(nights.night("billing_payments")) == {"billing_payments": 5}
    assert Sql.from_settings(nights.settings).extent("billing_payments")[0] == 5
    row = nights.rows("billing_payments")["3"]
    assert (row["amount"], row["billing_customer_id"], row["note"]) == (Decimal("3.25"), "b3", "Grüße 🙂")
    assert row["occurred_at"] == datetime(2026, 1, 4, 10, 0, 0, 500_000)


def test_only_what_changed_is_read_and_deletes_are_found_by_a_full_reading(url: str, shop: str, tmp_path: Path) -> None:
    nights = Nights(tmp_path, _settings(f"mariadb://reader:s3cret@{url}"))
    nights.night("billing_payments")
    assert landed(nights.night("billing_payments")) == {}
    _run(shop, "UPDATE shop.payments SET how = 'failed', seen = now(6) WHERE id = 2", "DELETE FROM shop.payments WHERE id = 1")
    assert landed(nights.night("billing_payments")) == {"billing_payments": 1}
    nights.settings = _settings(f"mariadb://reader:s3cret@{url}", mode="full")
    assert landed(nights.night("billing_payments")) == {"billing_payments": 1}
    assert sorted(nights.rows("billing_payments")) == ["2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("user", "change", "said"),
    [
        ("reader:s3cret", {"table": "shop.nothing"}, "shop.nothing cannot be read: there is no such table"),
        ("reader:s3cret", {"cursor": "nothing"}, "a column that the configuration names is not there"),
        ("reader:s3cret", {"table": "mysql.global_priv"}, "may not read it; grant SELECT"),
    ],
)
def test_a_wrong_name_is_one_line(url: str, shop: str, tmp_path: Path, user: str, change: dict[str, Any], said: str) -> None:
    load = Nights(tmp_path, _settings(f"mysql://{user}@{url}", **change)).night("billing_payments")["billing_payments"]
    assert said in (load.error or "")


def test_a_cursor_has_an_order_and_may_be_a_number_of_any_length(url: str, shop: str, tmp_path: Path) -> None:
    _run(shop, "ALTER TABLE shop.payments ADD COLUMN version BIGINT UNSIGNED, ADD COLUMN day TIME DEFAULT '10:00'",
        "UPDATE shop.payments SET version = 18446744073709551610 + id")  # fmt: skip
    load = Nights(tmp_path / "day", _settings(f"mysql://reader:s3cret@{url}", cursor="day")).night("billing_payments")["billing_payments"]
    assert "shop.payments cannot be read by what changed: day has no order" in (load.error or "")
    nights = Nights(tmp_path, _settings(f"mysql://reader:s3cret@{url}", cursor="version", lag_minutes=0))
    assert landed(nights.night("billing_payments")) == {"billing_payments": 5}
    _run(shop, "UPDATE shop.payments SET how = 'failed' WHERE id = 5", "UPDATE shop.payments SET how = 'failed' WHERE id = 4")
    assert landed(nights.night("billing_payments")) == {"billing_payments": 1}, "of those that are as high as the highest"


def test_a_wrong_password_is_one_line_without_it(url: str, shop: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the password is wrong") as caught:
        Nights(tmp_path, _settings(f"mysql://reader:guessed@{url}")).night("billing_payments")
    assert "guessed" not in str(caught.value)


def test_what_only_mysql_has_comes_over_as_what_it_means(url: str, shop: str, tmp_path: Path) -> None:
    root = f"mysql+pymysql://root@{url}"
    _run(root, "DROP TABLE IF EXISTS shop.people")
    _run(
        root,
        """CREATE TABLE shop.people (id BINARY(16), born BIGINT UNSIGNED, joined DATETIME, gone DATETIME, `order` BIT(1),
        name VARCHAR(20), changed DATETIME, waited TIME(6)) CHARACTER SET latin1""",
    )
    _run(
        root,
        """SET STATEMENT sql_mode = '' FOR INSERT INTO shop.people VALUES
        (0x00FF00000000000000000000000000AA, 18446744073709551615, '2026-01-01', '0000-00-00', b'1', 'Jörg', '0000-00-00', '-25:00:01'),
        (0x00FE00000000000000000000000000AA, 2, '2026-01-01', '2026-01-02', b'0', NULL, '2026-01-02', '838:59:58.5')""",
    )
    columns = {"customer_id": "id", "created_at": "joined", "deleted_at": "gone", "full_name": "name", "vip": "order", "number": "born"}
    columns |= {"waited": "waited"}
    tables: Any = {"crm_customers": {"table": "shop.people", "columns": columns, "cursor": "changed"}}
    settings = SqlSource(type="sql", url="${URL}", tables=tables).model_copy(update={"url": root.replace("+pymysql", "")})
    nights = Nights(tmp_path, settings)
    assert landed(nights.night("crm_customers")) == {"crm_customers": 2}
    told = nights.rows("crm_customers")
    first, second = told["00ff00000000000000000000000000aa"], told["00fe00000000000000000000000000aa"]
    assert (first["full_name"], first["vip"], first["number"]) == ("Jörg", "1", "18446744073709551615")
    assert "deleted_at" not in first
    assert (second["deleted_at"], second["vip"]) == (datetime(2026, 1, 2), "0")
    assert (first["waited"], second["waited"]) == ("-25:00:01", "838:59:58.500000")


def test_a_query_that_is_stopped_among_its_rows_is_one_line(url: str, shop: str, tmp_path: Path) -> None:
    _run(shop, "CREATE VIEW shop.slow AS SELECT seq AS customer_id, now() AS created_at, if(seq > 40000, sleep(0.1), 0) AS owner"
        " FROM shop.seq_1_to_60000", "CREATE USER IF NOT EXISTS hasty@'127.0.0.1' IDENTIFIED BY 's3cret' WITH MAX_STATEMENT_TIME 0.4",
        "GRANT SELECT ON shop.* TO hasty@'127.0.0.1'")  # fmt: skip
    tables: Any = {"crm_customers": {"table": "shop.slow"}}
    for user, minutes in (("hasty", 120), ("reader", 0.4 / 60)):
        told = {"url": f"mysql://{user}:s3cret@{url}", "timeout_minutes": minutes}
        settings = SqlSource(type="sql", url="${URL}", tables=tables).model_copy(update=told)
        error = Nights(tmp_path / user, settings).night("crm_customers")["crm_customers"].error or ""
        assert error.startswith("shop.slow cannot be read: the database stopped the query because it took too long")


KINDS = {"nps": "number", "note": "text", "reasons": "list", "is_vip": "boolean", "as_of_date": "date", "seen": "time"}
FIELDS = {
    "note": "a 'quoted' \\ \" Grüße 🙂", "reasons": ["a", "b"], "is_vip": True, "as_of_date": "2026-01-31", "seen": "2039-05-01T04:10:00Z",
}  # fmt: skip


@pytest.fixture
def table(url: str, shop: str) -> Iterator[Any]:
    """A destination that writes into the shop's database, and one who may only read it."""
    password = "p@ss:w/ord"
    _run(shop, f"CREATE OR REPLACE USER writer@'127.0.0.1' IDENTIFIED BY '{password}'", "GRANT ALL ON shop.* TO writer@'127.0.0.1'")
    with closing(make("sql", name="db", url=f"mariadb://writer:p%40ss%3Aw%2Ford@{url}/shop")) as destination:
        assert destination.address == f"mysql://{url}/shop"
        destination.kinds = KINDS
        destination.prepare(KINDS)
        yield destination


def test_what_is_written_is_what_is_held_and_ids_differ_by_case(table: Any) -> None:
    upper = [one._replace(external_id=one.external_id.upper()) for one in batch_of(1, first=1).records]
    batch = batch_of(3, **FIELDS)
    sent(table, batch)
    batch.records.extend(upper)  # type: ignore[attr-defined]
    assert sent(table, batch) == dict.fromkeys(("c1", "c2", "c3", "C1"), ("acknowledged", ""))
    told = table.held("customer_scores", batch.records).told
    assert all(alike(value, told[one.external_id].get(name)) for one in batch.records for name, value in table.as_held(one).items())
    assert told["c1"]["seen"] == datetime(2039, 5, 1, 4, 10), "in UTC, whatever the server's zone, and after 2038"
    assert (told["C1"]["note"], told["c1"]["note"]) == (None, FIELDS["note"])


def test_who_is_cleared_keeps_an_empty_row_and_update_only_makes_none(url: str, table: Any) -> None:
    sent(table, batch_of(1, **FIELDS))
    assert sent(table, cleared("c1")) == {"c1": ("acknowledged", "")}
    assert sent(table, cleared("c2")) == {"c2": ("acknowledged", "")}
    with closing(make("sql", name="db", url=table._database._url, mode="update_only")) as updating:
        updating.prepare({**KINDS, "clv": "number"})
        assert sent(updating, batch_of(2, clv=2.5)) == {"c1": ("acknowledged", ""), "c2": ("suppressed", "not_there")}
    assert table._database.asked("SELECT external_id, nps, clv, note FROM crmp_customer_scores") == [("c1", 1.0, 2.5, None)]


def test_a_value_that_does_not_fit_is_rejected_and_a_right_that_lacks_rejects_nobody(url: str, table: Any, shop: str) -> None:
    sent(table, batch_of(1, **FIELDS))
    _run(shop, "ALTER TABLE shop.crmp_customer_scores ADD CONSTRAINT low CHECK (nps < 3)")
    batch = batch_of(2, **FIELDS)
    long = [batch.records[0]._replace(external_id="x" * 256), batch.records[0]._replace(external_id="c9", fields={"note": "n" * 70_000})]
    batch.records.extend([*batch_of(1, first=3).records, *long])  # type: ignore[attr-defined]
    assert [result for result, _ in sent(table, batch).values()] == ["acknowledged", "acknowledged", "rejected", "rejected", "rejected"]
    with closing(make("sql", name="db", url=f"mysql://reader:s3cret@{url}/shop")) as reading:
        reading.prepare(KINDS)
        answer = reading.send(batch_of(1, **FIELDS))
    assert ([str(one.result) for one in answer.outcomes], "the database refuses us" in answer.stop) == (["retryable"], True)
    assert "s3cret" not in f"{answer} {reading.address}"
