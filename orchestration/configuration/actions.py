"""Actions as data: what may be done for a customer, for whom, and for whom not, in plain expressions over features.

Comes in: the YAML file that `actions:` of the configuration names. Goes out: frozen `Action`s, their rules compiled to SQL.
A rule is written as `tenure_days >= 90 and (mrr > 20 or plan in ("team", "pro")) and not has_requested_cancellation`; what is known of
a customer is asked with `last_nps is not null`. Whatever is misspelt is one clear line before anything runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, computed_field, field_validator, model_validator

from orchestration.configuration.action_rules import sql_of
from orchestration.configuration.file import ConfigurationError, in_words, parsed
from orchestration.configuration.parts import Currency, Name, Part, PositiveInt, Text

NOTHING = "nothing"
_PRICED = ("referral", "survey_response")  # nothing in the data says what these are worth


class Action(Part):
    """One thing that may be done. A rule that asks for something unknown of a customer does not hold for them."""

    name: Name
    channel: Literal["email", "sms", "phone", "push", "post", "ads"] = Field(description="Channel of consent it is carried out on")
    purpose: Literal["marketing", "service"] = Field(description="Purpose that consent must have been given for")
    cost: Annotated[float, Field(ge=0)] = Field(description="What one costs, in major units")
    currency: Currency | None = Field(None, description="Of the cost; none = the reporting currency")
    capacity: PositiveInt | None = Field(None, description="Most of them in a night; none = no limit but that of all actions")
    cooldown_days: PositiveInt | None = Field(None, description="Not again for the same customer within so many days")
    aims_at: Literal["retention", "expansion", "referral", "survey_response"] = Field(
        "retention", description="What it is valued by: that the customer stays, pays more, brings somebody, or answers"
    )
    worth: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="What one referral that converts, or one answer, is worth, in the currency of the cost; the other aims know theirs",
    )
    description: Text
    eligible_when: Text | None = Field(None, description="Rule that must hold; none = everyone is eligible")
    suppress_when: Text | None = Field(None, description="Rule that must not hold")

    @field_validator("name")
    @classmethod
    def _not_nothing(cls, value: str) -> str:
        if value == NOTHING:
            raise ValueError("`nothing` is always there and needs no entry")
        return value

    @model_validator(mode="after")
    def _worth_where_nothing_else_tells(self) -> Action:
        if self.aims_at in _PRICED and self.worth is None:
            raise ValueError(f"aims_at: {self.aims_at} needs `worth`, what one is worth to the company")
        if self.aims_at not in _PRICED and self.worth is not None:
            raise ValueError(f"worth: {self.aims_at} is worth what the customer is; leave it out")
        return self

    @field_validator("eligible_when", "suppress_when")
    @classmethod
    def _can_be_asked(cls, value: str | None) -> str | None:
        if value is not None:
            sql_of(value)
        return value

    @computed_field
    def eligible_sql(self) -> str | None:
        """The rule of eligibility as SQL over `features`."""
        return None if self.eligible_when is None else sql_of(self.eligible_when)

    @computed_field
    def suppress_sql(self) -> str | None:
        """The rule of suppression as SQL over `features`."""
        return None if self.suppress_when is None else sql_of(self.suppress_when)


class ActionsFile(Part):
    """The whole file."""

    actions: tuple[Action, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct_names(self) -> ActionsFile:
        names = [action.name for action in self.actions]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"two actions are called {min(twice)!r}; names must differ")
        return self


def read_actions(config_path: Path, named: str | None) -> tuple[Action, ...]:
    """The actions of the file `named` beside the configuration; none without one. Raises ConfigurationError with one line."""
    if named is None:
        return ()
    path = (config_path.parent / named).resolve()
    if not path.is_file():
        raise ConfigurationError(f"{config_path}: actions: {path} is not there; write it, or leave the key out for the default actions")
    content = parsed(path, "begin with `actions:`, and a dash before each of them")
    try:
        return ActionsFile.model_validate(content).actions
    except ValidationError as error:
        keys = [*ActionsFile.model_fields, *Action.model_fields]
        raise ConfigurationError(f"{path}: {in_words(error, content, keys)}") from error


def for_dbt(actions: tuple[Action, ...]) -> list[dict[str, Any]]:
    """Plain values of the dbt variable `actions`."""
    return [action.model_dump(exclude={"eligible_when", "suppress_when"}) for action in actions]
