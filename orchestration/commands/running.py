"""`run` and `ui`: what happens around a night when a person or cron starts it."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from orchestration import alerts, dbt, last_run, preflight, served, settings, unforeseen
from orchestration.commands.arguments import FAILED, complain
from orchestration.commands.console import Terminal, say, show_outcome
from orchestration.home import OWNER_ONLY_FILE, Home, HomeError
from orchestration.lasting import made_to_stay
from orchestration.settings import ConfigurationError, Settings

_PROJECT = Path(__file__).resolve().parents[2]
# Dagster then stores what a run intends at once and not one by one: a second of every night.
EVENTS_TOGETHER = {"DAGSTER_EVENT_BATCH_SIZE": "1000"}
# The beginnings of what Dagster warns of in each of its processes, with paths of this machine; a person can do nothing about it.
_DAGSTER_SAYS_OF_ITSELF = ("Parameter `backfill_policy` of function", "Function `dev_command` is superseded")
# Of what a night imports, what takes longest and can be had before dbt's project is parsed.
_WITHOUT_PARSED_PROJECT = ("dagster_dbt", "orchestration.activating", "orchestration.resources")
_EXIT = {"published": 0, "failed": FAILED, "misconfigured": 2, "refused": 3}


def run(loaded: Settings, as_of_text: str | None) -> int:
    """Run the night and print the screen at its end; returns the exit code of the contract."""
    as_of = settings.as_of_date(as_of_text, loaded, datetime.now(UTC).astimezone(loaded.zone).date())
    try:
        preflight.check(loaded)
        home = _prepared(loaded)
        with home.exclusive(f"the night of {as_of}"), last_run.under_way(home, str(as_of)):
            home.refuse_interrupted_erasure()
            return _night(loaded, home, as_of)
    except (ConfigurationError, HomeError) as error:
        _remember_no_start(loaded, as_of, str(error))
        _tell(loaded, as_of, "failed", (str(error),))
        raise
    except Exception as error:  # a full disk ends the run's own storage as well, and with it everything that would have told of its end
        reason = unforeseen.in_words(error)
        with suppress(OSError):
            last_run.remember(Home(loaded.home), str(as_of), None, "failed", (reason,))
        _tell(loaded, as_of, "failed", (reason,))
        raise


def ui(loaded: Settings, port: int) -> NoReturn:
    """Become the Dagster UI, schedule and sensor included, on the home of this configuration; signals reach it directly."""
    from orchestration.jobs import prepare_instance

    _check_port(port)
    home = _prepared(loaded)
    _hold_ui(home)
    prepare_instance(home)
    _hand_down(loaded, home)
    dbt.manifest_path()
    command = [str(Path(sys.executable).with_name("dagster")), "dev", "-m", "orchestration.definitions", "-h", "127.0.0.1", "-p", str(port)]
    say(f"Dagster: http://127.0.0.1:{port} (stop with Ctrl-C)")
    sys.stdout.flush()
    os.chdir(_PROJECT)
    settings.hush_in_children(_DAGSTER_SAYS_OF_ITSELF)
    # Dagster's own commands do not look for modules where they are started, and its storage is a module of ours.
    settings.hand_modules_to_children(_PROJECT)
    # A shell that starts this in its background has it ignore Ctrl-C, and Dagster then ignores being terminated as well.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(command[0], command)


def _hold_ui(home: Home) -> None:
    """Keep a second UI off this home, whatever its port, until Dagster ends, which this process becomes: it inherits the lock."""
    handle = os.open(home.state / "ui.lock", os.O_RDWR | os.O_CREAT, OWNER_ONLY_FILE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise HomeError(f"{home.root}: the UI of this home is running already; open that one, or stop it first") from None
    os.set_inheritable(handle, True)


def _check_port(port: int) -> None:
    """Dagster starts its schedule before it notices that a port is taken, and would go on without a page."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OverflowError as error:
            raise ConfigurationError(f"--port {port}: no port has this number; choose one up to 65535") from error
        except OSError as error:
            raise ConfigurationError(f"--port {port}: {error.strerror}; is the UI running already? Else choose another port") from error


def _night(loaded: Settings, home: Home, as_of: date) -> int:
    # Dagster announces what is still in beta on standard error; the versions are pinned, and a person can do nothing about it.
    warnings.filterwarnings("ignore", module="dagster")
    _hand_down(loaded, home)
    with made_to_stay(), ThreadPoolExecutor(1) as other_core:
        imported = other_core.map(import_module, _WITHOUT_PARSED_PROJECT)
        dbt.stand_by()  # parses the project first, where that has changed; here, so that a stop of the night stops that
        list(imported)
        from orchestration import definitions as definitions
        from orchestration.jobs import run_night
    log = home.logs / f"{as_of}-{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
    with Terminal(loaded.company.name, as_of) as terminal:
        outcome = run_night(home, as_of, terminal.step, log)
    last_run.remember(home, str(as_of), outcome.run_id, outcome.status, outcome.reasons, terminal.seconds)
    show_outcome(home, outcome, log)
    _tell(loaded, as_of, outcome.status, outcome.reasons, outcome.run_id)
    return _EXIT[outcome.status]


def _remember_no_start(loaded: Settings, as_of: date, reason: str) -> None:
    """Write down why the night of `as_of` could not begin, where this company has a home that it can be written to."""
    home = Home(loaded.home)
    if home.state.is_dir():
        with suppress(OSError, HomeError):
            home.claim(loaded.company.name)
            last_run.remember(home, str(as_of), None, "failed", (reason,))


def _tell(loaded: Settings, as_of: date, status: str, reasons: tuple[str, ...], run_id: str | None = None) -> None:
    """Tell whom the configuration names how the night ended. Who cannot be told changes nothing about the night."""
    standing = served.in_words(Home(loaded.home))
    for problem in alerts.tell(loaded, alerts.Ended(str(as_of), alerts.ending(status), reasons, standing, run_id)):
        complain(problem, FAILED)


def _prepared(loaded: Settings) -> Home:
    home = Home(loaded.home)
    home.prepare()
    home.claim(loaded.company.name)
    home.remember_config(loaded.config_path)
    default = Home(settings.default_home())
    if default.root != home.root:
        # The commands that name no configuration look in the default home; where that cannot be written, they must be given one.
        with suppress(OSError):
            default.state.mkdir(parents=True, exist_ok=True, mode=0o700)
            default.remember_config(loaded.config_path)
    return home


def _hand_down(loaded: Settings, home: Home) -> None:
    settings.hand_to_children(
        {
            "RAPPORT_CONFIG": str(loaded.config_path),
            "RAPPORT_HOME": str(home.root),
            "DAGSTER_HOME": str(home.dagster),
            "DAGSTER_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "1",
            **EVENTS_TOGETHER,
        }
    )
