"""What `sources:` of the configuration may say of survey tools: one class each.

Comes in: the file's mappings. Goes out: frozen settings.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from orchestration.configuration.addresses import BaseUrl
from orchestration.configuration.parts import Name, Part, PositiveInt, Secret, Text

_Scale = tuple[float, float]
_Metric = Literal["nps", "csat", "ces"]


class QualtricsSurvey(Part):
    """One survey: which questions measure what (`{QID1: nps}`), their lowest and highest codes, and the fields that say who answers."""

    id: Text
    questions: dict[Text, _Metric] = Field(min_length=1)
    scales: dict[Text, _Scale] = Field({})
    comments: dict[Text, Text] = Field({}, description="Scored question → field of what was written")
    touchpoint: Text | None = None
    customer_id_field: Text = "externalDataReference"
    email_field: Text = "recipientEmail"


class QualtricsSource(Part):
    """Scored answers to surveys of a Qualtrics account."""

    type: Literal["qualtrics"]
    data_center: Annotated[Text, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9.-]*$")]
    api_token: Secret
    surveys: tuple[QualtricsSurvey, ...] = Field(min_length=1)
    name: Name = "qualtrics"
    base_url: BaseUrl | None = None
    full_every_days: PositiveInt = Field(30, description="Days after which all responses are read again, to find the deleted ones")


class SurveymonkeySurvey(Part):
    """One survey: which questions measure what (`{"123": nps}`), by id, and the variable of its links that says who answers."""

    id: Text
    questions: dict[Text, _Metric] = Field(min_length=1)
    comments: dict[Text, Text] = Field({}, description="Scored question → question of what was written")
    touchpoint: Text | None = None
    customer_id_variable: Text = "customer_id"


class SurveymonkeySource(Part):
    """Scored answers to surveys of a SurveyMonkey account."""

    type: Literal["surveymonkey"]
    token: Secret
    surveys: tuple[SurveymonkeySurvey, ...] = Field(min_length=1)
    name: Name = "surveymonkey"
    base_url: BaseUrl | None = None
    full_every_days: PositiveInt = Field(30, description="Days after which all responses are read again, to find the deleted ones")


class TypeformForm(Part):
    """One form: which questions measure what (`{recommend: nps}`), by reference or id, and where its hidden fields tell who answers."""

    id: Text
    questions: dict[Text, _Metric] = Field(min_length=1)
    touchpoint: Text | None = None
    customer_id_field: Text = "customer_id"
    email_field: Text = "email"


class TypeformSource(Part):
    """Scored answers to forms of a Typeform account."""

    type: Literal["typeform"]
    token: Secret
    forms: tuple[TypeformForm, ...] = Field(min_length=1)
    name: Name = "typeform"
    base_url: BaseUrl | None = Field(None, description="For accounts in the European Union: https://api.eu.typeform.com")
    full_every_days: PositiveInt = Field(30, description="Days after which all responses are read again, to find the deleted ones")

    @field_validator("forms")
    @classmethod
    def _distinct(cls, value: tuple[TypeformForm, ...]) -> tuple[TypeformForm, ...]:
        if len({form.id for form in value}) < len(value):
            raise ValueError("names a form twice; list all of its questions in one place")
        return value
