"""What each command does: it reads the settings, hands over, and returns the exit code of the contract.

Whatever a command needs is imported when it runs, so that the others start at once.
"""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from orchestration import settings
from orchestration.commands.arguments import FAILED, MISCONFIGURED, OK, complain
from orchestration.home import Home
from orchestration.plain_words import counted

if TYPE_CHECKING:
    from orchestration.commands.parsing import Run


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
    from orchestration import starter

    config = starter.write(options.folder)
    print(f"Wrote {config} and one empty file per table in {config.parent / 'exports'}.")
    print(f"Fill in what you have, then: python -m orchestration run --config {shlex.quote(str(config))}")
    return OK


def _status(options: argparse.Namespace) -> int:
    from orchestration import releases
    from orchestration.commands import console, summary

    loaded = _looked_at(options)
    try:
        console.show_status(summary.status(loaded))
        late = None if options.max_age is None else summary.too_old(Home(loaded.home), options.max_age)
    except releases.ReleaseError as error:
        return complain(str(error), FAILED)
    return complain(late, FAILED) if late else OK


def _releases(options: argparse.Namespace) -> int:
    from orchestration import releases
    from orchestration.commands import console

    home = Home(_looked_at(options).home)
    try:
        if options.action == "rollback":
            if not options.release_id:
                return complain("releases rollback: name the release; `python -m orchestration releases` lists them", MISCONFIGURED)
            with home.exclusive("a rollback"):
                print(f"Serving {releases.rollback(home.root, options.release_id).id} again.")
                return _handed_on(_looked_at(options))
        console.show_releases(home.root)
        return OK
    except releases.UnknownReleaseError as error:
        return complain(str(error), MISCONFIGURED)
    except releases.ReleaseError as error:
        return complain(str(error), FAILED)


def _serve(options: argparse.Namespace) -> int:
    from orchestration import releases

    loaded = _looked_at(options)
    if not loaded.serving:
        print("No target is configured under `serving`: the release is served from the home alone.")
    settings.check_secrets(loaded)
    try:
        with Home(loaded.home).exclusive("serving further"):
            return _handed_on(loaded)
    except releases.ReleaseError as error:
        return complain(str(error), FAILED)


def _sync(options: argparse.Namespace) -> int:
    from orchestration import activating
    from orchestration.commands import syncing

    if options.limit is not None and options.limit < 1:
        return complain(f"--limit {options.limit}: send one record at least, or use --dry-run", MISCONFIGURED)
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
        complain(failure, FAILED)
    return FAILED if failures else OK


def _quarantine(options: argparse.Namespace) -> int:
    from orchestration.commands import console
    from orchestration.gates import waiting

    loaded = _looked_at(options)
    if options.export is not None:
        written = waiting.export(loaded, options.table, options.export)
        print(f"Wrote {counted(written, 'row')} to {options.export}; they hold personal data.")
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
    from orchestration.commands import asking, lifting, rights

    loaded = _looked_at(options)
    asking.require_one_wish(options)
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


RUNS: dict[str, Run] = {
    "check-destination": _check_destination,
    "check-source": _check_source,
    "diff": _diff,
    "docs": _docs,
    "erase": _erase,
    "explain": _explain,
    "export": _export,
    "init": _init,
    "quarantine": _quarantine,
    "releases": _releases,
    "review-identities": _review_identities,
    "run": _run,
    "serve": _serve,
    "status": _status,
    "sync": _sync,
    "ui": _ui,
}
