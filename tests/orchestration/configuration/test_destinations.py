"""Destinations in the configuration: what each takes, what is told of a wrong one, and that the page names all of it."""

from pathlib import Path

import pytest

from orchestration import activating, preflight
from orchestration.configuration.destinations import KINDS
from orchestration.destinations import DESTINATIONS
from orchestration.settings import ConfigurationError, load

ROOT = Path(__file__).parents[3]
GOOD = {
    "hubspot": "token: '${SECRET}'",
    "salesforce": "instance_url: 'https://acme.my.salesforce.com', access_token: '${SECRET}'",
    "braze": "rest_url: 'https://rest.iad-01.braze.com', api_key: '${SECRET}'",
    "mailchimp": "api_key: '${SECRET}', list_id: l1",
    "klaviyo": "api_key: '${SECRET}'",
    "customerio": "site_id: s, api_key: '${SECRET}', region: eu",
    "sql": "url: 'sqlite:///out.db', schema: main",
    "webhook": "url: 'https://example.com/x', secret: '${SECRET}'",
    "files": "path: out",
}
WRONG = {
    "type: hubspot, token: pat-na1-123": "token: a secret is written as ${NAME} and kept in the environment",
    "type: hubspot": "token: this key is missing",
    "type: hubspot, token: '${SECRET}', api_version: v9": "api_version: must match the pattern ^(v3|20",
    "type: hubspot, token: '${SECRET}', mode: replace": "mode: ",
    "type: salesforce, instance_url: 'https://x.example.com'": "needs access_token, or client_id and client_secret",
    "type: braze, api_key: '${SECRET}', rest_url: 'http://rest.example.com'": "rest_url: http://rest.example.com: only https is used",
    "type: klaviyo, api_key: '${SECRET}', base_url: 'http://example.com'": "base_url: http://example.com: only https is used",
    "type: sql, url: 'postgresql://rapport:geheim@db/crm'": "url: a URL with a password is written as ${NAME}",
    "type: klaviyo, api_key: '${SECRET}', revison: '2026-07-15'": "revison: unknown key; did you mean revision?",
    "type: hubspot, token: '${SECRET}', audiences: [everyone]": "there is no audience 'everyone' for hubspot; use at_risk, customer_scores",
    "type: files, path: out, consent: [fax]": "consent.0: ",
    "type: klaviyo, api_key: '${SECRET}', consent: [email]": "consent: unknown key here; another type or another part of the file has it",
    "type: braze, api_key: '${SECRET}', rest_url: 'https://x', fields: {nps: email_subscribe}": "fields.nps: email_subscribe says who",
    "type: salesforce, instance_url: 'https://x.org', access_token: '${SECRET}', external_id_field: Our__c, fields: {nps: Our__c}": (
        "fields.nps: Our__c is the name of another field already, or identifies records"
    ),
    "type: pigeon": "unknown type 'pigeon'",
}


@pytest.fixture
def configured(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "value-us6")
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "crm_customers.csv").write_text("customer_id,created_at\n1,2026-01-01\n")

    def loaded(*destinations):
        listed = "".join(f"  - {{{one}}}\n" for one in destinations)
        (tmp_path / "config.yaml").write_text(
            "company: {name: A, business_model: contractual, reporting_currency: USD}\n"
            f"sources: [{{type: files, path: exports}}]\ndestinations:\n{listed}"
        )
        return load(tmp_path / "config.yaml")

    return loaded


def test_every_type_is_taken_and_made_from_its_settings(configured):
    loaded = configured(*(f"type: {kind}, {keys}" for kind, keys in GOOD.items()))
    preflight.check(loaded)
    assert {part.type for part in loaded.destinations} == set(DESTINATIONS)
    for part in loaded.destinations:
        destination = activating.made(loaded, part)
        assert (destination.type, destination.name) == (part.type, part.type)
        assert "value-us6" not in f"{part!r} {destination.address}"
        destination.close()
        assert not part.live, "nothing is sent before a person says so"


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_one_is_one_clear_line_with_its_place(configured, wrong):
    with pytest.raises(ConfigurationError) as raised:
        preflight.check(configured(wrong))
    assert "destinations.0" in str(raised.value)
    assert WRONG[wrong] in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize("kind", ["sql", "webhook", "files"])
def test_what_lies_behind_an_open_place_may_need_consent(configured, kind):
    loaded = configured(f"type: {kind}, {GOOD[kind]}, consent: [email, sms]")
    destination = activating.made(loaded, loaded.destinations[0])
    assert (destination.channels, DESTINATIONS[kind].channels) == (("email", "sms"), ())
    destination.close()


def test_paths_and_database_files_are_relative_to_the_configuration(configured, tmp_path):
    loaded = configured("type: sql, url: 'sqlite:///out.db'")
    assert activating.made(loaded, loaded.destinations[0]).address == f"sqlite:///{tmp_path / 'out.db'}"


def test_the_page_names_every_type_and_key():
    page = (ROOT / "docs" / "destinations.md").read_text()
    named = {f"`{field.alias or name}`" for kind in KINDS for name, field in kind.model_fields.items() if name != "type"}
    named |= {f"`{kind}`" for kind in DESTINATIONS} | {f"`{name}`" for name in activating.activation.BREAKERS}
    assert [name for name in sorted(named) if name not in page] == []
