"""What an action may aim at: the outcome of the log that it is valued by, and the words for it.

Comes in: actions, and what they aim at. Goes out: the aims of the night, each with its actions.
An action is compared with the control by its own aim alone: a request for a referral is not worth a cent for keeping anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MODEL, CONTROL = "next_best_action", "nothing"


@dataclass(frozen=True)
class Aim:
    """`outcome`: column of the log, NULL where it cannot be told. `ended`, `doing`: in names of metrics. `told`, `unit`: in a reason."""

    name: str
    outcome: str
    ended: str
    doing: str
    told: str
    unit: str = "points"

    @property
    def model(self) -> str:
        """Under which name its policy is stored and judged."""
        return MODEL if self.name == RETENTION.name else f"{MODEL}_{self.name}"

    @property
    def measure(self) -> str:
        """What champion and challenger are compared by."""
        return "share_that_stays" if self.name == RETENTION.name else f"mean_{self.outcome}"


RETENTION = Aim("retention", "stayed", "stayed", "staying", "the chance of staying")
AIMS = (
    RETENTION,
    Aim("expansion", "outcome_expansion", "expanded", "expanding", "what they bring", "percent"),
    Aim("referral", "outcome_referral", "referred", "referring", "the chance of a referral that converts"),
    Aim("survey_response", "outcome_survey_response", "answered", "answering", "the chance of an answer"),
)


def aims_of(actions: Iterable[str], named: Mapping[str, str]) -> dict[Aim, list[str]]:
    """The actions of each aim of the night, retention first; one that `named` says nothing of aims at retention. The control has none.

    Raises ValueError for an aim that nobody knows.
    """
    aimed = {action: named.get(action, RETENTION.name) for action in sorted(set(actions) - {CONTROL})}
    unknown = sorted(set(aimed.values()) - {aim.name for aim in AIMS})
    if unknown:
        raise ValueError(f"aims: {unknown[0]!r} is none of {', '.join(aim.name for aim in AIMS)}")
    found = {aim: [action for action, name in aimed.items() if name == aim.name] for aim in AIMS}
    return {aim: those for aim, those in found.items() if those} or {RETENTION: []}
