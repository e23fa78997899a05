"""The configuration: what is wrong is said in one line with file, place and what to do."""

from datetime import date
from pathlib import Path

import pytest

from orchestration import dbt, settings
from orchestration.configuration.dimensions import CUSTOMER_DIMENSIONS
from orchestration.settings import ConfigurationError

GOOD = """\
company: {name: Acme, business_model: contractual, reporting_currency: USD}
sources: [{type: files, path: exports}]
"""
SOURCE = "company: {name: Acme, business_model: contractual, reporting_currency: USD}\nsources: [%s]\n"


def config(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text)
    return path


def test_defaults_and_paths_relative_to_the_file(tmp_path: Path) -> None:
    loaded = settings.load(config(tmp_path, GOOD), {})
    assert loaded.tuning.nps_min_responses == 30
    assert loaded.resolve("exports") == str(tmp_path / "exports")


def test_scores_are_weighted_by_a_dimension_of_the_company_or_of_the_project(tmp_path: Path) -> None:
    loaded = settings.load(config(tmp_path, GOOD + "settings: {nps_weighted_by: tier, extra_dimensions: [tier]}\n"), {})
    assert loaded.tuning.nps_weighted_by == "tier"
    macro = (dbt.PROJECT / "macros" / "metrics" / "dimensions.sql").read_text(encoding="utf-8")
    assert str(list(CUSTOMER_DIMENSIONS)) in macro


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty or not a mapping"),
        ("company: [", "line 1: not valid YAML: "),
        (GOOD + "company: {name: B}\n", "line 3: not valid YAML: the key company is there twice"),
        (GOOD + "colour: red\n", "colour: unknown key"),
        (GOOD.replace("path: exports", "path: exports, folder: x"), "sources.0.folder: unknown key"),
        (GOOD.replace("company:", "compny:"), "compny: unknown key; did you mean company?"),
        (GOOD + "settings: {nps_min_response: 5}\n", "settings.nps_min_response: unknown key; did you mean nps_min_responses?"),
        (GOOD.replace("company: ", "company:\nfirm: "), "company: this key is missing"),
        (GOOD.replace("name: Acme", "name: 42"), "company.name: must be text; put it in quotes"),
        (GOOD.replace("name: Acme", "name: ''"), "company.name: must not be empty"),
        (GOOD.replace("[{type: files, path: exports}]", "exports"), "sources: must be a list"),
        (GOOD + "settings: [a]\n", "settings: must be a mapping"),
        (SOURCE % "{type: stripe, api_key: sk_live_1}", "sources.0.api_key: a secret is written as ${NAME}"),
        (SOURCE % '{type: stripe, api_key: "${K}", base_url: "http://a.org"}', "sources.0.base_url: only https is used"),
        (SOURCE % '{type: stripe, api_key: "${K}", base_url: "https://me:x@a.org"}', "sources.0.base_url: holds a name or a password"),
        (SOURCE % '{type: stripe, api_keys: "${K}"}', "sources.0.api_keys: unknown key; did you mean api_key?"),
        (SOURCE % '{type: hubspot, token: "${K}", objects: [tickets]}', "sources.0.objects: must name contacts"),
        (SOURCE % '{type: hubspot, token: "${K}", properties: {customer_id: x}}', "sources.0.properties: customer_id is the vendor's own"),
        (SOURCE % '{type: typeform, token: "${K}", forms: []}', "sources.0.forms"),
        (SOURCE % '{type: sql, url: "${K}", tables: {people: {table: p}}}', "sources.0.tables: 'people' is no input table"),
        (SOURCE % '{type: sql, url: "${K}", tables: {crm_tickets: {table: p, mode: incremental}}}', "needs a `cursor`"),
        (GOOD + "settings: {max_amount: .inf}\n", "settings.max_amount: must be a finite number"),
        (GOOD.replace("path: exports", "path: 's3://me:hush@bucket/x'"), "sources.0.path: holds a credential; give it in `options`"),
        (GOOD.replace("path: exports", "path: 's3://b', options: {secret: hush}"), "sources.0.options: secret is written as ${NAME}"),
        (GOOD + "serving: [{type: parquet, url: 'sftp://me:hush@host/x'}]\n", "serving.0.url: holds a password; credentials"),
        (GOOD + "home: s3://bucket/x\n", "home: is a URL; give a folder of this machine"),
        (GOOD + "home: ''\n", "home: must not be empty"),
        (GOOD + "destinations: [{type: pigeon}]\n", "destinations.0: unknown type 'pigeon'; use one of 'files', 'webhook'"),
        (
            GOOD + "destinations: [{type: files, path: out, name: My CRM}]\n",
            "destinations.0.name: 'My CRM' is no name here; use lower-case",
        ),
        (GOOD + "destinations: [{type: files, path: out, fields: [nps]}]\n", "destinations.0.fields: must be a mapping"),
        (GOOD + "destinations: [{path: out}]\n", "destinations.0: `type` is missing"),
        (GOOD + "destinations: [{type: files, path: out, mode: x}]\n", "destinations.0.mode: must be 'upsert'"),
        (
            GOOD + "destinations: [{type: webhook, url: 'https://a.b', secret: sk_live_123}]\n",
            "destinations.0.secret: a secret is written as ${NAME} and kept in the environment, never in the file",
        ),
        (GOOD.replace("contractual", "sometimes"), "company.business_model: must be 'contractual' or 'non_contractual'"),
        (GOOD.replace("USD", "dollars"), "company.reporting_currency: 'dollars' is no currency code; write three capital letters"),
        (GOOD + "settings: {nps_min_responses: many}\n", "settings.nps_min_responses: must be a whole number"),
        (
            GOOD + "settings: {accept_vanished_tables: [crm_custmers]}\n",
            "settings.accept_vanished_tables: 'crm_custmers' is no input table",
        ),
        (GOOD + "settings: {extra_dimensions: [email]}\n", "settings.extra_dimensions: 'email' cannot split a metric"),
        (GOOD + "settings: {extra_dimensions: [rfm_segment]}\n", "settings.extra_dimensions: 'rfm_segment' cannot split a metric"),
        (GOOD + "settings: {extra_dimensions: [tier, mrr]}\n", "settings.extra_dimensions: 'mrr' is a name that something else has"),
        (GOOD + "settings: {extra_dimensions: [group]}\n", "export the column under another one, such as crm_group"),
        (GOOD + "settings: {extra_dimensions: [tier, tier]}\n", "settings.extra_dimensions: names a column twice"),
        (
            GOOD + "settings: {nps_weighted_by: rfm_segment}\n",
            "settings.nps_weighted_by: 'rfm_segment' is no dimension of customers; use one of",
        ),
        (GOOD + "settings: {nps_weighted_by: tier}\n", "acquisition_channel, plan"),
        (GOOD + "settings: {holdout_share: yes}\n", "settings.holdout_share: must not be yes, no, true or false; write a number"),
        (GOOD + 'home: "a\\0b"\n', "home: holds a character that no path can have"),
        (GOOD + "settings: {holdout_share: 1.5}\n", "settings.holdout_share: must be less than or equal to 1"),
        (GOOD.replace("[{type: files, path: exports}]", "[]"), "sources: must not be empty"),
        (GOOD.replace("USD}", "USD, timezone: Mars}"), "unknown time zone 'Mars'"),
        (GOOD.replace("USD}", "USD, timezone: localtime}"), "unknown time zone 'localtime'"),
        (GOOD + "settings: {activity_window_days: 999999999}\n", "settings.activity_window_days: must be less than or equal to 36500"),
        (GOOD.replace("exports}]", "exports}, {type: files, path: more}]"), "two sources are called 'files'"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = config(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        settings.load(path, {})
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_no_message_shows_a_secret(tmp_path: Path) -> None:
    path = config(tmp_path, GOOD + "destinations: [{type: webhook, url: 'https://a.b', secret: sk_live_123}]\n")
    with pytest.raises(ConfigurationError) as caught:
        settings.load(path, {})
    assert "sk_live" not in str(caught.value)


def test_a_section_with_nothing_below_it_is_as_if_left_out(tmp_path: Path) -> None:
    loaded = settings.load(config(tmp_path, GOOD + "settings:\n#  threads: 4\ndestinations:\n"), {})
    assert (loaded.tuning, loaded.destinations) == (settings.Tuning(), ())


def test_a_file_in_another_encoding_is_said(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(GOOD.replace("Acme", "Zoë").encode("latin-1"))
    with pytest.raises(ConfigurationError, match="not valid YAML: it is not UTF-8; save it as UTF-8"):
        settings.load(path, {})
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("Acme", "Zoë").encode())
    assert settings.load(path, {}).company.name == "Zoë"


def test_secrets_that_are_not_set_are_told_with_their_place(tmp_path: Path) -> None:
    two = "{type: webhook, name: a, url: 'https://a.b', secret: '${ONE}'}, {type: webhook, name: b, url: 'https://a.b', secret: '${TWO}'}"
    loaded = settings.load(config(tmp_path, GOOD + f"destinations: [{two}]\n"), {})
    settings.check_secrets(loaded, {"ONE": "x", "TWO": "y"})
    with pytest.raises(ConfigurationError, match=r"config.yaml: destinations.1.secret: the environment variable TWO is not set"):
        settings.check_secrets(loaded, {"ONE": "x"})


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="init FOLDER"):
        settings.load(tmp_path / "none.yaml", {})


def test_the_environment_wins_over_the_home_of_the_file(tmp_path: Path) -> None:
    path = config(tmp_path, GOOD + "home: here\n")
    assert settings.load(path, {}).home == tmp_path / "here"
    assert settings.load(path, {"RAPPORT_HOME": str(tmp_path / "there")}).home == tmp_path / "there"
    with pytest.raises(ConfigurationError, match=r"^RAPPORT_HOME: is a URL; give a folder of this machine"):
        settings.load(path, {"RAPPORT_HOME": "s3://bucket/x"})


def test_secrets_are_references_resolved_when_asked_for() -> None:
    assert settings.Settings.secret("${TOKEN}", {"TOKEN": "abc"}) == "abc"
    with pytest.raises(ConfigurationError, match="TOKEN is not set"):
        settings.Settings.secret("${TOKEN}", {})
    with pytest.raises(ConfigurationError, match="never in the file") as caught:
        settings.Settings.secret("sk_live_123", {})
    assert "sk_live_123" not in str(caught.value)


def test_the_as_of_date(tmp_path: Path) -> None:
    loaded = settings.load(config(tmp_path, GOOD), {})
    today = date(2026, 3, 1)
    assert settings.as_of_date(None, loaded, today) == date(2026, 2, 28)
    assert settings.as_of_date("2026-03-01", loaded, today) == today
    with pytest.raises(ConfigurationError, match="lies in the future"):
        settings.as_of_date("2026-03-02", loaded, today)
    with pytest.raises(ConfigurationError, match="YYYY-MM-DD"):
        settings.as_of_date("1 March", loaded, today)


def test_references_among_the_options_of_a_store_are_resolved_and_missed(tmp_path: Path) -> None:
    options = 'path: "s3://bucket/x", options: {secret: "${S3_SECRET}", use_ssl: true}'
    loaded = settings.load(config(tmp_path, GOOD.replace("path: exports", options)), {})
    with pytest.raises(ConfigurationError, match=r"sources\.0\.options\.secret: the environment variable S3_SECRET is not set"):
        settings.check_secrets(loaded, {})
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("S3_SECRET", "hush")
        ready = loaded.ready(loaded.sources[0])
    assert (ready.path, ready.options) == ("s3://bucket/x", {"secret": "hush", "use_ssl": True})
