"""What every part of the house agrees on: the input tables, as data.

Pure data and pure functions; imports nothing of the project. Sources type rows by it, the
landing gate derives its row rules from it, dbt sources and the documentation are generated from it.
"""

from orchestration.contract.model import Column, Parent, Table
from orchestration.contract.persons import (
    COMPANY_COLUMNS,
    COMPANY_TABLES,
    CONTACT_KINDS,
    FREE_TEXT,
    NAMES_OTHER_SOURCES,
    PERSON_COLUMNS,
    RECORD_TABLES,
)
from orchestration.contract.tables import DAYS_OF_A_RHYTHM, EVERY_DAY, INPUT_TABLES

__all__ = [
    "COMPANY_COLUMNS",
    "COMPANY_TABLES",
    "CONTACT_KINDS",
    "DAYS_OF_A_RHYTHM",
    "EVERY_DAY",
    "FREE_TEXT",
    "INPUT_TABLES",
    "NAMES_OTHER_SOURCES",
    "PERSON_COLUMNS",
    "RECORD_TABLES",
    "Column",
    "Parent",
    "Table",
]
