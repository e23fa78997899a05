"""What `alerts:` of the configuration may say: who is told how a night ended.

Comes in: the file's mappings. Goes out: frozen settings, one a receiver.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orchestration.configuration.parts import Name, Part, Secret, Text

Ending = Literal["published", "refused", "failed"]


class _Alert(Part):
    when: tuple[Ending, ...] = Field(("refused", "failed"), min_length=1)


class ChatAlert(_Alert):
    """An incoming webhook of Slack, Mattermost, Rocket.Chat or Google Chat: one sentence as `text`. Its URL is its secret."""

    type: Literal["chat"]
    url: Secret
    name: Name = "chat"


class WebhookAlert(_Alert):
    """A service that takes a signed message by the Standard Webhooks specification."""

    type: Literal["webhook"]
    url: Text
    secret: Secret
    name: Name = "webhook"


Alert = Annotated[ChatAlert | WebhookAlert, Field(discriminator="type")]
EveryAlert = ChatAlert | WebhookAlert
