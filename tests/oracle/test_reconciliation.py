"""Where every landed row went, beside what a person counts: copies, versions, bad rows, orphans, and what lies ahead of the night."""

from __future__ import annotations

from datetime import datetime

import harness

JANUARY, MARCH = datetime(2024, 1, 10), datetime(2024, 3, 1)
KNOWN = {"customer_id": "known", "created_at": JANUARY, "full_name": "Ann"}
TICKET = {"ticket_id": "t1", "customer_id": "known", "opened_at": JANUARY}
ANSWER = {"customer_id": "known", "metric": "nps", "score": 9, "scale_min": 0, "scale_max": 10, "responded_at": JANUARY}
TABLES = {
    "crm_customers": [
        KNOWN,
        KNOWN,  # a copy
        KNOWN | {"customer_id": "changed", "updated_at": JANUARY},
        KNOWN | {"customer_id": "changed", "updated_at": datetime(2024, 1, 20), "full_name": "Bob"},
        KNOWN | {"customer_id": "undated", "created_at": None},
        KNOWN | {"customer_id": "tomorrow", "created_at": MARCH},
    ],
    "crm_tickets": [
        TICKET,
        TICKET | {"ticket_id": "t2", "solved_at": datetime(2024, 1, 9)},  # solved before it was opened
        TICKET | {"ticket_id": "t3", "customer_id": "nobody"},
        TICKET | {"ticket_id": "t4", "opened_at": MARCH},
        TICKET | {"ticket_id": "t5", "opened_at": None},
    ],
    "survey_responses": [
        ANSWER | {"response_id": "r1"},
        ANSWER | {"response_id": "r2", "score": 11},
        ANSWER | {"response_id": "r3", "customer_id": None, "email": "stranger@x.org"},  # nobody else knows them: no orphan
        ANSWER | {"response_id": "r4", "customer_id": None},
        ANSWER | {"response_id": "r5", "responded_at": MARCH},
    ],
}
COUNTS = ["landed", "staged", "deduplicated", "quarantined", "after_as_of"]
BY_HAND = {"crm_customers": [6, 2, 2, 1, 1], "crm_tickets": [5, 1, 0, 3, 1], "survey_responses": [5, 2, 0, 2, 1]}


def test_every_row_is_where_a_person_finds_it() -> None:
    wanted = ["data_reconciliation", "dim_customers", "fct_tickets", "fct_survey_responses"]
    marts = harness.project("contractual").marts(wanted, TABLES, "2024-02-29")
    told = marts["data_reconciliation"].set_index("table_name")
    assert {name: told.loc[name, COUNTS].tolist() for name in BY_HAND} == BY_HAND
    assert told.drop(index=list(BY_HAND))[COUNTS].eq(0).all(axis=None)
    assert told.index.is_unique
    assert [len(marts[name]) for name in wanted[1:]] == [2, 1, 2]
