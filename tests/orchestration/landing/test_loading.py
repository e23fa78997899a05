"""How Parquet is handed to dlt."""

from types import SimpleNamespace
from typing import Any

from orchestration.landing.loading import _remember_capabilities


class _Snake:
    """A way to name columns."""


def test_what_a_destination_can_do_is_found_out_once_for_each_way_to_name_columns() -> None:
    """And nobody changes what the next one is told."""
    asked: list[Any] = []

    def ask(_: Any, naming: Any) -> dict[str, Any]:
        asked.append(type(naming))
        return {"formats": "parquet", "naming": type(naming)}

    destination = SimpleNamespace(capabilities=ask)
    _remember_capabilities(destination)
    for naming in (None, _Snake(), None, _Snake()):
        told = destination.capabilities(naming=naming)
        assert told == {"formats": "parquet", "naming": type(naming)}
        told["formats"] = "jsonl"
    assert asked == [type(None), _Snake]
