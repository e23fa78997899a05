"""A customer whose address changes, at a destination that knows people by their addresses: no second record, and nobody else's."""

from datetime import UTC, datetime

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.activation import forget, synchronise
from orchestration.destinations.base import Answer, Destination, Found, Outcome, Result
from orchestration.destinations.limits import Limits
from tests.orchestration.destinations.conftest import place  # noqa: F401 (a fixture)

USUAL = {"max_change_share": 1, "live": True, "overrides": ("empty_audience", "audience_shrank")}


class Release:
    """Customers by number → address and plan."""

    def __init__(self, folder, customers, night, kind="fake"):
        self.id, self.created_at = f"r{night}", datetime(2026, 2, 1, night % 24, night // 24, tzinfo=UTC)
        self.tables, self._file = (f"sync_{kind}__scores",), folder / f"{self.id}.parquet"
        columns = "customer_key VARCHAR, external_id VARCHAR, email VARCHAR, plan VARCHAR, is_erased BOOLEAN, can_profile BOOLEAN"
        consents = ", can_email BOOLEAN, can_sms BOOLEAN, can_push BOOLEAN"
        with duckdb.connect() as connection:
            connection.execute(f"CREATE TABLE audience ({columns}{consents})")
            for number, (address, plan) in customers.items():
                row = [f"k{number}", f"x{number}", f"{address}@example.com", plan, False, True, True, True, True]
                connection.execute("INSERT INTO audience VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            connection.execute(f"COPY audience TO '{self._file}' (FORMAT parquet)")

    def table_file(self, _):
        return self._file


class ByAddress(Destination):
    """Has records with an address each; upserts by address, updates by its own id, and loses answers as told."""

    type, channels, name, address, needs_email = "fake", (), "fake", "memory", True
    limits = Limits(max_records=2, max_bytes=100_000, max_record_bytes=1_000)

    def __init__(self):
        self.records, self.loses, self.sent, self.finds = {}, False, [], False

    def preflight(self):
        """Always fine."""

    def send(self, batch):
        self.sent.append([f"{record.external_id} {record.operation}" for record in batch.records])
        outcomes = [self._one(record) for record in batch.records]
        is_lost = self.loses is True or self.loses == batch.records[-1].operation
        return Answer(batch.outcomes(Result.UNKNOWN, "lost")) if is_lost else Answer(outcomes)

    def _one(self, record):
        if record.by_remote_id:
            found = record.remote_id if record.remote_id in self.records else None
        else:
            found = next((one for one, (address, _) in self.records.items() if address == record.email), None)
        if found is None and (record.by_remote_id or record.operation == "clear"):
            return Outcome(record.external_id, Result.ACKNOWLEDGED if record.operation == "clear" else Result.SUPPRESSED, "not_there")
        found = found or f"id{len(self.records)}"
        self.records[found] = (self.records.get(found, (record.email,))[0], {**self.records.get(found, ("", {}))[1], **record.fields})
        return Outcome(record.external_id, Result.ACKNOWLEDGED, remote_id=found)

    def find(self, customer_keys, since=None):
        """As HubSpot: by the key, where one record has it."""
        told = [(fields.get("customer_key"), Found(found, address)) for found, (address, fields) in self.records.items()]
        keys = [key for key, _ in told]
        return {key: found for key, found in told if self.finds and key in customer_keys and keys.count(key) == 1}

    @property
    def holding(self):
        """Address of a record → whose fields it has."""
        return {address: fields["customer_key"] for address, fields in self.records.values() if fields.get("plan") is not None}


@pytest.fixture
def night(tmp_path):
    """Customers → report, sent to `night.place`."""
    counter = iter(range(1, 1_000))

    def run(customers, **options):
        release = Release(tmp_path, customers, next(counter))
        run.place.sent.clear()
        return synchronise(release, run.place, "scores", state_folder=tmp_path / "state", **{**USUAL, **options})

    run.place = ByAddress()
    return run


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


@pytest.mark.parametrize(("may_read", "last", "arrived"), [
    (True, {1: ("ann2", "new")}, {"ann": "new"}), (False, {1: ("ann2", "new")}, {"ann": "old", "ann2": "new"}),
    (True, {2: ("bob", "pro")}, {"ann": "", "bob": "pro"}),
])  # fmt: skip
def test_a_record_whose_first_delivery_was_not_answered_is_found_by_the_key(place, tmp_path, may_read, last, arrived):  # noqa: F811
    destination, vendor = place("hubspot")
    vendor.may_read, usual = may_read, vendor.answer

    def loses(request):
        told = usual(request)
        return (502, {}, b"") if "/batch/" in request.path else told

    vendor.answer = loses
    assert not synchronise(Release(tmp_path, {1: ("ann", "old")}, 1, "hubspot"), destination, "scores", state_folder=tmp_path, **USUAL).ok
    vendor.answer = usual
    report = synchronise(
        Release(tmp_path, last, 2, "hubspot"), destination, "scores", state_folder=tmp_path, **{**USUAL, "max_change_share": 0}
    )
    assert report.ok, report.refused
    assert {name: fields["plan"] for name, fields in vendor.arrived().items()} == arrived


@pytest.mark.parametrize(("kind", "last", "arrived"), [
    ("klaviyo", {1: ("ann2", "new")}, {"ann": "new"}), ("mailchimp", {2: ("ann", "pro")}, {"ann": "pro"}),
    ("klaviyo", {3: ("cy", "pro")}, {"ann": None, "cy": "pro"}), ("mailchimp", {3: ("cy", "pro")}, {"ann": None, "cy": "pro"}),
])  # fmt: skip
def test_a_vendor_that_searches_by_no_field_of_ours_is_read_for_who_has_changed_since(place, tmp_path, kind, last, arrived):  # noqa: F811
    """One whose first delivery was taken and not answered, and who then has another address, hands it on, or leaves."""
    destination, vendor = place(kind)
    usual = vendor.answer
    vendor.answer = lambda request: (usual(request), (502, {}, b""))[request.method in ("POST", "PUT") and "merge" not in request.path]
    assert not synchronise(Release(tmp_path, {1: ("ann", "old")}, 1, kind), destination, "scores", state_folder=tmp_path, **USUAL).ok
    vendor.answer = usual
    report = synchronise(Release(tmp_path, last, 2, kind), destination, "scores", state_folder=tmp_path, **USUAL)
    assert report.ok, report
    assert {name: fields["plan"] or None for name, fields in vendor.arrived().items()} == arrived


def test_what_a_job_did_whose_process_died_is_named_by_klaviyos_id_all_the_same(place, tmp_path):  # noqa: F811
    destination, vendor = place("klaviyo")

    def dies(_):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(destination, "finish", dies)
        with pytest.raises(KeyboardInterrupt):
            synchronise(
                Release(tmp_path, {1: ("ann", "a"), 2: ("bo", "a")}, 1, "klaviyo"), destination, "scores", state_folder=tmp_path, **USUAL
            )
    people = {1: ("ann2", "b"), 2: ("bo", "a")}
    assert synchronise(Release(tmp_path, people, 2, "klaviyo"), destination, "scores", state_folder=tmp_path, **USUAL).ok
    assert {name: fields["plan"] for name, fields in vendor.arrived().items()} == {"ann": "b", "bo": "a"}
    assert synchronise(Release(tmp_path, {1: ("ann2", "b")}, 3, "klaviyo"), destination, "scores", state_folder=tmp_path, **USUAL).ok
    assert {name: fields["plan"] for name, fields in vendor.arrived().items()} == {"ann": "b", "bo": None}


def test_a_profile_that_klaviyo_has_no_more_is_no_refusal(place, tmp_path):  # noqa: F811
    destination, vendor = place("klaviyo")
    synchronise(Release(tmp_path, {1: ("ann", "a"), 2: ("bo", "a")}, 1, "klaviyo"), destination, "scores", state_folder=tmp_path, **USUAL)
    vendor.profiles.clear()
    report = synchronise(Release(tmp_path, {1: ("ann2", "b")}, 2, "klaviyo"), destination, "scores", state_folder=tmp_path, **USUAL)
    assert report.outcomes == {"suppressed": 0, "acknowledged": 1, "retryable": 1}, (
        "nothing is left to clear; the other one goes by address"
    )
    assert synchronise(Release(tmp_path, {1: ("ann2", "b")}, 3, "klaviyo"), destination, "scores", state_folder=tmp_path, **USUAL).ok
    assert {name: fields["plan"] for name, fields in vendor.arrived().items()} == {"ann2": "b"}


@pytest.mark.parametrize("kind", ["hubspot", "klaviyo"])
def test_who_has_moved_and_is_refused_for_what_they_shall_hold_makes_no_second_record(place, tmp_path, kind):  # noqa: F811
    destination, vendor = place(kind)
    synchronise(Release(tmp_path, {1: ("ann", "a")}, 1, kind), destination, "scores", state_folder=tmp_path, **USUAL)
    (remote,) = vendor.contacts if kind == "hubspot" else vendor.profiles
    vendor.refuses = {remote: "VALIDATION_ERROR"}
    report = synchronise(Release(tmp_path, {1: ("ann2", "b")}, 2, kind), destination, "scores", state_folder=tmp_path, **USUAL)
    assert report.outcomes["rejected"] == 1, report
    vendor.refuses = {}
    assert synchronise(Release(tmp_path, {1: ("ann2", "c")}, 3, kind), destination, "scores", state_folder=tmp_path, **USUAL).ok
    assert {name: fields["plan"] for name, fields in vendor.arrived().items()} == {"ann": "c"}


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


@pytest.mark.parametrize("kind", ["hubspot", "klaviyo", "mailchimp"])
def test_each_vendor_that_knows_addresses_keeps_one_record(kind, place, tmp_path):  # noqa: F811
    destination, vendor = place(kind)
    for night, address in enumerate(("ann", "ann2", "ann2"), start=1):
        release = Release(tmp_path, {1: (address, f"plan{night}")}, night, kind)
        assert synchronise(release, destination, "scores", state_folder=tmp_path / "state", **USUAL).ok
    assert {name: fields["plan"] for name, fields in vendor.arrived().items()} == {"ann": "plan3"}
    assert synchronise(release, destination, "scores", state_folder=tmp_path / "state", **USUAL).decisions == {"unchanged": 1}


@pytest.mark.parametrize("kind", ["hubspot", "klaviyo", "mailchimp"])
def test_each_vendor_that_knows_addresses_hands_one_over_within_a_sync(kind, place, tmp_path):  # noqa: F811
    destination, vendor = place(kind)
    for night, people in enumerate(({1: ("ann", "pro")}, {1: ("ann2", "pro"), 2: ("ann", "free")}), start=1):
        release = Release(tmp_path, people, night, kind)
        assert synchronise(release, destination, "scores", state_folder=tmp_path / "state", **USUAL).ok
    assert {name: fields["plan"] for name, fields in vendor.arrived().items()} == {"ann": "free", "ann2": "pro"}
    assert synchronise(release, destination, "scores", state_folder=tmp_path / "state", **USUAL).decisions == {"unchanged": 2}
