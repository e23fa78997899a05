"""What a vendor's refusal means, in one line: what, where, what to do.

Comes in: an answer. Goes out: RefusedError. Nothing of an answer is quoted but names of scopes: vendors repeat values, and some the key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ssl import SSLCertVerificationError
from typing import Any

import httpx

from orchestration.sources.base import SourceError
from orchestration.sources.http.timely import SlowError

_SCOPE = re.compile(r"^[a-z][a-z0-9_.:\-]{2,80}$")
_SCOPE_KEYS = ("requiredgranularscopes", "requiredscopes", "missingscopes", "required_scopes", "scopes")
_TYPE = re.compile(r"^[a-z]+/[a-z0-9.+\-]{1,60}$")
_STRIPE_PERMISSION = re.compile(r"\brak_[a-z_]+\b")
# Salesforce names what it misses; that a day's calls are spent looks like a missing permission.
_MISSING = re.compile(r"No such column '([\w.]{1,80})' on entity '(\w{1,80})'|sObject type '(\w{1,80})' is not supported")
_SPENT = "REQUEST_LIMIT_EXCEEDED"
_STAYS = "what had landed stays, the next run asks again"
# What is left of a day's calls, where a vendor has such a number.
_LEFT_TODAY = ("x-hubspot-ratelimit-daily-remaining", "x-ratelimit-app-global-day-remaining")
_MEANING = {
    400: "is not understood (400); does `base_url` or a version in the configuration fit?",
    401: "is refused (401): the credential is wrong or has expired; replace it",
    402: "is refused (402): the plan of the account does not include it",
    403: "is forbidden (403)",
    404: "is not there (404): check the ids and addresses in the configuration",
    410: "is gone (410)",
}


class RefusedError(SourceError):
    """The vendor refuses a call for good; `status` is the HTTP status, `scopes` what it says is missing."""

    def __init__(self, message: str, status: int, scopes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status, self.scopes = status, scopes


class CutOffError(Exception):
    """The body is not what it should be: cut off, or not the vendor's; the message is its type."""


class NoRecordsError(CutOffError):
    """Nothing in a list is a record; the message is what the first element is."""


def gave_up(method: str, path: str, host: str, last: Callable[[], Any], tries: int) -> str:
    """What is said of a call to `host` that never succeeded; `last` is how it ended the last time: an answer, or what was raised."""
    try:
        answer: httpx.Response = last()
        reason = f"is answered with {answer.status_code}"
    except NoRecordsError as error:
        reason = f"is answered with a list in which nothing is a record (the first element is {error})"
    except CutOffError as error:
        kind = str(error).partition(";")[0]
        told = f" ({kind})" if _TYPE.match(kind) else ""
        reason = f"is answered with something that is cut off, or is a proxy's or a page for signing in and not the vendor's{told}"
    except SlowError as error:
        reason = f"comes too slowly to be waited for ({error})"
    except httpx.LocalProtocolError:
        reason = "cannot be sent: the credential holds what no header may, such as a line break"
    except httpx.ConnectError as error:
        reason = f"gets no answer ({_not_reached(host, str(error))})"
    except (httpx.TransportError, httpx.DecodingError) as error:
        reason = f"gets no answer ({type(error).__name__})"
    return f"{method} {path} {reason}, after {_tried(tries)}; {_STAYS}"


def _not_reached(host: str, kind: str) -> str:
    if kind == SSLCertVerificationError.__name__:
        return f"the certificate of {host} is not one that is trusted here, such as that of a proxy that looks into what passes it"
    return f"{host} is not reached: is it the right address in the configuration, and is there a network?"


def _tried(tries: int) -> str:
    return "1 try" if tries == 1 else f"{tries} tries"


def is_spent(response: httpx.Response) -> bool:
    """Whether a refusal says that a day's calls are used up: to wait for more within a night would not help."""
    status = response.status_code
    return (status == 403 and _SPENT in response.text) or (status == 429 and any(response.headers.get(name) == "0" for name in _LEFT_TODAY))


def refused(method: str, path: str, response: httpx.Response) -> RefusedError:
    """The error for an answer that will not change by asking again."""
    status, scopes = response.status_code, _scopes(response)
    said = _MEANING.get(status, f"is refused ({status}); does `base_url` or a version in the configuration fit?")
    if 300 <= status < 400:
        said = f"is sent elsewhere ({status}), where no credential is taken; correct `base_url` or the address in the configuration"
    elif is_spent(response):
        said = f"is refused ({status}): as many calls as the account may make in a day were made; {_STAYS}"
    elif status == 400 and (missing := _MISSING.search(response.text)):
        field, kind, unknown = missing.groups()
        what = f"{kind} has no {field}" if field else f"there is no {unknown}"
        said = f"is refused (400): {what} for this credential; let it see that, or do not ask for it"
    elif status == 403:
        said += (
            f": the credential lacks the scope {', '.join(scopes)}; grant it, or do not ask for it"
            if scopes
            else ": the credential lacks a permission; grant it, or do not ask for it"
        )
    return RefusedError(f"{method} {path} {said}", status, scopes)


@contextmanager
def most_likely(missing: str, scope: str = "") -> Iterator[None]:
    """What is forbidden inside says what it lacks, `missing`, where the vendor has not said it; `scope` is its name."""
    try:
        yield
    except RefusedError as error:
        if error.status != 403 or error.scopes:
            raise
        raise RefusedError(f"{error} (most likely {missing})", error.status, (scope,) if scope else ()) from None


def _scopes(response: httpx.Response) -> tuple[str, ...]:
    try:
        body = response.json()
    except ValueError:
        return ()
    named = set(_named(body)) | set(_STRIPE_PERMISSION.findall(response.text))
    return tuple(sorted(scope for scope in named if _SCOPE.match(scope)))


def _named(body: Any) -> Iterator[str]:
    """Every text below a key that lists scopes, at any depth."""
    if isinstance(body, dict):
        for key, value in body.items():
            if key.lower() in _SCOPE_KEYS and isinstance(value, list | str):
                yield from (str(one) for one in (value if isinstance(value, list) else value.split()))
            else:
                yield from _named(value)
    elif isinstance(body, list):
        for value in body:
            yield from _named(value)
