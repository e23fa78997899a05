"""Immutable releases: the only thing that readers, the nightly page and activation ever see.

Comes in: schema `marts` of an audited warehouse. Goes out, under the home folder:

    releases/<id>/<table>.parquet   every table of schema marts
    releases/<id>/rapport.duckdb    the same tables in one self-contained, read-only file
    releases/<id>/manifest.json     what it is: as-of date, run, rows, checksums, checks, models, sources
    releases/current                the only pointer: a link to one release, replaced atomically
    serving/rapport.duckdb          what BI tools open; leads through `current`, so both move in the same instant

A release is built under a hidden name, flushed to disk, renamed, and pointed to last. Readers that hold an old one keep it.
"""

from orchestration.releases.building import build
from orchestration.releases.finding import UnknownCustomerError, customer_key
from orchestration.releases.forgetting import forget
from orchestration.releases.layout import is_of_persons, releases_folder
from orchestration.releases.manifest import ReleaseError, UnknownReleaseError
from orchestration.releases.person import Person, keys_in
from orchestration.releases.pointing import clean_leftovers, prune, publish, rollback
from orchestration.releases.reading import Release, current, current_id, ids, intact, listing, newest_before, newest_known, open_release
from orchestration.releases.refusals import Refusal, record_refusal, refusals, standing_refusal

__all__ = [
    "Person",
    "Refusal",
    "Release",
    "ReleaseError",
    "UnknownCustomerError",
    "UnknownReleaseError",
    "build",
    "clean_leftovers",
    "current",
    "current_id",
    "customer_key",
    "forget",
    "ids",
    "intact",
    "is_of_persons",
    "keys_in",
    "listing",
    "newest_before",
    "newest_known",
    "open_release",
    "prune",
    "publish",
    "record_refusal",
    "refusals",
    "releases_folder",
    "rollback",
    "standing_refusal",
]
