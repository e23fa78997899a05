"""Exports of Qualtrics: ordered, waited for, fetched as a zip of JSON.

Comes in: the API. Goes out: responses. One export at a time: sources disagree about how many are allowed. An export may be of 1.8 GB once
unpacked, so of a large one the zip is held and no more than one response of what is in it.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.sources.base import SourceError
from orchestration.sources.http import Api, RefusedError
from orchestration.sources.reading.json_text import members, parsed
from orchestration.sources.reading.values import below

Object = Mapping[str, Any]
_MOST_AT_ONCE = 32 << 20  # bytes of JSON, which are ten times as many as objects; one by one takes three times as long
_POLL, _MOST_POLLS = 5.0, 360  # seconds; half an hour


@dataclass(frozen=True)
class Questions:
    """The ids of the questions of a survey, and of those of them that nobody is asked: they lie in its trash."""

    all: frozenset[str]
    unused: frozenset[str]


class Exports:
    """The surveys of one account."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def probe(self) -> None:
        """Ask for nearly nothing; raises what stands in the way."""
        self._api.get("/API/v3/whoami")

    def questions(self, survey: str) -> Questions | None:
        """What a survey asks; None where the account does not tell."""
        try:
            told = self._api.get(f"/API/v3/survey-definitions/{survey}", holds="result")["result"]
        except RefusedError as error:
            if error.status not in (403, 404):
                raise
            return None
        blocks = (told.get("Blocks") or {}).values()
        unused = (one for block in blocks if block.get("Type") == "Trash" for one in block.get("BlockElements") or [])
        return Questions(frozenset(told.get("Questions") or ()), frozenset(str(one.get("QuestionID")) for one in unused))

    def responses(self, survey: str, since: str | None, asked: Mapping[str, Sequence[str]]) -> Iterator[Object]:
        """The responses recorded since `since`, or all, with what is `asked` of each.

        Raises RefusedError that names the questions where Qualtrics takes the order for none.
        """
        path = f"/API/v3/surveys/{survey}/export-responses"
        body = {"format": "json", "compress": True, **asked, **({"startDate": since} if since else {})}
        try:
            ordered = self._api.post(path, body, holds="result")
        except RefusedError as error:
            if error.status != 400 or "questionIds" not in asked:
                raise
            named = ", ".join((*asked["questionIds"], *asked["embeddedDataIds"]))
            what = f"the survey {survey} is not exported (400); most likely it has not all of these questions and fields: {named}"
            raise RefusedError(f"{what}; correct them in the configuration", error.status) from None
        file = self._waited_for(f"{path}/{ordered['result']['progressId']}", survey)
        yield from self._api.get_file(f"{path}/{file}/file", _unpacked)

    def _waited_for(self, path: str, survey: str) -> str:
        for _ in range(_MOST_POLLS):
            state = self._api.get(path, holds="result")["result"]
            if state["status"] == "complete":
                return str(state["fileId"])
            if state["status"] == "failed":
                raise SourceError(f"Qualtrics could not export the survey {survey}; the next run asks again")
            self._api.pause(_POLL)
        raise SourceError(f"Qualtrics has not exported the survey {survey} within half an hour; the next run asks again")


def _unpacked(content: bytes) -> Iterable[Object]:
    """The responses in a zip. Raises ValueError when it was cut off."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(file.file_size for file in packed.infolist()) > _MOST_AT_ONCE:
                if packed.testzip() is not None:
                    raise ValueError("no whole zip")
                return _one_by_one(content)
            files = [parsed(packed.read(name)) for name in packed.namelist()]
    except (zipfile.BadZipFile, EOFError, zlib.error) as error:
        raise ValueError("no whole zip") from error
    if not all(isinstance(below(file, "responses"), list) for file in files):
        raise ValueError("no list of responses")
    return [response for file in files for response in file["responses"]]


def _one_by_one(content: bytes) -> Iterator[Object]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        for name in packed.namelist():
            with packed.open(name) as file, io.TextIOWrapper(file, encoding="utf-8") as text:
                try:
                    yield from members(text, "responses")
                except ValueError as error:
                    raise SourceError("an export of Qualtrics ends before its responses do; the next run asks again") from error
