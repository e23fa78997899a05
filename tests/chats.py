"""A chat that is told of nights: the configuration that names it, and what it heard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestration import settings

CHAT = '{type: chat, url: "${ALERTS_URL}"}'


def configured(folder: Path, *said: str) -> settings.Settings:
    config = folder / "config.yaml"
    config.write_text(
        "company: {name: Acme, business_model: contractual, reporting_currency: USD}\nsources: [{type: files, path: exports}]\nhome: home\n"
        f"alerts: [{', '.join(said)}]\n"
    )
    return settings.load(config)


def told(receiver: Any) -> list[str]:
    assert all(list(body) == ["text"] for body in receiver.requests)
    return [body["text"] for body in receiver.requests]
