"""Landing gate: statements of consent."""

from expectations.base import Owner, Suite
from expectations.contract import allowed, key

_ASK = Owner("the owner of the CRM export")

SUITE = Suite(
    gate="landing",
    table_name="crm_consents",
    key=key("crm_consents"),
    expectations=(
        _ASK.filled("customer_id", "A row without its customer counts for nobody."),
        _ASK.filled("recorded_at", "The latest statement decides; without a time none is the latest."),
        _ASK.one_of("channel", allowed("crm_consents", "channel"), "Consent on a channel nobody sends on protects nobody."),
        _ASK.one_of("purpose", allowed("crm_consents", "purpose"), "A purpose that is not understood must not count as consent."),
        _ASK.one_of("status", allowed("crm_consents", "status"), "Anything but granted must read as no consent, and be seen."),
        _ASK.filled("status", "A statement that says nothing must not be taken for consent."),
        _ASK.since(
            "recorded_at", 1971, "A first instant of 1970 is a missing time written as zero; it would stretch every series back to then."
        ),
    ),
)
