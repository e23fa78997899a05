"""The command line: `python -m orchestration COMMAND`. Parses, hands over, and turns what happened into an exit code.

0 published · 1 something else went wrong · 2 configuration · 3 a blocking check refused the release
"""

from __future__ import annotations

import signal
import sqlite3
import sys

from orchestration import settings, unforeseen
from orchestration.commands.arguments import FAILED, MISCONFIGURED, complain
from orchestration.commands.dispatch import RUNS
from orchestration.commands.parsing import parser
from orchestration.dbt import DbtError
from orchestration.home import HomeError
from orchestration.plain_words import in_plain_words


def main(arguments: list[str] | None = None) -> int:
    """Run one command; errors a person can mend are one line on standard error."""
    options = parser(RUNS).parse_args(arguments)
    try:
        return int(options.run(options))
    except settings.ConfigurationError as error:
        return complain(str(error), MISCONFIGURED)
    except (HomeError, DbtError) as error:
        return complain(str(error), FAILED)
    except KeyboardInterrupt:
        return complain("stopped; run again to go on, nothing has to be cleaned up first", FAILED)
    except Exception as error:  # what nobody foresaw is one line too
        if options.debug:
            raise
        return complain(_unforeseen(error), FAILED)


def _unforeseen(error: BaseException) -> str:
    """What the system said, if it is the cause; else only where it happened: other messages may quote values of rows."""
    causes = [error]
    while (following := causes[-1].__cause__ or causes[-1].__context__) is not None:
        causes.append(following)
    system = next((cause for cause in reversed(causes) if isinstance(cause, OSError | sqlite3.Error) or _is_of_the_machine(cause)), None)
    if system is not None:
        return in_plain_words(" ".join(str(system).split()))
    return f"{unforeseen.place(error)}; run again with --debug to see where it comes from"


def _is_of_the_machine(error: BaseException) -> bool:
    """What DuckDB says of disk and memory names files and no values; by name, so that no command loads DuckDB only to fail."""
    kind = type(error)
    said = kind.__name__ in ("IOException", "OutOfMemoryException") or "no space left" in str(error).lower()
    return kind.__module__.partition(".")[0] in ("duckdb", "_duckdb") and said


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop by the system is told like one by hand
    sys.exit(main())
