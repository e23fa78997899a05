"""The command line: `python -m orchestration COMMAND`. Parses, hands over, and turns what happened into an exit code.

0 published · 1 something else went wrong · 2 configuration · 3 a blocking check refused the release
"""

from __future__ import annotations

import signal
import sys

from orchestration import settings, unforeseen
from orchestration.commands.arguments import FAILED, MISCONFIGURED, complain
from orchestration.commands.dispatch import RUNS
from orchestration.commands.parsing import parser
from orchestration.dbt import DbtError
from orchestration.home import HomeError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; errors a person can mend are one line on standard error."""
    options = parser(RUNS).parse_args(arguments)
    try:
        with unforeseen.shown(options.debug):
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
        return complain(unforeseen.in_words(error), FAILED)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop by the system is told like one by hand
    sys.exit(main())
