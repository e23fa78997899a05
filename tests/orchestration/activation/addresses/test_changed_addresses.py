"""A customer whose address changes, at a destination that knows people by their addresses: no second record, and nobody else's."""

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.activation import forget, synchronise
from tests.orchestration.activation.addresses.by_address import USUAL, ByAddress, Release

pytestmark = pytest.mark.thorough


def test_a_new_address_leaves_the_record_where_it_is_for_good(night):
    night({1: ("ann", "pro"), 2: ("bob", "pro")})
    night({1: ("ann2", "free"), 2: ("bob", "pro")})
    night({1: ("ann2", "team"), 2: ("bob", "pro")})
    assert [(address, fields["plan"]) for address, fields in night.place.records.values()] == [
        ("ann@example.com", "team"),
        ("bob@example.com", "pro"),
    ]
    assert night({1: ("ann2", "team"), 2: ("bob", "pro")}).decisions == {"unchanged": 2}


def test_an_address_that_went_to_somebody_else_is_cleared_first_and_then_theirs(night):
    night({1: ("ann", "pro")})
    report = night({1: ("ann2", "pro"), 2: ("ann", "free")})
    assert (report.decisions, report.outcomes["acknowledged"], report.ok) == ({"clear": 1, "upsert": 2}, 3, True)
    assert night.place.sent == [["x1 clear"], ["x1 upsert", "x2 upsert"]]
    assert night.place.holding == {"ann@example.com": "k2", "ann2@example.com": "k1"}
    assert night({1: ("ann2", "pro"), 2: ("ann", "free")}).decisions == {"unchanged": 2}


def test_who_waits_for_a_record_whose_clearing_is_lost_goes_with_the_next_sync(night):
    night({1: ("ann", "pro")})
    night.place.loses = True
    report = night({1: ("ann2", "pro"), 2: ("ann", "free")})
    assert (report.decisions, report.ok, night.place.sent) == ({"clear": 1, "left_out": 1}, False, [["x1 clear"]])
    night.place.loses = False
    assert night({1: ("ann2", "pro"), 2: ("ann", "free")}).ok
    assert night.place.holding == {"ann@example.com": "k2", "ann2@example.com": "k1"}


def test_who_asks_for_so_many_gets_no_more(night):
    night({1: ("ann", "pro")})
    assert night({1: ("ann2", "pro"), 2: ("ann", "free")}, limit=1).decisions == {"clear": 1, "left_out": 1}


def test_two_who_exchange_addresses_exchange_records(night):
    night({1: ("ann", "pro"), 2: ("bob", "free")})
    assert night({1: ("bob", "pro"), 2: ("ann", "free")}).ok
    assert night.place.holding == {"ann@example.com": "k2", "bob@example.com": "k1"}


def test_a_record_that_is_not_there_any_more_is_made_by_the_new_address(night):
    night({1: ("ann", "pro")})
    night.place.records.clear()
    assert night({1: ("ann2", "pro")}).outcomes["retryable"] == 1
    assert night({1: ("ann2", "pro")}).ok
    assert night.place.holding == {"ann2@example.com": "k1"}


def test_clearing_an_erased_person_does_not_empty_the_record_of_who_has_it_now(tmp_path, night):
    night({1: ("ann", "pro")})
    forget(tmp_path / "state", ["k1"], ["x1"], lambda *_: None)
    assert night({2: ("ann", "free"), 3: ("bob", "pro")}).forgotten == 1
    night({2: ("ann", "free"), 3: ("bob", "pro")})
    assert night.place.holding == {"ann@example.com": "k2", "bob@example.com": "k3"}


def test_hashes_of_addresses_tell_nothing_beside_those_of_another_destination(tmp_path, night):
    night({1: ("ann", "pro")})
    other = ByAddress()
    other.name = "other"
    synchronise(Release(tmp_path, {1: ("ann", "pro")}, 999), other, "scores", state_folder=tmp_path / "state", **USUAL)
    found = []
    for name in ("fake", "other"):
        with duckdb.connect(str(tmp_path / "state" / "activation" / f"{name}.duckdb"), read_only=True) as connection:
            found += connection.execute("SELECT address_hash FROM acknowledged").fetchall()
    assert len({one for (one,) in found if one}) == 2


PEOPLE = st.dictionaries(st.integers(0, 2), st.tuples(st.sampled_from("abcd"), st.sampled_from(["pro", "free"])), max_size=3)
NIGHTS = st.lists(st.tuples(PEOPLE, st.booleans(), st.sampled_from([None, None, 0, 1])), min_size=1, max_size=4)


def apart(people):
    """People of whom no two have one address; the later ones of a pair are left out."""
    taken = {}
    return {one: taken.setdefault(address, (address, plan)) for one, (address, plan) in people.items() if address not in taken}


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NIGHTS, st.booleans())
def test_whatever_addresses_did_each_record_is_of_whom_its_address_says_or_of_who_left_it_behind(tmp_path_factory, nights, finds):
    """Where records are not found by the customer's key, a first delivery whose answer is lost is repeated before anything changes: until
    then nobody can name the record.
    """
    folder, vendor = tmp_path_factory.mktemp("addresses"), ByAddress()
    vendor.finds = finds
    last = apart(nights[-1][0])
    repeated = [
        (people, *rest) for people, loses, erased in nights for rest in [(loses, erased), (False, None)][: 1 + (loses and not finds)]
    ]
    for number, (people, loses, erased) in enumerate([*repeated, *[(last, False, None)] * (3 if finds else 2)], start=1):
        vendor.loses = loses
        if erased is not None:
            forget(folder / "state", [f"k{erased}"], [f"x{erased}"], lambda *_: None)
        synchronise(Release(folder, apart(people), number), vendor, "scores", state_folder=folder / "state", **USUAL)
    now = {f"{address}@example.com": f"k{one}" for one, (address, _) in last.items()}
    for address, whose in vendor.holding.items():
        assert now.get(address, whose) == whose, "somebody else's record"
    assert sorted((fields["customer_key"], fields["plan"]) for _, fields in vendor.records.values() if fields.get("plan")) == sorted(
        (f"k{one}", plan) for one, (_, plan) in last.items()
    )


def test_nobody_is_kept_at_an_address_that_is_another_customers_now(tmp_path, night):
    """Mode upsert keeps what somebody has who leaves the audience, as long as the address is theirs."""
    permitted = [(f"k{number}", False, True) for number in (1, 2)]

    class WithCustomers(Release):
        def __init__(self, *args):
            super().__init__(*args)
            self.tables = (*self.tables, "dim_customers")
            with duckdb.connect() as connection:
                connection.execute("CREATE TABLE d (customer_key VARCHAR, is_erased BOOLEAN, can_profile BOOLEAN)")
                connection.executemany("INSERT INTO d VALUES (?, ?, ?)", permitted)
                connection.execute(f"COPY d TO '{tmp_path}/customers.parquet' (FORMAT parquet)")

        def table_file(self, name):
            return tmp_path / "customers.parquet" if name == "dim_customers" else super().table_file(name)

    def sync(people, number):
        release, options = WithCustomers(tmp_path, people, number), {**USUAL, "mode": "upsert"}
        return synchronise(release, night.place, "scores", state_folder=tmp_path / "state", **options)

    sync({1: ("ann", "pro"), 2: ("bob", "pro")}, 1)
    assert sync({2: ("bob", "pro")}, 2).decisions == {"kept": 1, "unchanged": 1}
    assert sync({2: ("ann", "free")}, 3).decisions == {"clear": 1, "upsert": 1}
    assert night.place.holding == {"bob@example.com": "k2"}


def test_a_record_that_is_found_by_the_key_may_lie_under_an_address_that_is_another_customers_now(night):
    """Two exchange addresses: both records are cleared and keep their keys. What follows is lost; then one of them has a third address."""
    night.place.finds = True
    night({1: ("ann", "pro"), 2: ("bob", "free")})
    night.place.loses = "upsert"
    usual = night.place._one
    night.place._one = lambda record: usual(record) if record.operation == "clear" else None
    night({1: ("bob", "pro"), 2: ("ann", "free")})
    night.place._one, night.place.loses = usual, False
    assert night({1: ("cy", "pro"), 2: ("ann", "free")}).ok
    assert night.place.holding == {"ann@example.com": "k2", "cy@example.com": "k1"}
    assert night({1: ("cy", "pro"), 2: ("ann", "free")}).decisions == {"unchanged": 2}


def test_an_erased_person_whose_first_delivery_was_not_answered_is_cleared_all_the_same(tmp_path, night):
    night.place.finds, night.place.loses = True, True
    night({1: ("ann", "pro"), 2: ("bob", "pro")})
    forget(tmp_path / "state", ["k1"], ["x1"], lambda *_: None)
    night.place.loses = False
    assert night({2: ("bob", "pro")}).forgotten == 1
    assert night.place.holding == {"bob@example.com": "k2"}
