"""One night of the example company whose systems are vendors': starts the stand-ins, runs the night, stops them.

    python -m examples.acme.vendors [--customers 300] [--as-of 2026-10-31]

The same arguments give the same company, so a second night finds no news.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import yaml

from examples.acme.generate import pristine
from examples.acme.vendors.company import Systems, divided, write
from examples.fakes.vendor import serving

HERE = Path(__file__).parent.parent
CONFIG = HERE / "vendors.yaml"
_CREDENTIALS = {"hubspot": "ACME_HUBSPOT_TOKEN", "stripe": "ACME_STRIPE_KEY", "typeform": "ACME_TYPEFORM_TOKEN"}


def night(systems: Systems, as_of: str) -> int:
    """Serve `systems` where vendors.yaml expects them and run one night; the exit code of `orchestration run`."""
    written = {source["type"]: source for source in yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["sources"]}
    write(systems.files, HERE / written["files"]["path"])
    with ExitStack() as servers:
        for kind in _CREDENTIALS:
            port = int(written[kind]["base_url"].rpartition(":")[2])
            servers.enter_context(serving(getattr(systems, kind), port))
        credentials = {variable: getattr(systems, kind).token for kind, variable in _CREDENTIALS.items()}
        command = [sys.executable, "-m", "orchestration", "run", "--config", str(CONFIG), "--as-of", as_of]
        return subprocess.run(command, env={**os.environ, **credentials}, check=False).returncode


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m examples.acme.vendors", description="Run a night of Acme, read from stand-ins for vendors."
    )
    parser.add_argument("--customers", type=int, default=300)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--as-of", default="2026-10-31", metavar="DATE", help="the last day of the company, and the night that is run")
    given = parser.parse_args()
    try:
        return night(divided(pristine(given.customers, given.months, given.as_of)), given.as_of)
    except OSError as error:
        parser.error(f"a stand-in cannot be started on its port ({error.strerror}); vendors.yaml says which ports")


if __name__ == "__main__":
    sys.exit(main())
