"""Landing gate: records of people and companies."""

from expectations.base import Owner, Suite
from expectations.contract import key

_ASK = Owner("the owner of the CRM export")

SUITE = Suite(
    gate="landing",
    table_name="crm_customers",
    key=key("crm_customers"),
    expectations=(
        _ASK.filled("customer_id", "Everything else hangs on this id; a row without it belongs to nobody."),
        _ASK.filled("created_at", "The customer base of a month starts from this date."),
        _ASK.no_less("deleted_at", "created_at", "A record deleted before it was made would leave months in which it never was."),
        _ASK.between("birth_year", 1900, 2100, "Age segments are cut from it.", severity="warn"),
        _ASK.since(
            "created_at", 1971, "A first instant of 1970 is a missing time written as zero; it would stretch every series back to then."
        ),
        _ASK.not_like("customer_id", "@", "Keys leave the warehouse; an e-mail address used as a key would leave with them."),
    ),
)
