"""Signing requests with a token that expires: where the vendor refuses it, a new one is fetched once, and the same request is made again.

Comes in: a token, a way to fetch one. Goes out: httpx's authentication. A refused request (401) did nothing, so that making it again is
no second one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator

import httpx

from orchestration.destinations.base import DestinationError


class SignedIn(httpx.Auth):
    """`fetch` gives a new token, or nothing where we have not what it takes; it raises DestinationError where it gets none."""

    def __init__(self, token: str | None, fetch: Callable[[], str]) -> None:
        self._token, self._fetch, self._one_at_a_time = token or "", fetch, threading.Lock()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """What httpx calls around each request."""
        token = self._token or self._renewed("")
        response = yield _signed(request, token)
        if response.status_code == 401 and (fresh := self._once_more(token)):
            yield _signed(request, fresh)

    def _renewed(self, refused: str) -> str:
        with self._one_at_a_time:
            if self._token == refused:  # else another thread was quicker
                self._token = self._fetch()
            return self._token

    def _once_more(self, refused: str) -> str:
        try:
            return self._renewed(refused)
        except DestinationError:
            return ""  # the refusal of the request itself is told, with what it says of tries before it


def _signed(request: httpx.Request, token: str) -> httpx.Request:
    request.headers["authorization"] = f"Bearer {token}"
    return request
