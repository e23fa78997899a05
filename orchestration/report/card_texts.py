"""What each model is for and what it cannot do: the sentences of its card that no number tells."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Told:
    """A family of models in words. `choice`: how one candidate is chosen; `reasons`: how to read what it says of a customer."""

    name: str
    predicts: str
    for_whom: str
    used_for: str
    not_for: str
    choice: str
    reasons: str
    limits: tuple[str, ...]


CHURN = Told(
    "Churn",
    "The probability that a customer leaves within the horizon after the as-of date: with contracts, that they lose every paying"
    " subscription; without, that they buy nothing. The horizon stands in fct_churn_scores.horizon_days.",
    "Every customer who is active on the as-of date and has not withdrawn from profiling.",
    "Deciding whom to look after first; the risk band weighs the probability with the value expected of the customer.",
    "Judging a person, setting a price for one, or saying why somebody will leave: it finds what goes along with leaving, not what"
    " causes it.",
    "The simplest candidate whose log loss on later moments is within one standard error of the best. It is published when it beats the"
    " base rate and the best rule on recency for certain and its probabilities mean what they say; else the last good model scores.",
    "Up to three per customer, exact for the model that scored: each says the value, what is usual, and by how many points the risk"
    " would differ if that column said nothing. They explain the score. They do not say what would change the customer's mind.",
    (
        "It knows what the sources know: a customer whose usage or tickets are not connected looks like a quiet one.",
        "It learns from the past: a new price, product or competitor is unknown to it until a whole horizon has passed.",
        "A column that alone ranks leavers almost perfectly refuses the model, because it probably knows the future.",
        "A column that matters and moved far from what was learnt from keeps the last good model.",
    ),
)
VALUE = Told(
    "Lifetime value",
    "The discounted margin that a customer is expected to bring over the horizon, with the interval that holds eight of ten customers.",
    "Every customer with a subscription or a purchase who has not withdrawn from profiling.",
    "Ranking customers by what losing them would cost, and weighing the cost of an action against it.",
    "A promise about a single customer: the interval is wide because single customers are. Not the sum of what was spent so far either.",
    "Without contracts, BG/NBD, unless another model of purchases foretold the held-out part of the history better for certain. With"
    " contracts, a shifted-beta-geometric for each billing interval with enough departures, parted further by plan, size or channel where"
    " one of these foretells the held-out months better by more than a standard error.",
    "A value is expected purchases × expected order value, or the chance of still being there month by month × monthly margin, discounted.",
    (
        "The chance of being alive is no churn score: who never bought again is alive for certain under BG/NBD.",
        "Customers are taken to go on at their own pace: seasons, price changes and campaigns to come are unknown.",
        "A fit that does not converge, or whose order values go along with frequency, is refused; the last good one stays, with its age.",
    ),
)
ACTIONS = Told(
    "Next best action",
    "By how much each action raises the chance that a customer stays, against doing nothing.",
    "Every active customer; what consent, suppression, eligibility, cool-down, pressure or capacity forbids is never chosen.",
    "Choosing one action a night, or none, where the believed gain × value exceeds the cost.",
    "Proving that an action works for one customer. Only the holdout and the comparisons below say whether acting pays.",
    "Effects are learnt from decisions whose propensity is known, by several learners that share the work by what they foretell together,"
    " and shrunk by how certain they are. The policy is judged on customers it has not learnt from; one that is certainly worse than doing"
    " nothing is not published.",
    "Each decision says the believed effect, the value, the cost and the gain, or which gate, holdout or draw decided.",
    (
        "Without decisions that were partly left to chance nothing can be learnt, and everyone gets nothing but the explored share.",
        "It may claim to be better than a rival only where the interval of the paired difference lies above 0 and the log could have made"
        " at least 80 % of the choices.",
        "An effect of the past is taken to last; a tired audience is noticed only as new decisions mature.",
    ),
)


def told(model: str) -> Told:
    """The sentences of `model`, whichever form of it ran."""
    if model.startswith("next_best_action_"):
        return _aimed(model.removeprefix("next_best_action_"))
    return CHURN if model == "churn" else VALUE if model.startswith("clv") else ACTIONS


_AIMED = {
    "expansion": "By which share each action that aims at it raises what a customer brings, against doing nothing.",
    "referral": "By how much each action that aims at it raises the chance of a referral that converts, against doing nothing.",
    "survey_response": "By how much each action that aims at it raises the chance that a survey is answered, against doing nothing.",
}


def _aimed(aim: str) -> Told:
    """The next best action for another aim than that the customer stays."""
    return replace(ACTIONS, name=f"{ACTIONS.name} for {aim.replace('_', ' ')}", predicts=_AIMED[aim])
