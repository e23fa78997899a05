"""SQL: the audience's table on SQLite and on a real PostgreSQL."""

import sqlite3
from contextlib import closing

import pytest

from orchestration.destinations import DestinationError, make
from orchestration.destinations.holdings import alike
from tests.orchestration.destinations.conftest import batch_of, cleared, counted, sent
from tests.postgres import run
from tests.postgres import server as server

KINDS = {"customer_key": "text", "nps": "number", "reasons": "list", "is_vip": "boolean", "as_of_date": "date"}
FIELDS = {"customer_key": "k", "reasons": ["a", "b"], "is_vip": True, "as_of_date": "2026-01-31"}


class Lost:
    """A connection that goes while a transaction is open."""

    def __init__(self, connection):
        self.connection, self.closed = connection, False

    def cursor(self):
        self.connection.execute("UPDATE crmp_customer_scores SET nps = 5")
        raise sqlite3.OperationalError("gone")

    def rollback(self):
        raise sqlite3.OperationalError("gone")

    def close(self):
        self.closed = True
        self.connection.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/out.db"
    url = request.getfixturevalue("server")
    run(url, "DROP TABLE IF EXISTS crmp_customer_scores")
    return url


@pytest.fixture
def database(place, request):
    def opened(**options):
        destination = make("sql", name="db", url=place, **options)
        destination.prepare(options.pop("kinds", KINDS))
        request.addfinalizer(destination.close)
        return destination

    return opened


def rows(destination, columns="external_id, nps"):
    return destination._database.asked(f"SELECT {columns} FROM crmp_customer_scores ORDER BY external_id")


def test_rows_are_written_once_and_changed_after(database):
    destination = database()
    assert counted(sent(destination, batch_of(3, **FIELDS))) == {"acknowledged": 3}
    sent(destination, batch_of(2, first=2, nps=None, **FIELDS))
    assert [tuple(row) for row in rows(destination)] == [("c1", 1.0), ("c2", None), ("c3", None)]
    told = tuple(rows(destination, "reasons, is_vip, cast(as_of_date as varchar(10)), release_id")[0])
    assert told == ('["a", "b"]', 1, "2026-01-31", "r1")


def test_who_is_cleared_keeps_an_empty_row_and_nobody_is_made_for_it(database):
    destination = database()
    sent(destination, batch_of(1, **FIELDS))
    assert counted(sent(destination, cleared("c1"))) == counted(sent(destination, cleared("c2"))) == {"acknowledged": 1}
    assert [tuple(row) for row in rows(destination, "external_id, nps, customer_key")] == [("c1", None, None)]


def test_update_only_makes_no_row(database):
    sent(database(), batch_of(1, **FIELDS))
    assert sent(database(mode="update_only"), batch_of(2, **FIELDS)) == {"c1": ("acknowledged", ""), "c2": ("suppressed", "not_there")}


def test_a_new_field_becomes_a_column(database):
    sent(database(), batch_of(1, **FIELDS))
    wider = database()
    wider.prepare({**KINDS, "clv": "number"})
    sent(wider, batch_of(1, clv=7.5, **FIELDS))
    assert [tuple(row) for row in rows(wider, "external_id, clv")] == [("c1", 7.5)]


def test_what_rows_hold_is_what_was_written_until_a_column_or_the_table_is_gone(database):
    destination, batch = database(), batch_of(3, seen="2039-05-01T04:10:00Z", note="it's", **FIELDS)
    destination.kinds = {**KINDS, "seen": "time", "note": "text"}
    destination.prepare(destination.kinds)
    sent(destination, batch)

    def differing():
        told = destination.held("customer_scores", batch.records).told
        as_held = {one.external_id: destination.as_held(one) for one in batch.records}
        return {key: fields and {name for name in fields if not alike(as_held[key][name], fields[name])} for key, fields in told.items()}

    assert differing() == {"c1": set(), "c2": set(), "c3": set()}
    destination._database.run("UPDATE crmp_customer_scores SET is_vip = NOT is_vip WHERE external_id = 'c2'")
    destination._database.run("DELETE FROM crmp_customer_scores WHERE external_id = 'c3'")
    destination._database.run("ALTER TABLE crmp_customer_scores DROP COLUMN note")
    assert "note" not in destination.held("customer_scores", batch.records).told["c1"]
    assert differing() == {"c1": set(), "c2": {"is_vip"}, "c3": None}
    destination._database.run("DROP TABLE crmp_customer_scores")
    assert differing() == {"c1": None, "c2": None, "c3": None}
    assert counted(sent(destination, batch)) == {"acknowledged": 3}, "and made again"


def test_a_record_at_fault_does_not_keep_the_others_out(tmp_path):
    with closing(sqlite3.connect(tmp_path / "out.db")) as connection:
        connection.execute("CREATE TABLE crmp_customer_scores (external_id TEXT PRIMARY KEY, nps DOUBLE CHECK (nps < 3))")
    destination = make("sql", name="db", url=f"sqlite:///{tmp_path}/out.db")
    destination.prepare({"nps": "number"})
    results = sent(destination, batch_of(4))
    destination.close()
    assert {key: result for key, (result, _) in results.items()} == {
        "c1": "acknowledged",
        "c2": "acknowledged",
        "c3": "rejected",
        "c4": "rejected",
    }


def test_a_database_out_of_reach_loses_nothing():
    destination = make("sql", name="db", url="postgresql://rapport:geheim@127.0.0.1:9/crm?connect_timeout=1")
    destination.prepare(KINDS)
    answer = destination.send(batch_of(1, **FIELDS))
    assert [str(one.result) for one in answer.outcomes] == ["retryable"]
    held = destination.held("customer_scores", batch_of(1, **FIELDS).records)
    assert (dict(held.told), bool(held.lacks)) == ({}, True)
    assert "geheim" not in f"{answer.stop} {destination.address} {answer.outcomes} {held}"
    with pytest.raises(DestinationError, match="does not let us in"):
        destination.preflight()


def test_a_connection_that_cannot_be_rolled_back_is_closed_before_another_is_made(tmp_path):
    """Else what it had written stays locked at the server until somebody notices that nobody is there."""
    destination = make("sql", name="db", url=f"sqlite:///{tmp_path}/out.db")
    destination.prepare({"nps": "number"})
    sent(destination, batch_of(1))
    lost = destination._database._connection = Lost(destination._database._connection)
    assert counted(sent(destination, batch_of(2))) == {"retryable": 2}
    assert lost.closed
    assert counted(sent(destination, batch_of(2))) == {"acknowledged": 2}
    destination.close()


def test_other_databases_are_refused():
    with pytest.raises(DestinationError, match="none of postgresql"):
        make("sql", name="db", url="oracle://x/y")


def test_postgresql_says_whether_a_value_is_at_fault_or_we_are(server):
    run(server, "DROP TABLE IF EXISTS crmp_customer_scores")
    run(server, "CREATE TABLE crmp_customer_scores (external_id TEXT PRIMARY KEY, nps DOUBLE PRECISION CHECK (nps < 3))")
    with closing(make("sql", name="db", url=server)) as destination:
        destination.prepare({"nps": "number", "plan": "text"})
        assert counted(sent(destination, batch_of(4, plan="pro"))) == {"acknowledged": 2, "rejected": 2}
        assert sent(destination, batch_of(1, plan="nul \x00 byte"))["c1"][0] == "rejected"
        run(server, "ALTER TABLE crmp_customer_scores DROP COLUMN nps; ALTER TABLE crmp_customer_scores ADD COLUMN nps INTEGER[]")
        answer = destination.send(batch_of(4, plan="pro"))
        assert {str(one.result) for one in answer.outcomes} == {"retryable"}
        assert answer.stop.startswith("the database refuses us")
