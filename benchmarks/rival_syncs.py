"""What drt, an open tool for reverse ETL, needs for the same customers: `PYTHON benchmarks/rival_syncs.py [--records N]`.

PYTHON is one of an environment of its own (`pip install drt-core==1.2.1`); nothing of Rapport is imported. HubSpot and Klaviyo are played
in this process with a third of a second for an answer, as in benchmarks/activation.py, first without and then with the customers. Prints
calls and seconds a record, and the hours that 100,000 take at that pace: drt sends one after another.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import time
from typing import Any

import httpx

ANSWER, MANY = 0.3, 100_000
CONFIGS: dict[str, dict[str, Any]] = {
    "hubspot": {"type": "hubspot", "auth": {"type": "bearer", "token": "t"}},
    "klaviyo": {"type": "klaviyo", "api_key": "k"},
}
CLASSES = {"hubspot": "HubSpot", "klaviyo": "Klaviyo"}


class Vendor:
    """Has people by address; a second one of the same address is refused with 409, as both vendors do."""

    def __init__(self) -> None:
        self.people, self.calls = set[str](), 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """What httpx calls in place of the network."""
        self.calls += 1
        time.sleep(ANSWER)
        body = json.loads(request.content)
        if request.method == "PATCH":
            return httpx.Response(200, json={"id": "1"})
        address = body["properties"]["email"] if "properties" in body else body["data"]["attributes"]["email"]
        if address in self.people:
            return httpx.Response(409, json={"errors": [{"meta": {"duplicate_profile_id": "1"}}]})
        self.people.add(address)
        return httpx.Response(201, json={"id": "1", "data": {"id": "1"}})


def main() -> None:
    """Send everyone twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=60)
    count = parser.parse_args().records
    options = importlib.import_module("drt.config.models").SyncOptions()
    configs = importlib.import_module("drt.config.destinations_saas")
    real = httpx.Client
    print(f"{'':<12}{'':<14}{'calls a record':>16}{'seconds':>10}{'hours for 100,000':>20}")
    for kind, config in CONFIGS.items():
        place = getattr(importlib.import_module(f"drt.destinations.{kind}"), f"{CLASSES[kind]}Destination")()
        made, vendor = getattr(configs, f"{CLASSES[kind]}DestinationConfig")(**config), Vendor()
        httpx.Client = functools.partial(real, transport=httpx.MockTransport(vendor))  # type: ignore[assignment,misc]
        for state in ("who are new", "who are there"):
            rows = [{"email": f"c{number}@example.com", "crmp_nps": str(number % 11)} for number in range(count)]
            before, began = vendor.calls, time.monotonic()
            result = place.load(rows, made, options)
            took, calls = time.monotonic() - began, vendor.calls - before
            assert result.success == count, result.errors
            print(f"{kind:<12}{state:<14}{calls / count:>16.1f}{took / count:>10.2f}{took / count * MANY / 3600:>20.1f}")


if __name__ == "__main__":
    main()
