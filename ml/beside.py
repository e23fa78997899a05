"""Work that need not wait for other work is done beside it, in a process of its own.

Comes in: a function that can be imported, and what it is given. Goes out: what it returns, the same as if it had been called here.
Fits hardly ever take more than one thread: of small tables on purpose (`ml.threads`), of large ones because folds and arms are small, too.
And many of their steps are Python, whose threads take turns.

    python -m ml.beside    what that process runs: the work comes in and what became of it goes out, both pickled, between the two alone
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, TypeVar

R = TypeVar("R")

_PROJECT = Path(__file__).resolve().parents[1]
_WORTH_A_PROCESS = 3_000  # rows: below that a fit takes about as long as such a process needs to import what it fits with


@contextmanager
def beside(work: Callable[..., R], *arguments: Any, rows: int) -> Iterator[Callable[[], R]]:
    """Yields what waits for the result and returns it, or raises what `work` raised. Whoever leaves before that ends the work.

    rows    that are worked on. Where few are, or where there is but one core, the work is done here when it is asked for.
    """
    if rows < _WORTH_A_PROCESS or (os.cpu_count() or 1) < 2:
        yield lambda: work(*arguments)
        return
    command = [sys.executable, "-m", "ml.beside"]
    given = pickle.dumps((work, arguments), pickle.HIGHEST_PROTOCOL)
    with (
        ThreadPoolExecutor(1) as waiting,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_PROJECT) as process,
    ):
        told = waiting.submit(process.communicate, given)
        try:
            yield lambda: _result(process, told)
        finally:
            process.kill()
            wait([told])


def _result(process: subprocess.Popen[bytes], told: Future[tuple[bytes, bytes]]) -> Any:
    answer, _ = told.result()
    if not answer:
        raise RuntimeError(f"a process of ml.beside ended with {process.returncode} and without a result; is the memory full?")
    became, result = pickle.loads(answer)
    if became == "raised":
        raise result
    return result


def _answer() -> bytes:
    work, arguments = pickle.loads(sys.stdin.buffer.read())
    try:
        with redirect_stdout(sys.stderr):
            return pickle.dumps(("returned", work(*arguments)), pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # whoever asked for the work is told, as if it had been done there
        return pickle.dumps(("raised", error))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; the one that asked ends this one
    sys.stdout.buffer.write(_answer())
