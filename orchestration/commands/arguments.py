"""How the command line speaks: help that fits its commands, complaints of one line, exit codes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from math import inf
from typing import Any, NoReturn

OK, FAILED, MISCONFIGURED = 0, 1, 2


class Help(argparse.HelpFormatter):
    """Room for the longest command beside its words: argparse counts without the indent of a command."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=24, width=110)
        self._action_max_length = 21


class Parser(argparse.ArgumentParser):
    """What is wrong with the arguments is one line, like every other complaint."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """What a command does not know is told here, with the command's own help: argparse would name that of all commands."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown

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


def between(least: float, most: float = inf) -> Callable[[str], float]:
    """What reads an argument that is a number in these bounds; anything else is an error of argparse, `nan` too."""

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if not least <= value <= most:
            bounds = f"at least {least:g}" if most == inf else f"from {least:g} to {most:g}"
            raise argparse.ArgumentTypeError(f"{text} is not a number {bounds}")
        return value

    return number


def complain(message: str, code: int) -> int:
    """Say on one line of standard error what is wrong; returns `code`."""
    print(f"rapport: {message}", file=sys.stderr)
    return code
