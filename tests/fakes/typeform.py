"""A small Typeform account."""

from datetime import timedelta

from examples.fakes.typeform import TypeformAccount


def small_account() -> TypeformAccount:
    """Three people answered; one of them both questions, one only began."""
    account = TypeformAccount()
    both = (("recommend", "number", 9), ("why", "text", "Quick"), ("service", "number", 4))
    account.respond("t1", {"customer_id": "C1", "email": "ann@example.org"}, *both)
    account.clock += timedelta(days=1)
    account.respond("t2", {"email": "bo@example.org"}, ("recommend", "number", 3))
    account.respond("t3", {}, ("recommend", "number", 7), ("mail", "email", "cy@example.org"))
    account.respond("t4", {"customer_id": "C4"}, ("recommend", "number", 1), submitted=False)
    return account
