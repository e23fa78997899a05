"""How the columns of the input tables are written down, and the parents that several tables share."""

from __future__ import annotations

from orchestration.contract.model import Column, ColumnType, Parent

CUSTOMER = Parent("customer_id", "crm_customers", "customer_id")
BILLING_CUSTOMER = Parent("billing_customer_id", "billing_customers", "billing_customer_id")


def column(name: str, kind: ColumnType, description: str, *, allowed: tuple[str, ...] = (), personal: bool = False) -> Column:
    """A column; a trailing `*` on the name marks it required, as in the documentation."""
    return Column(name.rstrip("*"), kind, description, name.endswith("*"), allowed, personal)


def open_list(name: str, description: str, *known: str) -> Column:
    """A column of text of which some values mean something to us."""
    return Column(name.rstrip("*"), "text", description, name.endswith("*"), known=known)


def text(name: str, description: str, *allowed: str, personal: bool = False) -> Column:
    """A text; of `allowed` values only, where there are any."""
    return column(name, "text", description, allowed=allowed, personal=personal)


def moment(name: str, description: str) -> Column:
    """A point in time, UTC."""
    return column(name, "timestamp", description)


def whole(name: str, description: str) -> Column:
    """A whole number."""
    return column(name, "integer", description)


def decimal(name: str, description: str) -> Column:
    """A number with up to eight decimals."""
    return column(name, "decimal", description)


def rate(name: str, description: str) -> Column:
    """A number with up to fourteen decimals."""
    return column(name, "rate", description)
