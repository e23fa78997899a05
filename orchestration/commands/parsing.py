"""What can be typed: every command with its arguments, in the order in which `--help` lists them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from orchestration.commands.arguments import Help, Parser, between, written

Run = Callable[[argparse.Namespace], int]
Runs = Mapping[str, Run]
_Commands = argparse._SubParsersAction  # argparse has no public name for it
_EPILOG = "Exit codes: 0 done (a run: published); 1 something went wrong; 2 arguments or configuration; 3 a check refused the release."
_IN_CONFIGURATION = "its `name` in the configuration; where it has none, its type"
_WHOM = "any source's id, a customer_key, or an e-mail address"
_CONTACT = "where customers are companies: one of their contacts"


def parser(runs: Runs) -> argparse.ArgumentParser:
    """The parser of all commands; each sets `run` to what carries it out, from `runs` by its name."""
    told = Parser(
        prog="python -m orchestration",
        description="One night of customer data, audited and released.",
        epilog=_EPILOG,
        formatter_class=Help,
    )
    commands = told.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for add in (_nights, _releases, _systems, _looking, _identities, _persons, _house):
        add(commands, runs)
    return told


def _nights(commands: _Commands, runs: Runs) -> None:
    run = _command(commands, "run", runs, "run one night: land, check, build, model, publish, sync")
    run.add_argument("--as-of", metavar="YYYY-MM-DD", help="the last day that counts (default: yesterday)")
    start = _told(commands, "init", "write a commented configuration and empty exports")
    start.add_argument("folder", type=Path, metavar="FOLDER", help="where to; it is made where it is not there")
    start.set_defaults(run=runs["init"], debug=False)
    status = _command(commands, "status", runs, "show the last release, its age, what was refused or failed since, what is quarantined")
    status.add_argument(
        "--max-age", type=between(0), metavar="HOURS", help="for monitors: end with 1 where the release is older, or there is none"
    )


def _releases(commands: _Commands, runs: Runs) -> None:
    kept = _command(commands, "releases", runs, "list releases, or roll back to one")
    kept.add_argument("action", nargs="?", choices=["rollback"], metavar="rollback", help="serve the release ID again")
    kept.add_argument("release_id", nargs="?", metavar="ID", help="of a release, as the list has it")
    _command(commands, "serve", runs, "hand the served release on to PostgreSQL or an object store, as `serving` says")


def _systems(commands: _Commands, runs: Runs) -> None:
    reached = _command(
        commands, "check-source", runs, "ask a source whether it lets us in; a few masked rows, how long a first night takes"
    )
    reached.add_argument("name", metavar="NAME", help=_IN_CONFIGURATION)
    place = _command(commands, "check-destination", runs, "ask a destination whether it lets us in; sends no record")
    place.add_argument("name", metavar="NAME", help=_IN_CONFIGURATION)
    place.add_argument(
        "--write-fields",
        metavar="FOLDER",
        type=Path,
        help="write what an administrator deploys there instead, where only they can make fields",
    )
    sync = _command(commands, "sync", runs, "bring one destination up to date from the served release")
    sync.add_argument("name", metavar="NAME", help=_IN_CONFIGURATION)
    sync.add_argument("--dry-run", action="store_true", help="only tell what would be sent, also where the configuration says live")
    sync.add_argument("--limit", type=int, metavar="N", help="send at most so many changed records")
    sync.add_argument("--only", metavar="ID", help="send one customer: an external id or a customer_key")
    sync.add_argument("--retry-dead", action="store_true", help="send again what the destination has rejected")
    sync.add_argument("--override", action="append", default=[], metavar="BREAKER", help="let a circuit breaker through, by its name")


def _looking(commands: _Commands, runs: Runs) -> None:
    quarantine = _command(commands, "quarantine", runs, "show what waits in quarantine, and why")
    quarantine.add_argument("--table", metavar="NAME", help="show the rows of one table, by key")
    quarantine.add_argument("--export", metavar="FILE", type=Path, help="write them whole to a .csv or .jsonl, to be mended at the source")
    diff = _command(commands, "diff", runs, "show what differs between two releases, and why where that can be told")
    diff.add_argument("before", nargs="?", default="previous", metavar="RELEASE", help="an id, current or previous (default: previous)")
    diff.add_argument("after", nargs="?", default="current", metavar="RELEASE", help="likewise (default: current)")
    diff.add_argument("--json", action="store_true", help="for machines")
    why = _command(commands, "explain", runs, "show what is known of one customer, what was decided, and why")
    why.add_argument("--customer", required=True, type=written, metavar="ID", help="any source's id, source:id, or a customer_key")
    why.add_argument("--json", action="store_true", help="for machines")


def _identities(commands: _Commands, runs: Runs) -> None:
    review = _command(commands, "review-identities", runs, "propose pairs of customers who may be one (needs Splink)")
    review.add_argument(
        "--least-probability", type=between(0, 1), default=0.9, metavar="P", help="propose pairs at least so probable (default: 0.9)"
    )


def _persons(commands: _Commands, runs: Runs) -> None:
    gone = _command(commands, "erase", runs, "remove a person from everything that is kept, for good")
    gone.add_argument("--customer", nargs="+", default=[], type=written, metavar="ID", help=_WHOM)
    gone.add_argument("--contact", nargs="+", default=[], type=written, metavar="ID", help=_CONTACT)
    gone.add_argument("--from-file", type=Path, metavar="FILE", help="a file with one ID a line")
    gone.add_argument("--expired", action="store_true", help="everybody, and every text, whose retention is over (settings)")
    gone.add_argument("--lift", action="store_true", help="let whoever is named (also by receipt) land again: the erasure was a mistake")
    gone.add_argument("--yes", action="store_true", help="do not ask")
    gone.add_argument("--verify", type=written, metavar="WHO", help="only search: for an ID, or for whom a receipt is about")
    held = _command(commands, "export", runs, "write everything that is held on a person, as JSON")
    whom = held.add_mutually_exclusive_group(required=True)
    whom.add_argument("--customer", type=written, metavar="ID", help=_WHOM)
    whom.add_argument("--contact", type=written, metavar="ID", help=_CONTACT)
    held.add_argument("--out", type=Path, metavar="FILE", help="write it there, for its owner only (default: standard output)")


def _house(commands: _Commands, runs: Runs) -> None:
    ui = _command(commands, "ui", runs, "open the Dagster UI on the same job")
    ui.add_argument("--port", type=int, default=3000, metavar="PORT", help="where it listens, on this machine alone (default: 3000)")
    docs = _told(commands, "docs", "write the generated pages under docs/")
    docs.set_defaults(run=runs["docs"], debug=False)


def _command(commands: _Commands, name: str, runs: Runs, words: str) -> argparse.ArgumentParser:
    command = _told(commands, name, words)
    command.add_argument("--debug", action="store_true", help="show the traceback of an error that nobody foresaw")
    command.add_argument("--config", metavar="FILE", help="the configuration (default: RAPPORT_CONFIG, else the one last run)")
    command.set_defaults(run=runs[name])
    return command


def _told(commands: _Commands, name: str, words: str) -> argparse.ArgumentParser:
    """A command that says in the list of all, and in its own help, what it does."""
    command: argparse.ArgumentParser = commands.add_parser(name, help=words, description=f"{words[:1].upper()}{words[1:]}.")
    return command
