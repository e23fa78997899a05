"""A start of dbt: `python orchestration/dbt_start.py SOCKET build …` asks the process behind SOCKET, which has imported dbt, to run it.

Whoever starts this sees a dbt of their own: its output, its exit code, and its end when this ends. Only the standard library is imported,
so that it costs nothing.
"""

import array
import json
import os
import socket
import sys
from pathlib import Path

LENGTH_BYTES = 4  # of the length that goes before the request


def main(address: str, *arguments: str) -> int:
    """Hand over what to do, in which environment and folder, and where its output goes; returns dbt's exit code, 2 if it ended without one.

    address     path of the socket; what the process behind it said before its end lies beside it
    """
    asked = json.dumps({"arguments": arguments, "environment": dict(os.environ), "folder": str(Path.cwd())}).encode()
    streams = array.array("i", (sys.stdout.fileno(), sys.stderr.fileno()))
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(address)
            handed_over = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)]
            connection.sendmsg([len(asked).to_bytes(LENGTH_BYTES)], handed_over)
            connection.sendall(asked)
            code = connection.recv(1)
    except OSError:
        code = b""
    if code:
        return code[0]
    said = Path(address).with_name("said.txt")
    sys.stderr.write(f"dbt has ended before it could say how\n{said.read_text() if said.exists() else ''}")
    return 2


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
