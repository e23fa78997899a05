"""`init`: a commented configuration and one header-only file per input table, so that a team with plain exports starts in minutes."""

from __future__ import annotations

import json
from pathlib import Path

from orchestration.contract import INPUT_TABLES, Table
from orchestration.settings import ConfigurationError, Tuning

_CONFIG = """\
# Rapport's configuration. Paths are relative to this file. Secrets are never written here: use ${{NAME}} and the environment.
company:
  name: {name}
  business_model: contractual          # contractual: subscriptions; non_contractual: orders without a contract
  reporting_currency: USD              # amounts in other currencies need rows in exchange_rates
  timezone: UTC                        # the zone of times that are written without one
  # customer_level: company            # makes the company the customer instead of the contact

sources:
  - {{type: files, path: exports}}       # one file or folder a table; see exports/README.md
#  - {{type: hubspot, token: "${{HUBSPOT_TOKEN}}"}}   # what each vendor can be told: docs/sources.md
#  - {{type: stripe, api_key: "${{STRIPE_API_KEY}}"}}
#  - {{type: typeform, token: "${{TYPEFORM_TOKEN}}", forms: [{{id: abc123, questions: {{recommend: nps}}}}]}}
#  - {{type: zendesk, subdomain: acme, email: me@acme.com, api_token: "${{ZENDESK_TOKEN}}"}}
#  - {{type: sql, url: "${{SHOP_URL}}", tables: {{crm_customers: {{table: customers, cursor: updated_at}}}}}}

destinations: []                       # none: audiences are built and published, and nothing leaves the machine
#  - {{name: crm_file, type: files, path: outbox, format: csv, audiences: [customer_scores], live: true}}
#  - {{name: crm, type: hubspot, token: "${{HUBSPOT_TOKEN}}", audiences: [customer_scores], mode: update_only, live: true}}
#  - {{name: hook, type: webhook, url: "https://example.com/rapport", secret: "${{RAPPORT_WEBHOOK_SECRET}}", audiences: [customer_scores]}}

serving: []                            # the release in further places, for tools that cannot read this machine's files
#  - {{type: postgres, url: "${{RAPPORT_POSTGRES_URL}}", reader: bi_reader}}
#  - {{type: parquet, url: "s3://bucket/rapport"}}

alerts: []                             # who is told how a night ended
#  - {{type: chat, url: "${{SLACK_WEBHOOK_URL}}"}}           # when it was refused or failed; `when: [refused, failed, published]` for more

settings: {{}}                           # what may be tuned, with its default:
{tuning}
"""

_FIRST = ("crm_customers", "billing_customers", "billing_subscriptions", "billing_invoice_lines", "billing_payments", "survey_responses")


def write(folder: Path) -> Path:
    """Write the starter into `folder` and return its configuration. Raises ConfigurationError rather than overwrite a file."""
    config = folder / "config.yaml"
    if config.exists():
        raise ConfigurationError(f"{config}: is already there; choose another folder or remove it")
    exports = folder / "exports"
    try:
        exports.mkdir(parents=True, exist_ok=True)
        for table in INPUT_TABLES.values():
            _write_header(exports / f"{table.name}.csv", table)
        (exports / "README.md").write_text(_readme(), encoding="utf-8")
        config.write_text(_CONFIG.format(name=_shown(folder.resolve().name), tuning=_tuning()), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{error.filename}: {error.strerror}; choose a folder that can be written") from error
    return config


def nothing_filled_in(path: Path) -> str:
    """What to say when every file of a source is empty: which tables to fill in first."""
    return (
        f"{path}: every table is empty; fill in {_FIRST[0]}.csv and, for revenue, {', '.join(name + '.csv' for name in _FIRST[1:5])} first "
        "(exports/README.md says what each column means), then run again"
    )


def _write_header(path: Path, table: Table) -> None:
    if not path.exists():
        path.write_text(",".join(table.column_names) + "\n", encoding="utf-8")


def _shown(value: object) -> str:
    """As YAML reads it: what JSON writes. A folder may be called 2026, yes or a: b."""
    return json.dumps(value, ensure_ascii=False)


def _tuning() -> str:
    written = {f"{name}: {_shown(field.default)}": field.description for name, field in Tuning.model_fields.items()}
    width = max(map(len, written))
    return "\n".join(f"#  {setting:<{width}}  # {told}" for setting, told in written.items())


def _readme() -> str:
    lines = ["# Exports", "", "One file per table (`.csv`, `.parquet` or `.jsonl`), or a folder of such files with the table's name.", ""]
    first = ", ".join(f"`{name}`" for name in _FIRST)
    lines += [f"Start with: {first}. `*` marks what a row must have; other columns may be left out.", ""]
    for table in INPUT_TABLES.values():
        lines += [f"## {table.name}", "", f"{table.grain}.", "", "| column | type | meaning |", "| --- | --- | --- |"]
        lines += [
            f"| `{column.name}`{' *' if column.required else ''} | {column.type} | {column.description}"
            f"{': ' + ', '.join(column.allowed) if column.allowed else ''} |"
            for column in table.columns
        ]
        lines += [""]
    return "\n".join(lines)
