"""Landing gate: referrals."""

from expectations.base import Owner, Suite
from expectations.contract import key

_ASK = Owner("the owner of the CRM export")

SUITE = Suite(
    gate="landing",
    table_name="crm_referrals",
    key=key("crm_referrals"),
    expectations=(
        _ASK.filled("referral_id", "Versions of a referral are told apart by it."),
        _ASK.filled("referrer_customer_id", "A referral without its referrer counts for nobody."),
        _ASK.filled("referred_at", "Referrals are counted by month."),
        _ASK.no_less("converted_at", "referred_at", "Nobody converts before being referred."),
        _ASK.since(
            "referred_at", 1971, "A first instant of 1970 is a missing time written as zero; it would stretch every series back to then."
        ),
    ),
)
