"""What no destination may ever be asked for. Every fake looks at every request that reaches it, whichever test of the suite made it, also
from a process of its own; the test that made one fails.
"""

import json

CALLS = ("subscri", "suppress", "archive", "gdpr", "merge_customers", "communication-preferences", "/events", "DELETE ")
FIELDS = {
    "hs_marketable_status", "hs_email_optout", "email_subscribe", "push_subscribe", "subscription_groups", "subscriptions", "unsubscribed",
    "cio_subscription_preferences", "HasOptedOutOfEmail", "DoNotCall", "status", "email_type", "events", "purchases", "lists", "list_id",
}  # fmt: skip
STATEMENTS = ("DELETE", "DROP", "TRUNCATE", "UPDATE ", "REPLACE")


def offences(method, path, body):
    """What of a request is forbidden; nothing as a rule."""
    call = f"{method} {path}"
    return [f"{call} is forbidden: {one}" for one in CALLS if one in call] + [
        f"{call} writes {name}" for name in sorted(names_in(body) & FIELDS)
    ]


def names_in(body):
    """Names of fields: of JSON, of JSON within it, of a table's first line."""
    if isinstance(body, dict):
        return set(body) | {name for value in body.values() for name in names_in(value)}
    if isinstance(body, list):
        return {name for value in body for name in names_in(value)}
    if not isinstance(body, str):
        return set()
    return names_in(json.loads(body)) if body.startswith("{") else set(body.partition("\n")[0].split(",") if "\n" in body else ())
