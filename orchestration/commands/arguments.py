"""How the command line speaks: help that fits its commands, complaints of one line, exit codes."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

OK, FAILED, MISCONFIGURED = 0, 1, 2


class Help(argparse.HelpFormatter):
    """Room for the longest command beside its words: argparse counts without the indent of a command."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=24, width=110)
        self._action_max_length = 21


class Parser(argparse.ArgumentParser):
    """What is wrong with the arguments is one line, like every other complaint."""

    def error(self, message: str) -> NoReturn:
        """End the process with the code of a wrong argument."""
        self.exit(MISCONFIGURED, f"rapport: {message}; `{self.prog} --help` says what it takes\n")


def written(text: str) -> str:
    """An argument as it was written. Raises ArgumentTypeError where it is no text: a terminal may hand over bytes of another encoding."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise argparse.ArgumentTypeError("it holds bytes that are no UTF-8; is the terminal set to another encoding?") from error
    return text


def complain(message: str, code: int) -> int:
    """Say on one line of standard error what is wrong; returns `code`."""
    print(f"rapport: {message}", file=sys.stderr)
    return code
