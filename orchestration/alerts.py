"""Telling people how a night ended, or that retention failed, where the configuration asks for it: in a chat, or as a signed message to a
service.

Comes in: what became of it. Goes out: one HTTP request a receiver, and a line for each that could not be told. What is said is
what the end of a run says on the terminal: no row, no personal value.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import orjson

from orchestration.configuration.alerts import ChatAlert, Ending, EveryAlert
from orchestration.destinations.base import DestinationError
from orchestration.destinations.http import Caller, NoAnswerError, NoConnectionError
from orchestration.destinations.transport import checked_url, signed_headers, signing_keys
from orchestration.settings import ConfigurationError, Settings

_MOST_REASONS = 5
_TIMEOUT = 10.0
_RETENTION = "retention"
_ENDINGS: dict[str, Ending] = {"published": "published", "refused": "refused"}


@dataclass(frozen=True)
class Ended:
    """How the night of `as_of` ended, why, and what readers see now, in words; without a night it is retention that ended."""

    as_of: str | None
    ending: Ending
    reasons: tuple[str, ...]
    served: str
    run_id: str | None = None


def ending(status: str) -> Ending:
    """What a run's status means to those who wait for the release: one that its configuration stopped has failed them."""
    return _ENDINGS.get(status, "failed")


def tell(settings: Settings, ended: Ended, *, sleep: Callable[[float], None] = time.sleep) -> list[str]:
    """Tell every receiver that wants to know of such an ending; returns a line for each that could not be told."""
    wanted = [alert for alert in settings.alerts if ended.ending in alert.when]
    problems = (_tell(settings, alert, ended, sleep) for alert in wanted)
    return [f"alerts: {alert.name} was not told: {problem}" for alert, problem in zip(wanted, problems, strict=True) if problem]


def in_words(company: str, ended: Ended) -> str:
    """One message for people: what ended, how, why, and what is served."""
    told, more = list(ended.reasons[:_MOST_REASONS]), len(ended.reasons) - _MOST_REASONS
    told += [f"{more} more"] if more > 0 else []
    what = f"the night of {ended.as_of}" if ended.as_of else _RETENTION
    return "\n".join([f"{company}, {what}: {ended.ending}.", *(f"• {reason}" for reason in told), f"{ended.served}."])


def _tell(settings: Settings, alert: EveryAlert, ended: Ended, sleep: Callable[[float], None]) -> str | None:
    """Why the receiver could not be told, None when it was. The URL may be a secret, so that it is in no message."""
    try:
        ready = settings.ready(alert)
        path = re.escape(checked_url(ready.url).path)
        caller = Caller(ready.url, allowed=(f"POST {path}",), timeout=_TIMEOUT, sleep=sleep)
        try:
            status = _post(caller, ready, settings.company.name, ended)
        finally:
            caller.close()
    except (ConfigurationError, DestinationError) as error:
        return str(error)
    except NoConnectionError:
        return "there is no connection to it"
    except NoAnswerError:
        return "it did not answer; the message may have arrived"
    return None if 200 <= status < 300 else f"it answered {status}"


def _post(caller: Caller, ready: EveryAlert, company: str, ended: Ended) -> int:
    if isinstance(ready, ChatAlert):
        return caller.call("POST", caller.url.path, json={"text": in_words(company, ended)}).status_code
    now, what = datetime.now(UTC), "night" if ended.as_of else _RETENTION
    body = orjson.dumps({"type": f"{what}.{ended.ending}", "timestamp": now.isoformat(), "data": {"company": company, **asdict(ended)}})
    message_id, keys = f"{what}-{ended.run_id or ended.as_of}-{ended.ending}", signing_keys(ready.secret)
    answer = caller.call("POST", caller.url.path, content=body, headers_of_try=lambda: signed_headers(keys, message_id, body))
    return answer.status_code
