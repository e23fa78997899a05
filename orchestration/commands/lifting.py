"""`erase --lift`: an erasure is taken back for who is named, asked before and told in a few lines."""

from __future__ import annotations

from pathlib import Path

from orchestration.commands.asking import agrees, named, require
from orchestration.home import Home
from orchestration.plain_words import counted
from orchestration.privacy import lifting
from orchestration.settings import Settings


def lift(loaded: Settings, wanted: list[str], file: Path | None, agreed: bool) -> int:
    """Let people who were erased land again, who are named as when they were erased; returns the exit code."""
    home = Home.of(loaded)
    with home.exclusive("lifting an erasure"):
        home.refuse_interrupted_erasure()
        names = named(wanted, file)
        require(names)
        asked = lifting.asked(home, dict.fromkeys(names))
        if not (agreed or agrees("Let them land again with the next run?")):
            print("Nothing was lifted.")
            return 1
        lifted = lifting.lift(home, asked)
    receipts = counted(len(lifted.receipts), "receipt")
    print(f"Lifted: all ids and contacts ({len(lifted.hashes):,}) of {receipts}, where it says by whom and when.")
    if lifted.shared:
        print(f"  of these, somebody who stays erased had {len(lifted.shared):,} too: under a new id they would land again.")
    for source, table, part in lifted.parts:
        print(f"  read whole on the next run: {part} ({table} of {source})")
    print("  data_erasures loses what they are of past months again with the next release.")
    return 0
