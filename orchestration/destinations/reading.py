"""What is read from a vendor's answer, whatever else it is.

Comes in: answers. Goes out: mappings, texts, codes that a log may hold; nothing where the answer has not what was looked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx

from orchestration.destinations.base import safe_code

_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml.*?\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.DOTALL | re.IGNORECASE)


def is_page(response: httpx.Response) -> bool:
    """Whether the body is a whole page of HTML. By its type alone it would not be: many a receiver says text/html of a plain "ok"."""
    return _PAGE.match(response.content) is not None


def as_json(response: httpx.Response) -> Any:
    """The body, None when it is no JSON."""
    try:
        return response.json()
    except ValueError:
        return None


def listed(body: Any, name: str) -> list[dict[str, Any]]:
    """The mappings in the list `name` of a body, whatever else it is."""
    found = body.get(name) if isinstance(body, Mapping) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def is_listed(body: Mapping[str, Any], name: str) -> bool:
    """Whether `name` of a body is what `listed` can read whole: nothing, or a list of mappings only."""
    found = body.get(name)
    return not found or (isinstance(found, list) and all(isinstance(one, dict) for one in found))


def text_of(body: Any, *path: str) -> str:
    """The value at `path` of a body as text; nothing when it is not there."""
    for name in path:
        body = body.get(name) if isinstance(body, Mapping) else None
    return "" if body is None or isinstance(body, Mapping | list) else str(body)


def next_cursor(body: Any) -> str:
    """Where the next page of a list of JSON:API begins; nothing where there is none."""
    return httpx.URL(text_of(body, "links", "next")).params.get("page[cursor]", "")


def code_of(body: Any, *names: str) -> str:
    """The first of `names` that a body has, as a code that a log may hold."""
    found = next((body[name] for name in names if isinstance(body, Mapping) and body.get(name)), "")
    return safe_code(found)
