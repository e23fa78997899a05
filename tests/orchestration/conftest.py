"""What tests of alerts and of the sensors that send them share: a chat in this process, and a configuration that names it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration import settings
from tests.chats import CHAT, configured
from tests.fakes.webhook_receiver import receiving


@pytest.fixture
def receiver() -> Iterator[Any]:
    """A chat: it verifies nothing, and answers 200 unless it was told otherwise."""
    with receiving() as receiver:

        def take(handler: Any) -> tuple[int, dict[str, str], bytes]:
            body = handler.rfile.read(int(handler.headers["content-length"]))
            receiver.requests.append(json.loads(body))
            answer: tuple[int, dict[str, str], bytes] = receiver.answers.pop(0) if receiver.answers else (200, {}, b"ok")
            return answer

        receiver.take = take
        yield receiver


@pytest.fixture
def chat(tmp_path: Path, receiver: Any, monkeypatch: pytest.MonkeyPatch) -> settings.Settings:
    monkeypatch.delenv("RAPPORT_HOME", raising=False)
    monkeypatch.setenv("ALERTS_URL", receiver.url)
    monkeypatch.setenv("RAPPORT_CONFIG", str(tmp_path / "config.yaml"))
    return configured(tmp_path, CHAT)
