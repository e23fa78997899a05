"""Audience gate: what is about to leave the house, for every `sync_<destination>__<audience>` alike.

An audience sends exactly the fields declared here. A new audience is one entry; a field that is not declared blocks the release.
"""

from __future__ import annotations

from collections.abc import Sequence

from expectations.base import Expectation, Owner, Suite

_ASK = Owner("the owner of activation")

# audience → the fields it sends beside `external_id` and `customer_key`; none of them is personal.
AUDIENCES: dict[str, tuple[str, ...]] = {
    "customer_scores": (
        "churn_probability",
        "churn_risk_band",
        "clv_predicted",
        "next_best_action",
        "nps",
        "lifecycle_stage",
        "as_of_date",
    ),
    "at_risk": ("at_risk", "at_risk_reasons", "at_risk_next_action", "as_of_date"),
    "promoters": ("ask_for_referral", "promoter_nps", "promoter_answered_on", "as_of_date"),
    "detractors": ("call_detractor", "detractor_nps", "detractor_answered_on", "detractor_call_by", "as_of_date"),
    "win_back": ("win_back", "win_back_value", "win_back_last_order_on", "as_of_date"),
    "loyal_high_value": ("loyal_high_value", "loyal_value", "as_of_date"),
    "suppression_list": (*(f"suppress_{channel}" for channel in ("email", "sms", "phone", "push", "post", "ads")), "as_of_date"),
}

# Vendors that send marketing: their audiences carry this column, and it is true for everyone in them.
MARKETING = ("braze", "mailchimp", "klaviyo", "customerio")
CONSENT = "has_marketing_consent"
# Vendors that know a customer by address: theirs is the one personal column that an audience may have.
BY_EMAIL = ("hubspot", "klaviyo", "mailchimp")


def audience_suite(table_name: str) -> Suite:
    """The suite of one `sync_*` table. Raises KeyError for an audience whose fields are not declared."""
    destination, _, audience = table_name.removeprefix("sync_").partition("__")
    if audience not in AUDIENCES:
        raise KeyError(
            f"{table_name}: the audience {audience!r} is not declared; add its fields to AUDIENCES in expectations/suites/sync.py"
        )
    consented = destination in MARKETING
    own = (*(("email",) if destination in BY_EMAIL else ()), *((CONSENT,) if consented else ()))
    fields = ("external_id", "customer_key", *own, *AUDIENCES[audience])
    expectations = (*_common(fields), *(_consented() if consented else ()))
    return Suite("audience", table_name, ("customer_key",), expectations, closed=fields)


def _common(fields: Sequence[str]) -> tuple[Expectation, ...]:
    return (
        _ASK.only_columns(fields, "A column that nobody declared would leave with the others."),
        _ASK.filled("customer_key", "An answer about nobody cannot be taken up again."),
        _ASK.unique("customer_key", "A customer twice is sent twice."),
        _ASK.filled("external_id", "Without the destination's own id a new record would be made, or the wrong one changed."),
        _ASK.unique("external_id", "Two customers would overwrite one record in turns."),
        _ASK.not_like("external_id", "@", "An address as an id leaves in every log of the destination."),
        *((_ASK.unique("email", "One of two customers at one address would get the scores of the other."),) if "email" in fields else ()),
        *(_ASK.between(field, 0, 1, "A probability.") for field in fields if field.endswith("_probability")),
    )


def _consented() -> tuple[Expectation, ...]:
    return (
        _ASK.filled(CONSENT, "Unknown consent is no consent."),
        _ASK.one_of(CONSENT, (True,), "Nobody gets marketing without consent."),
    )
