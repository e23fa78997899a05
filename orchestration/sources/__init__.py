"""Where rows come from: one file a vendor, each a `Source`; nothing here knows Dagster, the warehouse or the environment.

Comes in: the settings of one source and what was landed from it before. Goes out: batches of typed rows as Parquet.
A new source is one file in this folder and one line in SOURCES; `tests/contracts/test_every_source.py` finds what was forgotten.
"""

from orchestration.sources.base import Batch, Bench, Source, SourceError
from orchestration.sources.files import Files
from orchestration.sources.hubspot import Hubspot
from orchestration.sources.qualtrics import Qualtrics
from orchestration.sources.salesforce import Salesforce
from orchestration.sources.sql import Sql
from orchestration.sources.stripe import Stripe
from orchestration.sources.surveymonkey import Surveymonkey
from orchestration.sources.typeform import Typeform
from orchestration.sources.zendesk import Zendesk

SOURCES: dict[str, type[Source]] = {
    "files": Files,
    "hubspot": Hubspot,
    "qualtrics": Qualtrics,
    "salesforce": Salesforce,
    "sql": Sql,
    "stripe": Stripe,
    "surveymonkey": Surveymonkey,
    "typeform": Typeform,
    "zendesk": Zendesk,
}

__all__ = ["SOURCES", "Batch", "Bench", "Source", "SourceError"]
