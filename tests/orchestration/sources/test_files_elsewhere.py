"""Files in object stores, in workbooks and packed: landed night after night."""

import bz2
import lzma
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pyarrow as pa
import pytest

from examples.fakes.loopback import on_loopback
from orchestration.configuration.sources import FilesSource
from orchestration.sources import SourceError
from orchestration.sources.reading.deadline import for_bytes
from tests.fakes import s3
from tests.fakes.workbook import merged, row, workbook
from tests.orchestration.sources.nights import Nights, landed

PEOPLE = b"customer_id,created_at,email\n1,2025-01-01,ann@example.org\n2,2025-01-02,bo@example.org\n"
TICKETS = b"ticket_id,customer_id,opened_at\nt1,1,2025-02-01\n"


@pytest.fixture
def url() -> str:
    return f"memory://{uuid4().hex}/exports"


def _put(url: str, content: bytes) -> None:
    with fsspec.open(url, "wb") as file:
        file.write(content)


def test_objects_land_like_files_and_only_those_that_changed_are_fetched_again(url: str, tmp_path: Path) -> None:
    _put(f"{url}/crm_customers.csv", PEOPLE)
    _put(f"{url}/crm_tickets/2025/02/day-9.csv", TICKETS)
    _put(f"{url}/crm_tickets/2025/02/day-10.csv", TICKETS.replace(b"2025-02-01", b"2025-02-02"))
    _put(f"{url}/crm_tikets.csv", TICKETS)
    nights = Nights(tmp_path, FilesSource(type="files", path=url))
    first = nights.night()
    assert landed(first) == {"crm_customers": 2, "crm_tickets": 2}
    assert nights.rows("crm_tickets")["t1"]["opened_at"] == datetime(2025, 2, 2)
    assert [line for load in first.values() for line in load.warnings] == [
        "crm_tikets.csv: not read, no input table has this name; did you mean crm_tickets?"
    ]
    second = nights.night()
    assert (landed(second), second["crm_customers"].files_skipped, second["crm_tickets"].files_skipped) == ({}, 1, 2)
    _put(f"{url}/crm_customers.csv", PEOPLE.replace(b"bo@", b"bob@"))
    fsspec.filesystem("memory").rm(f"{url.removeprefix('memory:/')}/crm_tickets/2025/02/day-10.csv")
    assert landed(nights.night()) == {"crm_customers": 1, "crm_tickets": 2}  # the older dump counts again
    assert nights.rows("crm_tickets")["t1"]["opened_at"] == datetime(2025, 2, 1)
    assert nights.rows("crm_customers")["2"]["email"] == "bob@example.org"


def test_a_place_without_objects_is_one_line(url: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there are no objects below it"):
        Nights(tmp_path, FilesSource(type="files", path=url)).night()
    with pytest.raises(SourceError, match=r"gs://bucket/x: needs a package that is not installed"):
        Nights(tmp_path, FilesSource(type="files", path="gs://bucket/x")).night()


def test_a_store_that_does_not_answer_is_given_up_and_what_lies_beside_lands(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(f"{url}/crm_customers.csv", PEOPLE)
    _put(f"{url}/crm_tickets.csv", TICKETS)
    monkeypatch.setattr("orchestration.sources.reading.objects.for_bytes", lambda size: 0.2 if size == len(TICKETS) else 60)
    store, over = type(fsspec.filesystem("memory")), threading.Event()
    fetch = store.get_file

    def get_file(self: Any, name: str, *rest: Any) -> Any:
        return over.wait(60) if name.endswith("crm_tickets.csv") else fetch(self, name, *rest)

    monkeypatch.setattr(store, "get_file", get_file)
    loads = Nights(tmp_path, FilesSource(type="files", path=url)).night()
    over.set()
    assert landed(loads) == {"crm_customers": 2}
    assert f"{url}/crm_tickets.csv: has not come within 0 s, and is read in the next night" in str(loads["crm_tickets"].error)
    monkeypatch.setattr(store, "find", lambda *_, **__: over.wait(60))
    over.clear()
    settings = FilesSource(type="files", path=url, timeout_minutes=1)
    with pytest.raises(SourceError, match=r"has not come within 0 s.*`timeout_minutes`"):
        Nights(tmp_path, settings.model_copy(update={"timeout_minutes": 0.002})).night()
    over.set()


def test_a_large_object_has_longer() -> None:
    assert [for_bytes(size) for size in (0, 32 << 20, 1 << 40)] == [120, 1144, 7200]


def test_a_file_url_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "my exports").mkdir()
    (tmp_path / "my exports" / "crm_customers.csv").write_bytes(PEOPLE)
    nights = Nights(tmp_path, FilesSource(type="files", path=(tmp_path / "my exports").as_uri()))
    assert landed(nights.night()) == {"crm_customers": 2}


@pytest.fixture
def bucket() -> Iterator[tuple[s3.Bucket, str]]:
    made = s3.Bucket()
    with on_loopback(s3.handler(made)) as address:
        yield made, address


def test_a_bucket_of_s3_is_read_with_the_credentials_of_the_options(bucket: tuple[s3.Bucket, str], tmp_path: Path) -> None:
    made, address = bucket
    made.objects = {"exports/crm_customers.csv": PEOPLE, "elsewhere/crm_tickets.csv": TICKETS}
    told = {"key": "${KEY}", "secret": "${SECRET}", "endpoint_url": address}
    settings = FilesSource(type="files", path="s3://bucket/exports", options=told)
    nights = Nights(tmp_path, settings.model_copy(update={"options": {**told, "key": s3.KEY, "secret": s3.SECRET}}))
    assert landed(nights.night()) == {"crm_customers": 2}
    made.asked.clear()
    assert landed(nights.night()) == {}
    assert ("GET", "exports/crm_customers.csv") not in made.asked
    refused = settings.model_copy(update={"options": {**told, "key": "AKIAOTHER", "secret": s3.SECRET}})
    with pytest.raises(SourceError) as caught:
        Nights(tmp_path / "refused", refused).night()
    assert "s3://bucket/exports: is refused" in str(caught.value)
    assert s3.SECRET not in str(caught.value)


HEADER = row(1, "customer_id", "created_at", "email", "vip")
SHEET = HEADER + row(2, 17, datetime(2025, 1, 1, 10, 30), "ann@example.org", True) + row(4, "0018", "2025-01-02", None, 1.5)


def test_a_workbook_is_read_with_its_dates_and_numbers(read: Any) -> None:
    _, rows = read(workbook(Notes="", crm_customers=SHEET), "crm_customers.xlsx")
    assert [(row["customer_id"], row["created_at"], row["email"], row["vip"]) for row in rows] == [
        ("17", datetime(2025, 1, 1, 10, 30), "ann@example.org", "true"),
        ("0018", datetime(2025, 1, 2), None, "1.5"),
    ]


def test_an_id_of_more_digits_than_a_workbook_keeps_is_none(read: Any) -> None:
    """Excel has put zeros in the place of its last digits: two customers would be one."""
    sheet = row(1, "customer_id", "created_at") + row(2, 123456789012345, "2025-01-01") + row(3, 12345678901234500, "2025-01-01")
    _, rows = read(workbook(crm_customers=sheet), "crm_customers.xlsx")
    assert [(row["customer_id"], row["_bad_values"]) for row in rows] == [
        ("123456789012345", None),
        (None, '{"customer_id":"1.23456789012345e+16"}'),
    ]


def test_a_cell_that_is_merged_with_those_below_it_says_the_same_for_their_rows(read: Any) -> None:
    """Excel keeps what it shows over several rows in the first of them: the others would be of nobody, or of no country."""
    names = row(2, "customer_id", "created_at", "email", "country", "region")
    people = (("1", "2025-01-01", "ann@example.org", "DE"), ("2", None, "bo@example.org"), ("3", "2025-01-03", "cy@example.org"))
    rows = "".join(row(number, *told) for number, told in enumerate(people, 3))
    sheet = names + rows + merged("B3:B4", "D3:D5", "E2:E3")
    _, found = read(workbook(crm_customers=sheet), "crm_customers.xlsx")
    told = [(one["customer_id"], one["created_at"], one["country"], one["region"], one["_bad_values"]) for one in found]
    first, third = datetime(2025, 1, 1), datetime(2025, 1, 3)
    assert told == [("1", first, "DE", None, None), ("2", first, "DE", None, None), ("3", third, "DE", None, None)]


def test_of_several_sheets_the_one_named_like_the_table_is_read(read: Any) -> None:
    _, rows = read(workbook(Other=row(1, "x"), CRM_customers=SHEET), "crm_customers.xlsx")
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04 no workbook", "the workbook is damaged"),
        (workbook(a=row(1, "x"), b=row(1, "y")), "2 sheets with content; call the one to be read crm_customers"),
        (workbook(a=""), "the workbook is empty"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_one_line(read: Any, content: bytes, reason: str) -> None:
    batch, _ = read(content, "crm_customers.xlsx")
    assert reason in batch.error


PACK: dict[str, Callable[[bytes], bytes]] = {
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda plain: pa.compress(plain, "zstd", asbytes=True),
}


@pytest.mark.parametrize("name", ["crm_customers.csv.zst", "crm_customers.jsonl.zst", "crm_customers.csv.bz2", "crm_customers.json.xz"])
def test_packed_text_reads_like_plain_text_and_a_cut_off_one_is_said(read: Any, name: str) -> None:
    plain = PEOPLE if ".csv" in name else b'{"customer_id": "1", "created_at": "2025-01-01"}\n'
    packed = PACK[name.rpartition(".")[2]](plain)
    _, rows = read(packed, name)
    assert rows[0]["customer_id"] == "1"
    batch, _ = read(packed[:-5], name)
    assert batch.error == f"{name}: the packed file is damaged or cut off; export it again"


def test_a_column_that_comes_goes_or_changes_its_type_between_files(tmp_path: Path) -> None:
    folder = tmp_path / "exports" / "crm_customers"
    folder.mkdir(parents=True)
    (folder / "1.csv").write_text("customer_id,created_at,email,birth_year\n1,2025-01-01,ann@example.org,1980\n")
    nights = Nights(tmp_path, FilesSource(type="files", path=str(tmp_path / "exports")))
    nights.night()
    (folder / "2.csv").write_text("customer_id,created_at,email,birth_year,shoe\n2,2025-01-01,bo@example.org,1981,42\n")
    came = nights.night()["crm_customers"]
    assert (came.unknown_columns, came.error) == (("shoe",), None)
    (folder / "3.csv").write_text("customer_id,created_at,birth_year\n3,2025-01-01,around 1980\n")
    gone = nights.night()["crm_customers"]
    assert "email" in gone.absent_columns
    people = nights.rows("crm_customers")
    assert (people["2"]["shoe"], "birth_year" in people["3"], "email" in people["3"]) == ("42", False, False)
