"""What is wrong with the configuration is one line with its place in the file, and exit code 2; nothing has been touched."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orchestration.home import Home
from tests.faults.conftest import CONFIG, CUSTOMERS, Said, Small

HOOK = "destinations: [{{type: webhook, url: '{}', secret: '{}'}}]\n"
HEADER = CUSTOMERS.splitlines(keepends=True)[0]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (CONFIG + "colour: blue\n", "colour: unknown key"),
        (CONFIG + "settings: {holdout_share: many}\n", "settings.holdout_share: must be a number"),
        ("company: [", "not valid YAML"),
        ("company: " + "[" * 5000, "not valid YAML: it is nested too deeply"),
        ("", "is empty or not a mapping"),
        (CONFIG.replace("USD", "ZZQ"), "company.reporting_currency: ZZQ is no ISO 4217 currency"),
        (CONFIG.replace("path: exports", "path: exports, encoding: klingon"), "sources.0.encoding: unknown encoding 'klingon'"),
        (CONFIG.replace("path: exports", "path: nowhere"), "sources.0.path: there is no folder"),
        (CONFIG.replace("path: exports", "path: config.yaml"), "sources.0.path: there is no folder"),
        (CONFIG + "home: other\n", "line 4: not valid YAML: the key home is there twice"),
        (
            CONFIG + "destinations: [{type: files, path: out, audiences: [all]}]\n",
            "destinations.0.audiences: there is no audience 'all' for files",
        ),
        (
            CONFIG + HOOK.format("https://example.org", "${RAPPORT_NOT_SET}"),
            "destinations.0.secret: the environment variable RAPPORT_NOT_SET",
        ),
        (CONFIG + HOOK.format("http://example.org", "${PATH}"), "destinations.0.url: http://example.org: only https is used"),
        (CONFIG + HOOK.format("example.org", "${PATH}"), "destinations.0.url: "),
    ],
)
def test_a_wrong_configuration(config: str, words: str, small: Small, say: Callable[..., Said]) -> None:
    small.configure(config)
    said = say()
    assert said.code == 2
    assert said.line(words).startswith(f"rapport: {small.folder}/config.yaml: ")
    assert not (small.home / "landing").exists()


def test_status_tells_of_a_night_that_could_not_start(small: Small, say: Callable[..., Said]) -> None:
    """A share that is not mounted at two in the morning: whoever had no `alerts` saw yesterday's release and no reason."""
    home = Home(small.home)
    home.prepare()
    small.configure(CONFIG.replace("path: exports", "path: nowhere"))
    refusal = say().line("sources.0.path: there is no folder").removeprefix("rapport: ")
    said = say("status")
    assert said.line("failed").startswith("failed       the night of 2026-10-31, ")
    assert said.line("there is no folder") == refusal


def test_a_configuration_that_is_not_there(small: Small, say: Callable[..., Said]) -> None:
    (small.folder / "config.yaml").unlink()
    said = say()
    assert said.code == 2
    assert said.line("there is no such configuration file")


@pytest.mark.parametrize(
    ("as_of", "words"),
    [
        ("2999-01-01", "lies in the future"),
        ("31.10.2026", "write the date as YYYY-MM-DD"),
        ("1980-01-01", "no night before 1990-01-01 can be run"),
        ("2019-01-01", "lies before all data; the first event landed is of 2026-01-01"),
    ],
)
def test_an_as_of_date_that_no_night_can_have(as_of: str, words: str, say: Callable[..., Said]) -> None:
    said = say("run", "--as-of", as_of)
    assert said.code == 2
    assert f"--as-of {as_of}: " in said.line(words)


@pytest.mark.parametrize("files", [{}, {"crm_customers.csv": ""}, {"crm_customers.csv": HEADER}], ids=["no file", "no byte", "no row"])
def test_exports_with_nothing_in_them(files: dict[str, str], small: Small, say: Callable[..., Said]) -> None:
    (small.folder / "exports" / "crm_customers.csv").unlink()
    small.export(files)
    said = say()
    assert said.code == 2
    assert "crm_customers.csv" in said.line("empty")


def test_a_home_that_belongs_to_another_company(small: Small, say: Callable[..., Said]) -> None:
    assert say("run", "--as-of", "2019-01-01").code == 2
    small.configure(CONFIG.replace("Acme", "Other"))
    said = say()
    assert said.code == 1
    assert "2026-10-31" not in (small.home / "state" / "last_run.json").read_text()  # which is Acme's
    assert said.line("holds the data of Acme, not of Other; set RAPPORT_HOME")
