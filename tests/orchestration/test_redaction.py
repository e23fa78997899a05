"""An identifier is found where it stands alone, in SQL and in bytes alike, and never inside a longer one."""

from __future__ import annotations

import html
import io
import json
import secrets
from urllib.parse import quote_plus, urlencode

import duckdb
import pytest

from orchestration.redaction import INSTEAD, Needles, spotting

NEEDLES = Needles.of(["Ann@x.example", "C0000012", "+49 170 5550123", "42", "20261031"])
TEXTS = [
    ("write to ann@X.example.", f"write to {INSTEAD}."),
    ("<ann@x.example>,C0000012", f"<{INSTEAD}>,{INSTEAD}"),
    ("C0000012 C0000012 C0000012", f"{INSTEAD} {INSTEAD} {INSTEAD}"),
    ('{"phone": "+49 170 5550123"}', f'{{"phone": "{INSTEAD}"}}'),
    ("joann@x.example, ann@x.example.org, C00000123, xC0000012", "joann@x.example, ann@x.example.org, C00000123, xC0000012"),
    ("crm/ann@x.example.csv.gz: C0000012.json, ann@x.example.csvx", f"crm/{INSTEAD}.csv.gz: {INSTEAD}.json, ann@x.example.csvx"),
    ("42 is a number", "42 is a number"),
]


@pytest.mark.parametrize(("text", "cleared"), TEXTS)
def test_sql_and_bytes_say_the_same(text: str, cleared: str) -> None:
    query = f"SELECT {NEEDLES.mentions(['said'])}, {NEEDLES.without('said')} FROM (SELECT ? AS said)"
    assert duckdb.execute(query, [text]).fetchone() == (text != cleared, cleared)
    assert NEEDLES.cleared(text.encode()).decode() == cleared
    assert NEEDLES.are_in(text.encode()) is (text != cleared)


def test_a_name_is_found_in_writing_without_spaces() -> None:
    needles = Needles.of(["王小明", "김철수", "山田太郎", "王明", "李"])
    said = "请联系王小明,谢谢王小明! 김철수는 山田太郎様に; 王明李"
    told = f"请联系{INSTEAD},谢谢{INSTEAD}! {INSTEAD}는 {INSTEAD}様に; 王明李"
    assert duckdb.execute(f"SELECT {needles.without('said')} FROM (SELECT ? AS said)", [said]).fetchone() == (told,)
    assert needles.cleared(said.encode()).decode() == told


PEOPLE = ("Jürgen O'Brien", "Łucja Żak", "王小明", "ann+news@x.example", 'Sean "Bo" Ünlü', "Mac/Donald & Søn")
WRITTEN = {
    "as it is": str,
    "in capitals": str.upper,
    "in JSON": json.dumps,
    "on a new line in JSON": lambda text: json.dumps(f"of:\n{text}\tand"),
    "in JSON inside JSON": lambda text: json.dumps(json.dumps([text])),
    "in capitals in JSON": lambda text: json.dumps(text.upper()),
    "in HTML": html.escape,
    "in an address of the web": lambda text: urlencode({"who": text}),
    "as a value that is encoded once more": lambda text: f"?q=%3D{quote_plus(text)}&next",
}


@pytest.mark.parametrize("between", ["  ", "\n", "\u00a0", "&nbsp;", "\\n", " \\t", " \r\n "])
def test_a_name_is_found_whatever_stands_between_its_words(between: str) -> None:
    needles, written = Needles.of(["Zorbina Quxfeld"]), f"said ZORBINA{between}Quxfeld."
    (told,) = duckdb.execute(f"SELECT {needles.without('said')} FROM (SELECT ? AS said)", [written]).fetchone() or ("",)
    assert told == needles.cleared(written.encode()).decode() == f"said {INSTEAD}."


@pytest.mark.parametrize("between", [", ", ",", ",\n", "%2C+", ",&nbsp;"])
def test_a_name_with_its_last_word_in_front_is_found(between: str) -> None:
    needles, written = Needles.of(["Quxfeld, Zorbina"]), f"said QUXFELD{between}Zorbina."
    (told,) = duckdb.execute(f"SELECT {needles.without('said')} FROM (SELECT ? AS said)", [written]).fetchone() or ("",)
    assert told == needles.cleared(written.encode()).decode() == f"said {INSTEAD}."


@pytest.mark.parametrize("spelling", WRITTEN)
@pytest.mark.parametrize("name", PEOPLE)
def test_every_spelling_that_a_format_gives_a_name_is_found(name: str, spelling: str) -> None:
    needles, written = Needles.of([name, "C0000012"]), WRITTEN[spelling](name)
    assert duckdb.execute(f"SELECT {needles.mentions(['said'])} FROM (SELECT ? AS said)", [written]).fetchone() == (True,)
    assert INSTEAD.encode() in needles.cleared(written.encode())
    assert not needles.are_in(needles.cleared(written.encode()))


GERMAN = (
    "0049 170 5551234",
    "+49 (0)170 555-1234",
    "0170/5551234",
    "(0170) 555 12 34",
    "00491705551234",
    "+49-170-5551234",
    "(+49) 170 5551234",
    "49170/5551234",
    "491705551234",  # as messengers write it
    "+49\u00a0170\u00a0555\u00a01234",  # as it is copied from a page of the web
)
AMERICAN = ("(212) 555-0187", "212-555-0187", "+1 212.555.0187", "1-212-555-0187", "2125550187")


@pytest.mark.parametrize(
    ("number", "said"), [*(("+49 1705551234", said) for said in GERMAN), *(("+1 2125550187", said) for said in AMERICAN)]
)
@pytest.mark.parametrize("others", [0, 30])
def test_a_phone_number_is_found_as_people_write_it(number: str, said: str, others: int) -> None:
    needles = Needles.of([number, *(f"other{one}@x.example" for one in range(others))])
    text = f"ring {said}, now"
    assert needles.are_in(text.encode())
    assert not any(digit in needles.cleared(text.encode()).decode() for digit in "0123456789")
    (told,) = duckdb.execute(f"SELECT {needles.without('said')} FROM (SELECT ? AS said)", [text]).fetchone() or ("",)
    assert told == needles.cleared(text.encode()).decode()


@pytest.mark.parametrize("said", ["ann.smith+shop@X.example", "ann.smith%2Bshop%40x.example", "<Ann.Smith+a.b@x.example>"])
def test_an_address_is_found_with_a_tag_behind_it(said: str) -> None:
    """Mail to it reaches the same person, and records are tied by it all the same."""
    needles = Needles.of(["ann.smith@x.example"])
    (told,) = duckdb.execute(f"SELECT {needles.without('said')} FROM (SELECT ? AS said)", [said]).fetchone() or ("",)
    assert told == needles.cleared(said.encode()).decode() == ("<[erased]>" if said.startswith("<") else INSTEAD)
    assert not needles.are_in(b"ann.smithson+shop@x.example, joann.smith+a@x.example")


@pytest.mark.parametrize(
    "said", ["+49 170 5551235", "0170 55512345", "in 5551234", "+43 170 5551234", "90170 5551234", "2026-01-70 555.1234"]
)
def test_phone_numbers_of_others_stay(said: str) -> None:
    needles = Needles.of(["+49 1705551234"])
    assert duckdb.execute(f"SELECT {needles.without('said')} FROM (SELECT ? AS said)", [said]).fetchone() == (said,)
    assert needles.cleared(said.encode()).decode() == said


def test_thousands_are_found_like_few() -> None:
    texts = [f"{secrets.token_hex(4)}@{secrets.token_hex(3)}.example" for _ in range(4000)] + ["Żółć Łąkę"]
    needles, content = Needles.of(texts), secrets.token_hex(100_000)
    written = " ".join([content, *texts[:10], content, *texts[-2:]]).encode()
    assert needles.cleared(written).count(INSTEAD.encode()) == 12
    assert not needles.are_in(content.encode())


def test_of_thousands_sql_is_asked_about_those_that_are_there() -> None:
    """Whether they are in a pattern of their own or in one of many makes no difference, nor what is beside them."""
    needles = Needles.of(
        [*(f"{secrets.token_hex(4)}@{secrets.token_hex(3)}.example" for _ in range(300)), *PEOPLE, "+49 1705551234", "C0000012"]
    )
    said = [
        "C0000012",
        "of C0000012\n0170/555 12 34",
        json.dumps('call Sean "BO" Ünlü'),
        "xC0000012, ANN+news@x.example.org",
        "nobody",
        None,
    ]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE texts AS SELECT unnest(?::VARCHAR[]) AS said", [said])
        few = needles.among(connection, "texts", ["said"])
        assert set(few.texts) == {"c0000012", "+49 1705551234", 'sean "bo" ünlü'}
        told = [
            connection.execute(f"SELECT {one.mentions(['said'])}, {one.without('said')} FROM texts").fetchall() for one in (needles, few)
        ]
        assert needles.among(connection, "(FROM texts WHERE said = 'nobody')", ["said"]).mentions(["said"]) == "false"
    assert told[0] == told[1]
    assert [is_told for is_told, _ in told[0]] == [True, True, True, False, False, False]
    assert told[0][1][1] == f"of {INSTEAD}\n{INSTEAD}"


def test_a_file_is_searched_in_chunks_as_if_it_were_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spotting, "_CHUNK", 10_000)
    for place in range(9_950, 10_010):
        content = b"." * place + b" ann@x.example " + b"." * 25_000
        assert NEEDLES.spotter.are_in_file(io.BytesIO(content)), place
        longer = b"." * place + b" ann@x.example.org C00000123 joann@x.example " + b"." * 25_000
        assert not NEEDLES.spotter.are_in_file(io.BytesIO(longer)), place
        assert NEEDLES.spotter.inside_file(io.BytesIO(longer)) == {"ann@x.example", "c0000012"}


def test_nobody_is_found_by_nothing() -> None:
    nothing = Needles.of(["7", " ", "1234567"])
    assert nothing.texts == ()
    assert duckdb.execute(f"SELECT {nothing.mentions(['said'])}, {nothing.without('said')} FROM (SELECT 'a 7' AS said)").fetchone() == (
        False,
        "a 7",
    )
