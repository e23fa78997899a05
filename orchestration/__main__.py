"""The command line: `python -m orchestration COMMAND`. Parses, hands over, and turns what happened into an exit code.

0 published · 1 something else went wrong · 2 configuration · 3 a blocking check refused the release
"""

from __future__ import annotations

import argparse
import signal
import sqlite3
import sys
import traceback
from pathlib import Path

from orchestration import settings
from orchestration.commands.arguments import Help, Parser
from orchestration.dbt import DbtError
from orchestration.home import Home, HomeError
from orchestration.plain_words import in_plain_words

OK, FAILED, MISCONFIGURED, REFUSED = 0, 1, 2, 3
_EPILOG = "Exit codes: 0 done, of a run: published; 1 something went wrong; 2 arguments or configuration; 3 a check refused the release."


def main(arguments: list[str] | None = None) -> int:
    """Run one command; errors a person can mend are one line on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except settings.ConfigurationError as error:
        return _complain(str(error), MISCONFIGURED)
    except (HomeError, DbtError) as error:
        return _complain(str(error), FAILED)
    except KeyboardInterrupt:
        return _complain("stopped; run again to go on, nothing has to be cleaned up first", FAILED)
    except Exception as error:  # what nobody foresaw is one line too
        if options.debug:
            raise
        return _complain(_unforeseen(error), FAILED)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m orchestration",
        description="One night of customer data, audited and released.",
        epilog=_EPILOG,
        formatter_class=Help,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    run = _command(commands, "run", _run, "run one night: land, check, build, model, publish, sync")
    run.add_argument("--as-of", metavar="YYYY-MM-DD", help="the last day that counts (default: yesterday)")
    start = commands.add_parser("init", help="write a commented configuration and empty exports")
    start.add_argument("folder", type=Path, metavar="FOLDER")
    start.set_defaults(run=_init, debug=False)
    _command(commands, "status", _status, "the last release, its age, what refused since, what waits in quarantine")
    kept = _command(commands, "releases", _releases, "list releases, or roll back to one")
    kept.add_argument("action", nargs="?", choices=["rollback"], metavar="rollback", help="serve the release ID again")
    kept.add_argument("release_id", nargs="?", metavar="ID")
    _command(commands, "serve", _serve, "hand the served release on to PostgreSQL or an object store, as `serving` says")
    sync = _command(commands, "sync", _sync, "bring one destination up to date from the served release")
    sync.add_argument("name", metavar="NAME", help="of the destination in the configuration")
    sync.add_argument("--dry-run", action="store_true", help="only tell what would be sent, also where the configuration says live")
    sync.add_argument("--limit", type=int, metavar="N", help="send so many changed records at most")
    sync.add_argument("--only", metavar="ID", help="send one customer: an external id or a customer_key")
    sync.add_argument("--retry-dead", action="store_true", help="send again what the destination has rejected")
    sync.add_argument("--override", action="append", default=[], metavar="BREAKER", help="let a circuit breaker through, by its name")
    place = _command(commands, "check-destination", _check_destination, "ask a destination whether it lets us in; sends no record")
    place.add_argument("name", metavar="NAME", help="of the destination in the configuration")
    place.add_argument(
        "--write-fields",
        metavar="FOLDER",
        type=Path,
        help="instead write what an administrator deploys there, where only they can make fields",
    )
    quarantine = _command(commands, "quarantine", _quarantine, "what waits in quarantine and why")
    quarantine.add_argument("--table", metavar="NAME", help="show the rows of one table, by key")
    quarantine.add_argument("--export", metavar="FILE", type=Path, help="write them whole to a .csv or .jsonl, to be mended at the source")
    diff = _command(commands, "diff", _diff, "what differs between two releases, and why where that can be told")
    diff.add_argument("before", nargs="?", default="previous", metavar="RELEASE", help="an id, current or previous (default: previous)")
    diff.add_argument("after", nargs="?", default="current", metavar="RELEASE", help="likewise (default: current)")
    diff.add_argument("--json", action="store_true", help="for machines")
    why = _command(commands, "explain", _explain, "what is known of one customer, what was decided, and why")
    why.add_argument("--customer", required=True, metavar="ID", help="any source's id, source:id, or a customer_key")
    why.add_argument("--json", action="store_true", help="for machines")
    review = _command(commands, "review-identities", _review_identities, "propose pairs of customers who may be one (needs Splink)")
    review.add_argument(
        "--least-probability", type=float, default=0.9, metavar="P", help="propose pairs at least so probable (default: 0.9)"
    )
    gone = _command(commands, "erase", _erase, "remove a person from everything that is kept, for good")
    gone.add_argument("--customer", nargs="+", default=[], metavar="ID", help="any source's id, a customer_key, or an e-mail address")
    gone.add_argument("--contact", nargs="+", default=[], metavar="ID", help="where customers are companies: one of their contacts")
    gone.add_argument("--from-file", type=Path, metavar="FILE", help="a file with one ID a line")
    gone.add_argument("--expired", action="store_true", help="everybody whose retention is over (settings.deleted_people_days)")
    gone.add_argument("--lift", action="store_true", help="let whoever is named (also by receipt) land again: the erasure was a mistake")
    gone.add_argument("--yes", action="store_true", help="do not ask")
    gone.add_argument("--verify", metavar="WHO", help="only search: for an ID, or for whom a receipt is about")
    held = _command(commands, "export", _export, "everything that is held on a person, as JSON")
    whom = held.add_mutually_exclusive_group(required=True)
    whom.add_argument("--customer", metavar="ID", help="any source's id, a customer_key, or an e-mail address")
    whom.add_argument("--contact", metavar="ID", help="where customers are companies: one of their contacts")
    held.add_argument("--out", type=Path, metavar="FILE", help="write it there, for its owner only (default: standard output)")
    reached = _command(
        commands, "check-source", _check_source, "whether a source can be read, a few masked rows, how long a first night takes"
    )
    reached.add_argument("name", metavar="NAME", help="its `name` in the configuration (default: its type)")
    ui = _command(commands, "ui", _ui, "open the Dagster UI on the same job")
    ui.add_argument("--port", type=int, default=3000)
    docs = commands.add_parser("docs", help="write the generated pages under docs/")
    docs.set_defaults(run=_docs, debug=False)
    return parser


def _command(commands: argparse._SubParsersAction, name: str, run: object, words: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=words)
    command.add_argument("--debug", action="store_true", help="show the traceback of an error that nobody foresaw")
    command.add_argument("--config", metavar="FILE", help="the configuration (default: RAPPORT_CONFIG, else the one last run)")
    command.set_defaults(run=run)
    return command


def _loaded(options: argparse.Namespace) -> settings.Settings:
    return settings.load(settings.chosen_config(options.config))


def _looked_at(options: argparse.Namespace) -> settings.Settings:
    """The settings of a company whose home can be looked into. Raises ConfigurationError where nothing has run yet."""
    loaded = _loaded(options)
    if not Home(loaded.home).state.is_dir():
        raise settings.ConfigurationError(
            f"{loaded.home}: nothing has run here yet; `python -m orchestration run` comes first, or RAPPORT_HOME names another home"
        )
    return loaded


def _run(options: argparse.Namespace) -> int:
    from orchestration.commands import running

    return running.run(_loaded(options), options.as_of)


def _init(options: argparse.Namespace) -> int:
    from orchestration.configuration import starter

    config = starter.write(options.folder)
    print(f"Wrote {config} and one empty file per table in {config.parent / 'exports'}.")
    print(f"Fill in what you have, then: python -m orchestration run --config {config}")
    return OK


def _status(options: argparse.Namespace) -> int:
    from orchestration import releases
    from orchestration.commands import console, summary

    loaded = _looked_at(options)
    try:
        console.show_status(summary.status(loaded))
    except releases.ReleaseError as error:
        return _complain(str(error), FAILED)
    return OK


def _releases(options: argparse.Namespace) -> int:
    from orchestration import releases
    from orchestration.commands import console

    home = Home(_looked_at(options).home)
    try:
        if options.action == "rollback":
            if not options.release_id:
                return _complain("releases rollback: name the release; `python -m orchestration releases` lists them", MISCONFIGURED)
            with home.exclusive("a rollback"):
                print(f"Serving {releases.rollback(home.root, options.release_id).id} again.")
                return _handed_on(_looked_at(options))
        console.show_releases(home.root)
        return OK
    except releases.UnknownReleaseError as error:
        return _complain(str(error), MISCONFIGURED)
    except releases.ReleaseError as error:
        return _complain(str(error), FAILED)


def _serve(options: argparse.Namespace) -> int:
    from orchestration import releases

    loaded = _looked_at(options)
    settings.check_secrets(loaded)
    try:
        with Home(loaded.home).exclusive("serving further"):
            return _handed_on(loaded)
    except releases.ReleaseError as error:
        return _complain(str(error), FAILED)


def _sync(options: argparse.Namespace) -> int:
    from orchestration import activating
    from orchestration.commands import syncing

    if options.limit is not None and options.limit < 1:
        return _complain(f"--limit {options.limit}: send one record at least, or use --dry-run", MISCONFIGURED)
    wish = activating.Wish(False if options.dry_run else None, options.limit, options.only, options.retry_dead, tuple(options.override))
    return syncing.sync(_looked_at(options), options.name, wish)


def _check_destination(options: argparse.Namespace) -> int:
    from orchestration.commands import syncing

    return syncing.check(_loaded(options), options.name, options.write_fields)


def _handed_on(loaded: settings.Settings) -> int:
    """The served release in every target; what did not work is one line each."""
    from orchestration import releases, serving_targets

    accounts, failures = serving_targets.serve_all(loaded, releases.current(loaded.home))
    for name, account in accounts.items():
        print(f"{name}: {account.told}")
    for failure in failures:
        _complain(failure, FAILED)
    return FAILED if failures else OK


def _quarantine(options: argparse.Namespace) -> int:
    from orchestration.commands import console
    from orchestration.gates import waiting

    loaded = _looked_at(options)
    if options.export is not None:
        print(f"Wrote {waiting.export(loaded, options.table, options.export):,} rows to {options.export}; they hold personal data.")
    elif options.table is None:
        console.show_quarantine(waiting.by_rule(loaded))
    else:
        console.show_quarantined_rows(*waiting.of_table(loaded, options.table))
    return OK


def _explain(options: argparse.Namespace) -> int:
    from orchestration.commands import explain_screen

    return explain_screen.explain(_loaded(options), options.customer, as_json=options.json)


def _diff(options: argparse.Namespace) -> int:
    from orchestration.commands import diff_screen

    return diff_screen.diff(_loaded(options), options.before, options.after, as_json=options.json)


def _review_identities(options: argparse.Namespace) -> int:
    from orchestration.commands import identity_review

    print(identity_review.review(_loaded(options), options.least_probability))
    return OK


def _erase(options: argparse.Namespace) -> int:
    from orchestration.commands import lifting, rights

    loaded = _looked_at(options)
    if options.verify:
        return rights.told(lambda: rights.verify(loaded, options.verify))
    if options.expired:
        return rights.told(lambda: rights.erase_expired(loaded))
    if options.lift:
        return rights.told(lambda: lifting.lift(loaded, options.customer + options.contact, options.from_file, options.yes))
    return rights.told(
        lambda: rights.erase(loaded, options.contact or options.customer, options.from_file, options.yes, contacts=bool(options.contact))
    )


def _export(options: argparse.Namespace) -> int:
    from orchestration.commands import rights

    loaded = _looked_at(options)
    who, is_contact = options.contact or options.customer, bool(options.contact)
    return rights.told(lambda: rights.export(loaded, who, options.out, contacts=is_contact))


def _check_source(options: argparse.Namespace) -> int:
    from orchestration.commands import source_check

    return source_check.check(_loaded(options), options.name)


def _ui(options: argparse.Namespace) -> int:
    from orchestration.commands import running

    return running.ui(_loaded(options), options.port)


def _docs(_: argparse.Namespace) -> int:
    from orchestration.documentation import pages

    for path in pages.write():
        print(path)
    return OK


def _unforeseen(error: BaseException) -> str:
    """What the system said, if it is the cause; else only where it happened: other messages may quote values of rows."""
    causes = [error]
    while (following := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(following)
    system = next((cause for cause in reversed(causes) if isinstance(cause, OSError | sqlite3.Error)), None)
    if system is not None:
        return in_plain_words(" ".join(str(system).split()))
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).parent == Path(__file__).parent]
    return f"{type(error).__name__} at {Path(ours[-1].filename).name}:{ours[-1].lineno}; run again with --debug to see where it comes from"


def _complain(message: str, code: int) -> int:
    print(f"rapport: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop by the system is told like one by hand
    sys.exit(main())
