"""Text as it comes out of spreadsheets, databases and web pages: what nobody can see or mean is no part of a value."""

import json
import re
import unicodedata
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.sources.reading import texts

CUSTOMERS = "customer_id,created_at,email,region,birth_year,deleted_at,merged_into_customer_id\n"
NO_BREAK, NO_WIDTH, LEFT_TO_RIGHT = "\u00a0", "\u200b", "\u202a"
COMPOSED, DECOMPOSED = "Zo\u00eb", "Zoe\u0308"


def _customers(read: Any, *lines: str) -> list[dict[str, Any]]:
    _, rows = read(CUSTOMERS + "\n".join(lines) + "\n")
    return list(rows)


@pytest.mark.parametrize(
    "text",
    ["c1", " c1", "c1\t", f"{NO_BREAK}c1{NO_BREAK} ", f"{NO_WIDTH}c1", f"c{NO_WIDTH}1", f"{LEFT_TO_RIGHT}c1\u202c", "\ufeffc1", '"c1\n"'],
)
def test_an_id_is_what_can_be_seen_of_it(read: Any, text: str) -> None:
    assert _customers(read, f"{text},2025-01-01,,,,,")[0]["customer_id"] == "c1"


def test_one_letter_written_in_two_ways_is_one_letter(read: Any) -> None:
    rows = _customers(read, f"{COMPOSED},2025-01-01,,{COMPOSED},,,", f"{DECOMPOSED},2025-01-01,,{DECOMPOSED},,,")
    assert {(row["customer_id"], row["region"]) for row in rows} == {(COMPOSED, COMPOSED)}


def test_what_is_taken_for_as_it_should_be_is(read: Any) -> None:
    """A letter that may be joined to the one before it, or be written otherwise, is none of those that are not looked at again."""
    letters = re.compile(re.sub(r"\\x{([0-9a-f]+)}", lambda code: chr(int(code[1], 16)), f"[{texts.LETTERS}]"))
    everything = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x20000))))
    joined = {pieces[1] for one in everything if len(pieces := unicodedata.normalize("NFD", one)) > 1}
    ours = letters.findall(everything)
    assert len(ours) > 30_000
    assert [one for one in ours if unicodedata.normalize("NFC", one) != one or one in joined or one in texts.SPACES] == []
    _, rows = read(
        "customer_id,created_at,full_name\n" + "".join(f"{one},2025-01-01,{one}\n" for one in (" Žofie\u00a0", "Änne", "E\u0301va"))
    )
    assert [(row["customer_id"], row["full_name"]) for row in rows] == [(one, one) for one in ("Žofie", "Änne", "Éva")]


def test_what_joins_two_pictures_inside_a_text_stays(read: Any) -> None:
    family = "\U0001f468\u200d\U0001f469"
    (row,) = _customers(read, f"1,2025-01-01,a{NO_WIDTH}nn@x.example,{NO_BREAK}{family}{NO_WIDTH},,,")
    assert (row["region"], row["email"]) == (family, "ann@x.example")


def test_what_fills_fields_of_a_fixed_width_up_is_no_letter_and_no_other_encoding(read: Any) -> None:
    _, rows = read(b"customer_id,created_at,full_name\n7\0\0,2025-01-01,An\0n\0\0\n")
    assert [(row["customer_id"], row["full_name"]) for row in rows] == [("7", "Ann")]
    batch, _ = read("customer_id,created_at\n7,2025-01-01\n".encode("utf-16-le"))
    assert "it looks like UTF-16" in batch.error


@pytest.mark.parametrize("word", ["NULL", "null", "\\N", "None", " NaT ", f"<NA>{NO_BREAK}"])
def test_words_for_nothing_are_nothing_where_an_id_a_number_or_a_time_belongs(read: Any, word: str) -> None:
    """Else all records without another are merged into the record NULL, and a table of open ends waits in quarantine."""
    (row,) = _customers(read, f"1,2025-01-01,,{word},{word},{word},{word}")
    assert (row["birth_year"], row["deleted_at"], row["merged_into_customer_id"], row["_bad_values"]) == (None, None, None, None)
    assert row["region"] == word.strip(f" {NO_BREAK}")


@pytest.mark.parametrize("word", ["N/A", "n/a", "#N/A", "NA", "nan", " - ", f"--{NO_BREAK}"])
def test_what_people_write_for_nothing_is_no_id_and_no_number(read: Any, word: str) -> None:
    (row,) = _customers(read, f"1,2025-01-01,,,{word},,{word}")
    assert row["merged_into_customer_id"] is None
    assert list(json.loads(row["_bad_values"])) == ["birth_year"]


def test_the_day_that_mysql_writes_for_none_is_none(read: Any) -> None:
    rows = _customers(read, "1,2025-01-01,,,,0000-00-00,", "2,2025-01-01,,,,0000-00-00 00:00:00,")
    assert [(row["deleted_at"], row["_bad_values"]) for row in rows] == [(None, None)] * 2


def test_a_word_that_means_something_is_no_word_for_nothing(read: Any) -> None:
    (row,) = _customers(read, "1,2025-01-01,,,unknown,never,nullable")
    assert row["merged_into_customer_id"] == "nullable"
    assert json.loads(row["_bad_values"]) == {"birth_year": "unknown", "deleted_at": "never"}


@pytest.mark.parametrize("text", ["1.23457E+11", '"1,23457E+11"', "1E+22", "1.2345678901234566e+17"])
def test_an_id_that_a_spreadsheet_has_cut_is_none(read: Any, text: str) -> None:
    """Many ids become the same one so: with a later time of change they would pass for versions of one customer."""
    (row,) = _customers(read, f"{text},2025-01-01,,,,,")
    assert (row["customer_id"], json.loads(row["_bad_values"])) == (None, {"customer_id": text.strip('"')})


def test_ids_that_look_a_little_like_cut_ones_or_none_stay(read: Any) -> None:
    rows = _customers(read, *(f"{one},2025-01-01,,,,," for one in ("12e3", "5E10", "a+b", "1.5", "none")))
    assert [row["customer_id"] for row in rows] == ["12e3", "5E10", "a+b", "1.5", "none"]


def test_an_id_of_a_double_that_cannot_hold_it_is_none(read: Any, tmp_path: Any) -> None:
    pq.write_table(pa.table({"customer_id": [1.2345678901234567e17, 7.0], "created_at": ["2025-01-01"] * 2}), tmp_path / "in.parquet")
    _, rows = read((tmp_path / "in.parquet").read_bytes(), "crm_customers.parquet")
    assert [(row["customer_id"], row["_bad_values"] is None) for row in rows] == [(None, False), ("7", True)]


@pytest.mark.parametrize(("text", "expected"), [("Email", "email"), (" EMAIL ", "email"), (f"email{NO_BREAK}", "email"), ("Fax", "Fax")])
def test_a_value_of_a_list_is_read_whatever_its_case(read: Any, text: str, expected: str) -> None:
    _, (row,) = read(f"customer_id,channel,purpose,status,recorded_at\n1,{text},Marketing,GRANTED,2025-01-01\n", "crm_consents.csv")
    assert (row["channel"], row["purpose"], row["status"]) == (expected, "marketing", "granted")


def test_kinds_that_mean_something_are_read_whatever_their_case_and_others_stay(read: Any) -> None:
    """`Opened` would be an interaction like any other, and no open."""
    header = "interaction_id,customer_id,occurred_at,channel,kind,direction\n"
    _, rows = read(header + "1,1,2025-01-01,Email,Opened,Inbound\n2,1,2025-01-01,email,Demo Booked,\n", "crm_interactions.csv")
    assert [(row["kind"], row["direction"]) for row in rows] == [("opened", "inbound"), ("Demo Booked", None)]


def test_a_header_is_what_can_be_seen_of_it(read: Any) -> None:
    _, (row,) = read(f"{NO_WIDTH}Customer_ID{NO_BREAK},\ufeffcreated_at\n1,2025-01-01\n")
    assert row["customer_id"] == "1"


def test_two_headers_that_look_alike_are_one_too_many(read: Any) -> None:
    batch, _ = read(f"customer_id,created_at,email,email{NO_WIDTH}\n1,2025-01-01,a,b\n")
    assert "is there twice" in (batch.error or "")


def test_a_value_is_read_the_same_whatever_stands_above_and_below_it(read: Any) -> None:
    """What is as it should be is told by one test or two; one value that is not must not be taken along, nor lead the others astray."""
    ids = ["c1", "12.0", "12", "NULL", " c2 ", "1E+22", "a+b", f"c{NO_WIDTH}3", "0.0", "x.0", "7+1", "/1.0"]
    kinds = ["opened", "Opened", f"opened{NO_BREAK}", "Demo", " clicked", "", "OPENED", "clicked", "é", "opened", "N/A", "\ufeffopened"]
    lines = (f"{at},{one},2025-01-01,email,{kind}\n" for at, (one, kind) in enumerate(zip(ids, kinds, strict=True)))
    _, rows = read("interaction_id,customer_id,occurred_at,channel,kind\n" + "".join(lines), "crm_interactions.csv")
    told = ["c1", "12", "12", None, "c2", None, "a+b", "c3", "0", "x.0", "7+1", "/1.0"]
    assert [row["customer_id"] for row in rows] == told
    meant = ["opened", "opened", "opened", "Demo", "clicked", None, "opened", "clicked", "é", "opened", "N/A", "opened"]
    assert [row["kind"] for row in rows] == meant
