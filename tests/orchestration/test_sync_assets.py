"""Each sync as an asset: its history, its check, and that a destination which fails is no other's business."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import dagster as dg
import duckdb
import pytest

from orchestration import activating, jobs, releases
from orchestration.activation import SyncReport, forget, judged
from orchestration.assets.activate import activation_asset, sync_assets
from orchestration.configuration.destinations import FilesDestination
from orchestration.home import Home
from orchestration.jobs import outcome_of
from orchestration.resources import NightResource
from orchestration.settings import load

NOW = datetime(2026, 2, 10, tzinfo=UTC)
GOOD = "{name: good, type: files, path: out, live: true}"
BROKEN = "{name: broken, type: sql, url: 'sqlite:///crm.db', live: true}"


class Release:
    """Three customers for files; of a table for databases nothing."""

    id, created_at, tables, manifest = "r1", datetime(2026, 2, 1, tzinfo=UTC), ("sync_files__customer_scores",), {"sources": []}

    def __init__(self, file):
        self._file = file
        duckdb.execute(f"""COPY (SELECT 'person-' || i AS external_id, 'key-' || i AS customer_key, 0.5 AS churn_probability, 'pro' AS plan,
            false AS is_erased, true AS can_profile FROM range(3) AS t(i)) TO '{file}' (FORMAT parquet)""")

    def table_file(self, _):
        return self._file

    @contextmanager
    def pinned(self):
        yield self


@pytest.fixture
def configured(tmp_path, monkeypatch):
    """Destinations in YAML → the home and the settings of a company that has them."""
    monkeypatch.delenv("RAPPORT_HOME", raising=False)
    monkeypatch.setenv("RAPPORT_CONFIG", str(tmp_path / "config.yaml"))
    monkeypatch.setattr(releases, "current", lambda _: Release(tmp_path / "audience.parquet"))

    def write(*destinations):
        (tmp_path / "config.yaml").write_text(
            "company: {name: A, business_model: contractual, reporting_currency: USD}\n"
            "sources: [{type: files, path: exports}]\nhome: home\n"
            f"destinations: [{', '.join(destinations)}]\n"
        )
        home = Home(tmp_path / "home")
        home.prepare()
        return home, load(tmp_path / "config.yaml")

    return write


def night(home, parts):
    assets = [*map(sync_assets, parts), activation_asset]
    with jobs.instance(home) as storage:
        resources = {"night": NightResource()}
        return dg.materialize(assets, instance=storage, resources=resources, partition_key="2026-02-01", raise_on_error=False)


def arrived(result):
    return {
        event.asset_key.to_user_string(): event.step_materialization_data.materialization
        for event in result.get_asset_materialization_events()
    }


def test_an_audience_that_is_configured_no_more_is_still_cleared_of_who_may_not_be_told_of(configured):
    def told(part):
        home, settings = configured(part)
        release = releases.current(home.root)
        return home, [(one.audience, one.decisions, one.forgotten) for one in reports(settings, home, settings.destinations[0], release)]

    def reports(*arguments):
        return activating.reports(*arguments, activating.Wish())

    home, first = told(GOOD)
    assert first == [("customer_scores", {"upsert": 3}, 0)]
    forget(home.state, ["key-1"], ["person-1"], lambda *_: None)
    other = GOOD.replace("live", "audiences: [at_risk], live")
    # The release knows no customers, so that nobody is known who may still be told of.
    assert told(other)[1] == [("at_risk", {}, 0), ("customer_scores", {"clear": 3}, 1)]
    assert told(other)[1] == [("at_risk", {}, 0)]


def test_a_destination_that_fails_stops_no_other_and_has_a_check_that_says_why(configured):
    home, settings = configured(BROKEN, GOOD)
    result = night(home, settings.destinations)
    assert set(arrived(result)) == {"activation/good/customer_scores", "activation/activation"}
    told = arrived(result)["activation/good/customer_scores"].metadata
    assert (told["acknowledged"].value, told["planned_upsert"].value, told["days_behind"].value) == (3, 3, 0)
    assert told["sample"].value.count("churn_probability 0.5; plan pr…") == 3
    assert "person-" not in str(told)
    checks = {one.asset_key.path[1]: one for one in result.get_asset_check_evaluations()}
    assert (checks["good"].passed, checks["good"].description) == (True, "everything has arrived")
    assert (checks["broken"].passed, checks["broken"].severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "has no table sync_sql__customer_scores" in checks["broken"].description
    became = outcome_of(result.run_id, result.all_events)
    assert (became.status, became.failed_step) == ("failed", "sync_to_broken")
    assert became.reasons[0].startswith("broken/customer_scores: release r1 has no table")
    assert "good/customer_scores sent: 3 upsert" in status(home)


def test_what_the_configuration_names_counts_and_not_what_the_graph_knew(configured):
    home, settings = configured(GOOD)
    assert night(home, ()).success
    assert "good/customer_scores sent: 3 upsert" in status(home)
    gone = FilesDestination(type="files", path="elsewhere", name="gone", live=True)
    result = night(home, (*settings.destinations, gone))
    assert (result.success, set(arrived(result))) == (True, {"activation/good/customer_scores", "activation/activation"})
    assert "good/customer_scores sent: 3 unchanged" in status(home)
    configured()
    assert night(home, ()).success
    assert "no destination configured" in status(home)


def status(home):
    from orchestration.commands.summary import _synced

    return _synced(home, "r1")


def test_without_a_configuration_the_graph_has_no_syncs(configured, monkeypatch, tmp_path):
    configured(GOOD)
    assert [part.name for part in activating.configured()] == ["good"]
    monkeypatch.setenv("RAPPORT_CONFIG", str(tmp_path / "nowhere.yaml"))
    assert activating.configured() == ()


def report(live=True, days=0.0, dead=0, unchanged=0, refused="", **outcomes):
    made = SyncReport("crm", "scores", "r1", NOW.isoformat(), live, refused=refused)
    made.outcomes.update(outcomes)
    made.decisions = {"upsert": sum(outcomes.values()), "unchanged": unchanged, "dead": dead}
    made.complete_at = (NOW - timedelta(days=days)).isoformat() if days else ""
    return made


@pytest.mark.parametrize(
    ("sync", "passed", "blocks", "words"),
    [
        (report(acknowledged=5), True, False, "everything has arrived"),
        (report(live=False), True, False, "dry run: nothing was sent"),
        (report(live=False, refused="empty [empty_audience]"), False, False, "empty [empty_audience]"),
        (report(acknowledged=200, rejected=1), False, False, "1 rejected"),
        (report(acknowledged=50, rejected=1), False, True, "2.0% are rejected, more than 1%; 1 rejected"),
        (report(unchanged=50, dead=1), False, True, "2.0% are rejected, more than 1%; 1 rejected before"),
        (report(acknowledged=200, unknown=2), False, False, "2 unknown"),
        (report(retryable=2, days=1.0), False, False, "2 retryable"),
        (report(retryable=2, days=2.5), False, True, "not everything has arrived for 2.5 days; 2 retryable"),
        (report(refused="the day's calls are used"), False, True, "the day's calls are used"),
    ],
)
def test_the_check_weighs_rejections_unknowns_and_age(sync, passed, blocks, words):
    verdict = judged(sync, NOW)
    assert (verdict.passed, verdict.blocks, verdict.reason) == (passed, blocks, words)
