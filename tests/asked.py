"""A process that does what it is asked, line by line: what forks for every question imports once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def process_of(script: str) -> Iterator[subprocess.Popen[str]]:
    """Python that runs `script`, which reads questions from its input until that is closed, and answers on its output."""
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        yield process
        process.stdin.close()
