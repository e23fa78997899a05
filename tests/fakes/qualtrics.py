"""A Qualtrics account on loopback: exports that take a while and come as a zip."""

import io
import json
import zipfile
from typing import Any

from examples.fakes.vendor import RefusalError, Vendor

_NAMES = """startDate endDate status ipAddress progress duration finished recordedDate _recordId recipientLastName recipientFirstName
    recipientEmail externalDataReference locationLatitude locationLongitude distributionChannel userLanguage"""
METADATA = frozenset(_NAMES.split())


class QualtricsAccount(Vendor):
    """`respond` adds a response to the survey SV_1. An export is in progress when it is first asked after.

    unused               questions that lie in the trash of the survey
    tells_of_questions   whether the token may read what the survey asks
    knows_its_questions  whether an export of a question that is not there is refused, or holds nothing of it
    """

    credential_header = "x-api-token"

    def __init__(self) -> None:
        super().__init__()
        self.responses: dict[str, dict[str, Any]] = {}
        self.exports: list[list[dict[str, Any]]] = []
        self.waiting: set[int] = set()
        self.questions, self.unused = {"QID1", "QID2", "QID3"}, set[str]()
        self.tells_of_questions = self.knows_its_questions = True

    def is_known(self, authorization: str) -> bool:
        return authorization == self.token

    def respond(self, identifier: str, recorded: str, **values: Any) -> None:
        told = {"recordedDate": recorded, "finished": 1, "status": 0, **values}
        self.responses[identifier] = {"responseId": identifier, "values": told}

    def answer(self, method: str, path: str, params: dict[str, str], body: Any) -> Any:
        pieces = path.removeprefix("/API/v3/").split("/")
        if pieces == ["whoami"]:
            return {"result": {"userId": "UR_1"}}
        if pieces == ["survey-definitions", "SV_1"]:
            return self._definition()
        if pieces[:2] != ["surveys", "SV_1"]:
            raise RefusalError(404, {"meta": {"httpStatus": "404 - Not Found"}})
        if method == "POST":
            since = body.get("startDate", "")
            found = [one for one in self.responses.values() if one["values"]["recordedDate"] >= since]
            self.exports.append([{**one, "values": self._asked_for(one["values"], body)} for one in found])
            self.waiting.add(len(self.exports) - 1)
            return {"result": {"progressId": str(len(self.exports) - 1), "status": "inProgress"}}
        number = int(pieces[3])
        if pieces[4:] == ["file"]:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as file:
                file.writestr("survey.json", json.dumps({"responses": self.exports[number]}))
            return packed.getvalue()
        if number in self.waiting:
            self.waiting.remove(number)
            return {"result": {"status": "inProgress", "percentComplete": 10}}
        return {"result": {"status": "complete", "fileId": str(number)}}

    def _definition(self) -> dict[str, Any]:
        if not self.tells_of_questions:
            raise RefusalError(403, {"meta": {"httpStatus": "403 - Forbidden"}})
        unused = [{"Type": "Question", "QuestionID": one} for one in sorted(self.unused)]
        blocks = {"BL_1": {"Type": "Default", "BlockElements": []}, "BL_2": {"Type": "Trash", "BlockElements": unused}}
        return {"result": {"SurveyID": "SV_1", "Questions": {one: {"QuestionID": one} for one in self.questions}, "Blocks": blocks}}

    def _asked_for(self, values: dict[str, Any], body: Any) -> dict[str, Any]:
        """What an export holds of a response: of questions, of what is embedded, and of itself what was asked for, or all."""
        if self.knows_its_questions and not set(body.get("questionIds", [])) <= self.questions:
            raise RefusalError(400, {"meta": {"httpStatus": "400 - Bad Request", "error": {"errorCode": "ESRV"}}})
        lists = {name: body.get(name) for name in ("questionIds", "embeddedDataIds", "surveyMetadataIds")}

        def of(name: str) -> str:
            return "questionIds" if name.startswith("QID") else "surveyMetadataIds" if name in METADATA else "embeddedDataIds"

        return {name: value for name, value in values.items() if lists[of(name)] is None or name.split("_")[0] in lists[of(name)]}


def small_account() -> QualtricsAccount:
    """Two people who answered, one whose answer was imported, one who did not finish; a preview on paper, spam."""
    account = QualtricsAccount()
    account.respond("R_6", "2026-01-09T10:00:00Z", QID1=7, externalDataReference="C6", status=4)
    account.respond("R_1", "2026-01-10T10:00:00Z", QID1=9, QID2=4, QID3_TEXT="Good", externalDataReference="C1", userLanguage="EN")
    account.respond("R_2", "2026-01-11T10:00:00Z", QID1=3, recipientEmail="bo@example.org")
    account.respond("R_3", "2026-01-11T10:00:00Z", QID1=3, recipientEmail="cy@example.org", finished=0)
    account.respond("R_4", "2026-01-11T10:00:00Z", QID1=3, recipientEmail="cy@example.org", status=17)
    account.respond("R_0", "2026-01-09T10:00:00Z", QID1=10, recipientEmail="di@example.org", status=12)
    return account
