"""How the command line reads its arguments: help that fits its commands, and complaints of one line."""

from __future__ import annotations

import argparse
from typing import NoReturn

WRONG = 2


class Help(argparse.HelpFormatter):
    """Room for the longest command beside its words: argparse counts without the indent of a command."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=24, width=110)
        self._action_max_length = 21


class Parser(argparse.ArgumentParser):
    """What is wrong with the arguments is one line, like every other complaint."""

    def error(self, message: str) -> NoReturn:
        """End the process with the code of a wrong argument."""
        self.exit(WRONG, f"rapport: {message}; `{self.prog} --help` says what it takes\n")
