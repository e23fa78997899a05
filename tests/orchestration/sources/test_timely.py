"""No answer is listened to for ever, however it trickles; a large one has the time that its size asks for."""

import io
import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

from orchestration.sources import SourceError
from orchestration.sources.http import timely
from orchestration.sources.http.client import Api
from orchestration.sources.http.timely import InTime, TooSlowError
from orchestration.sources.http.wire import Wire

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


@contextmanager
def _trickling(begin: bytes, more: bytes) -> Iterator[str]:
    """A server that answers `begin` at once and `more` again and again, for as long as anybody listens."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(5)

    def answer() -> None:
        try:
            while True:
                with server.accept()[0] as connection:
                    connection.recv(65536)
                    connection.sendall(begin)
                    while True:
                        connection.sendall(more)
                        sleep(0.01)
        except OSError:
            return answer() if server.fileno() >= 0 else None

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.close()


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (b"HTTP/1.1 2", b"0"),
        (HEAD, b"x-more: 1\r\n"),
        (HEAD + b"content-length: 1000000\r\n\r\n", b" "),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
)
def test_an_answer_that_trickles_ends(begin: bytes, more: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timely, "AT_FIRST", 0.1)
    began = monotonic()
    with _trickling(begin, more) as url, pytest.raises(httpx.TransportError):
        Wire(httpx.URL(url), {}).send("GET", "/list")()
    assert monotonic() - began < 2


def test_it_is_asked_for_again_and_named_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timely, "AT_FIRST", 0.02)
    with _trickling(HEAD + b"content-length: 1000000\r\n\r\n", b" ") as url:
        api = Api("stripe", "https://a.b", base_url=url, sleep=lambda _: None)
        with pytest.raises(SourceError, match=r"GET /list comes too slowly to be waited for \(\d+ bytes in 0 s\), after 6 tries"):
            api.get("/list", {})


class _Slow(io.RawIOBase):
    """A hundred thousand bytes a read, one where each takes long."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.now, self.waits = seconds, 0.0, list[float]()

    def readinto(self, buffer: Any) -> int:
        self.now += self.seconds
        return 100_000 if self.seconds < 10 else 1


@pytest.mark.parametrize(("seconds", "most"), [(2, 7200), (5, 320), (59, 240)])
def test_the_time_grows_with_what_has_come(seconds: float, most: float) -> None:
    raw = _Slow(seconds)
    answer, chunk = InTime(raw, raw.waits.append, lambda: raw.now), bytearray(4096)
    with pytest.raises(TooSlowError):  # 50 kB a second for as long as there may be; 20 kB until the first minutes are used up
        deque(iter(lambda: answer.readinto(chunk), 0), maxlen=0)
    assert 120 <= raw.now <= most + seconds
    assert 0 < min(raw.waits) <= max(raw.waits) <= 60
