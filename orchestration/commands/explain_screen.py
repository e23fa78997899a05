"""`explain`: one customer on a terminal, or as JSON."""

from __future__ import annotations

from typing import Any

from rich.markup import escape

from orchestration import releases
from orchestration.commands.answering import Lines, block, held, plain_refusals, print_json, table, terminal
from orchestration.commands.explaining import explained
from orchestration.report import words
from orchestration.settings import Settings

_MOST_SENT = 12
_GATES = {
    "consent": "no consent on this channel to what it is for",
    "suppression": "unreachable, gone, an urgent ticket is open, or a rule of the action holds it back",
    "eligibility": "not meant for such a customer, or no longer on the list of actions",
    "cooldown": "treated too recently",
    "pressure": "contacted often enough lately",
    "holdout": "held out, never treated",
    "capacity": "the night's places went to others",
}
_MATCHED = {
    "own": "its own",
    "merge": "the source merged it",
    "billing_link": "billing names the CRM record",
    "email": "same e-mail",
    "phone": "same phone",
    "company": "same company",
}
_UNVALUED = "probability among tonight's customers: no value is predicted for this one"


def explain(settings: Settings, wanted: str, *, as_json: bool) -> int:
    """Show whom `wanted` means; returns the exit code. Raises ConfigurationError when that is nobody, HomeError without a release."""
    with plain_refusals():
        release = releases.current(settings.home)
        with held(release):
            facts = explained(release, releases.customer_key(release, wanted))
    if as_json:
        print_json(facts)
    else:
        _show(facts, wanted)
    return 0


def _show(facts: dict[str, Any], wanted: str) -> None:
    console = terminal()
    console.print(f"[bold]Customer {facts['customer_key']}[/] in release {facts['release_id']}, as of {facts['as_of']}")
    if wanted != facts["customer_key"]:
        console.print(f"[dim]{escape(wanted)} is this customer[/]")
    for heading, lines in (("Known", _known(facts)), ("Value", _value(facts)), ("Churn", _churn(facts)), ("Decision", _decision(facts))):
        block(console, heading, lines)
    if facts["candidates"]:
        console.print("\n[bold]Considered[/]")
        table(console, ("action", "channel", "score", "became of it"), [_candidate(row, facts) for row in facts["candidates"]])
    block(console, "Allowed", _allowed(facts))
    block(console, "Sent", _sent(facts))
    if facts["synced"]:
        rows = [_attempt(row) for row in facts["synced"][:_MOST_SENT]]
        table(console, ("destination", "audience", "outcome", "code", "when (UTC)", "from release"), rows)


def _known(facts: dict[str, Any]) -> Lines:
    for record in facts["records"]:
        how = _MATCHED.get(record["matched_by"], words.label(record["matched_by"]))
        yield (
            "record",
            f"{record['source']}:{record['source_customer_id']} ({record['record_type']}; {how}), since {record['valid_from']:%Y-%m-%d}",
        )
    for name, value in facts["known"].items():
        if value is not None and not (value is False and name in ("is_erased", "is_deleted")):
            yield words.label(name), _said(value)


def _value(facts: dict[str, Any]) -> Lines:
    value = facts["value"]
    if value is None:
        yield "none", "nothing is computed for this customer"
        return
    currency = str(value["currency"])
    yield "so far", words.money(value["clv_historic"], currency)
    if value["clv_predicted"] is None:
        yield "predicted", _why_unpredicted(facts, "no model of lifetime value")
        return
    low, high = words.money(value["clv_predicted_low"], currency), words.money(value["clv_predicted_high"], currency)
    yield (
        "predicted",
        f"{words.money(value['clv_predicted'], currency)} in {words.days(value['horizon_days'])}; 80 % interval {low} to {high}",
    )
    yield "in all", words.money(value["clv_total"], currency)
    yield "model", f"{value['model']}, {value['model_version']}"


def _churn(facts: dict[str, Any]) -> Lines:
    churn = facts["churn"]
    if churn is None:
        yield "not scored", _why_unpredicted(facts, "no churn model")
        return
    yield "probability", f"{words.percent(churn['churn_probability'])} in {words.days(churn['horizon_days'])}"
    is_valued = facts["value"] is not None and facts["value"]["clv_predicted"] is not None
    how = "probability × value among tonight's customers" if is_valued else _UNVALUED
    yield "to lose", f"{churn['risk_band']}, by {how}"
    for reason in churn["reasons"] or ():
        yield "because", reason
    yield "model", churn["model_version"]


def _why_unpredicted(facts: dict[str, Any], otherwise: str) -> str:
    if facts["known"].get("is_erased"):
        return "erased"
    if facts["consent"].get("can_profile") is False:
        return "the customer has withdrawn from profiling"
    return "not active on the as-of day" if facts["known"].get("is_active") is False else otherwise


def _decision(facts: dict[str, Any]) -> Lines:
    decision = facts["decision"]
    if decision is None:
        yield "none", _why_unpredicted(facts, "nothing was decided in this release")
        return
    channel = f" by {decision['channel']}" if decision["channel"] else ""
    yield "action", f"{words.label(decision['action'])}{channel}"
    if decision.get("aims_at"):  # no release of an earlier version says it
        yield "aims at", words.label(decision["aims_at"])
    yield "because", decision["reason"]
    yield "propensity", f"{words.percent(decision['propensity'])}: so probable was this choice"
    yield "holdout", "yes: never treated, so that the others can be compared" if decision["is_holdout"] else "no"
    learnt = f", model {decision['model_version']}" if decision["model_version"] else ""  # without a policy no model decides
    yield "policy", f"{decision['policy_version']}{learnt}"


def _candidate(row: dict[str, Any], facts: dict[str, Any]) -> tuple[str, ...]:
    gate = row["gate_removed_by"]
    chosen = facts["decision"] is not None and facts["decision"]["action"] == row["action"]
    became = "chosen" if chosen else f"removed by {gate}: {_GATES.get(gate, words.label(gate))}" if gate else "passed every gate"
    return (words.label(row["action"]), row["channel"] or words.MISSING, words.decimal(row["score"]), became)


def _allowed(facts: dict[str, Any]) -> Lines:
    for name, allowed in facts["consent"].items():
        yield words.label(name.removeprefix("can_")), _said(allowed)


def _sent(facts: dict[str, Any]) -> Lines:
    yield "audiences built", ", ".join(name.removeprefix("sync_").replace("__", "/") for name in facts["audiences"]) or "in none"
    count = len(facts["synced"])
    yield "attempts", f"{count:,} before this release" + (f", the last {_MOST_SENT} of them:" if count > _MOST_SENT else "")


def _attempt(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["destination"],
        row["audience"],
        f"{row['outcome']}{' (cleared)' if row.get('operation') == 'clear' else ''}",
        row["code"] or words.MISSING,
        words.moment(row["attempted_at"]),
        row["release_id"] or "",
    )


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if hasattr(value, "hour"):
        return words.moment(value)
    return words.label(value) if isinstance(value, str) else f"{value:,.2f}" if hasattr(value, "as_tuple") else str(value)
