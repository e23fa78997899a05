"""What is no record is left out and said, with its place; the rest lands, and nothing is taken for deleted for it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.landing import TableLoad
from orchestration.sources import SourceError
from orchestration.sources.http.client import Api
from orchestration.sources.reading.oddities import Oddities
from tests.fakes.accounts import ACCOUNTS
from tests.orchestration.sources.nights import Nights
from tests.orchestration.sources.test_http import _Fixed, serving


def test_what_is_no_record_is_left_out_with_its_place() -> None:
    odd = Oddities()
    odd.objects("GET /list", [{"id": 1}], ("id",))
    assert not odd.found
    page = [{"id": 1}, None, "ann@example.org", {"id": None}, {}, 7, [], {"id": 2}]
    assert odd.objects("GET /list", page, ("id",)) == [{"id": 1}, {"id": 2}]
    assert odd.objects("GET /list", []) == []
    (line,) = odd.lines()
    assert line.startswith("GET /list: 6 records of another shape left out, the first is element 2 of 8 on page 2, null and no object;")
    assert "ann@example.org" not in line


@pytest.mark.parametrize(
    ("content", "what"), [(b'{"data": [null]}', "null and no object"), (b'{"data": [{"a": 1}]}', "an object without id")]
)
def test_a_page_of_nothing_but_oddities_is_an_error_that_says_so(content: bytes, what: str) -> None:
    with serving(_Fixed(content)) as vendor:
        api = Api("stripe", "https://a.b", base_url=vendor.url, sleep=lambda _: None)
        with pytest.raises(SourceError, match=f"GET /list is answered with a list in which nothing is a record .*{what}"):
            api.get("/list", holds="data", each=("id",))


def _lengths(one: Any) -> Iterator[int]:
    yield 0
    yield len(one["text"])


def test_of_a_record_that_is_not_understood_nothing_is_taken_and_no_value_is_told() -> None:
    odd = Oddities()
    found = [{"text": "a"}, {"text": 7}, {"ann@example.org": 1}, {"text": "bc"}]
    assert list(odd.each("letters", found, _lengths)) == [0, 1, 0, 2]
    (line,) = odd.lines()
    assert "letters: 2 records of another shape left out, the first is number 2" in line
    assert "TypeError, test_oddities.py:" in line
    with pytest.raises(SourceError, match="letters: none of 1 records is understood"):
        list(odd.each("letters", found[1:2], _lengths))
    with pytest.raises(SourceError, match=r"the form is not understood.*\(KeyError, test_oddities.py:\d+\)") as caught:
        odd.whole("the form", lambda: list(_lengths(found[2])))
    assert "ann@" not in str(caught.value)


def test_a_list_with_a_record_that_is_not_understood_is_mapped_record_by_record() -> None:
    odd = Oddities()
    lists = [[{"text": "a"}, {"text": "bc"}], [{"text": "d"}, {"text": 7}, {"text": "ef"}], []]
    told = odd.together("letters", lists, lambda some: [[len(one["text"]) for one in some]])
    assert list(told) == [[1, 2], [1], [2], []]
    (line,) = odd.lines()
    assert "letters: 1 record of another shape left out, the first is number 4" in line


def test_what_cannot_be_read_tonight_is_not_taken_for_deleted_and_all_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ACCOUNTS["typeform"]() as account:
        nights = Nights(tmp_path, account.settings)
        answer = account.vendor.answer
        nights.night("survey_responses")
        before = nights.rows("survey_responses")

        def night(instead_of_t2: list[Any], *, is_full: bool) -> TableLoad:
            def answered(*asked: Any) -> Any:
                told = answer(*asked)
                kept = [one for one in told["items"] if one["token"] != "t2"] if "items" in told else []
                return {**told, "items": kept + instead_of_t2 * (len(kept) < len(told["items"]))} if "items" in told else told

            with monkeypatch.context() as patched:
                patched.setattr(account.vendor, "answer", answered)
                if is_full:
                    patched.setattr("orchestration.sources.typeform.source.is_due", lambda *_: True)
                patched.setattr("orchestration.sources.reading.again._SOONER", timedelta(days=1))  # the next night is at once
                return nights.night("survey_responses")["survey_responses"]

        unread = night([None], is_full=True)
        assert (unread.error, unread.tombstones, nights.rows("survey_responses")) == (None, 0, before)
        assert night([], is_full=False).tombstones == 1  # read in full once more, because the last night could not
