"""What became of each node of a dbt start, and the check results of its tests."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from expectations.masking import masked
from orchestration.dbt.wording import in_words


@dataclass(frozen=True)
class NodeResult:
    """What became of one dbt node in one start."""

    unique_id: str
    status: str
    message: str
    failures: int
    seconds: float
    query: str = ""

    @property
    def is_test(self) -> bool:
        """Whether the node is a check: a data test or a unit test."""
        return self.unique_id.split(".")[0] in ("test", "unit_test")


def run_results(target: Path) -> list[NodeResult]:
    """The results that the start writing to `target` left there."""
    return results(json.loads((target / "run_results.json").read_text(encoding="utf-8")))


def results(run_results: Mapping[str, Any]) -> list[NodeResult]:
    """The nodes of a `run_results.json`, in the order they ran."""
    return [
        NodeResult(
            node["unique_id"],
            node["status"],
            node.get("message") or "",
            node.get("failures") or 0,
            node["execution_time"],
            node.get("compiled_code") or "",
        )
        for node in run_results["results"]
    ]


def broken_models(nodes: list[NodeResult]) -> list[str]:
    """One line per node that could not be built at all, tests that errored included; dbt's process has left out what may be a value."""
    broken = [node for node in nodes if node.status in ("error", "runtime error")]
    return [f"{node.unique_id}: {masked(' '.join(node.message.split()))}" for node in broken]


def all_built(nodes: list[NodeResult]) -> bool:
    """Whether every model and seed of a start was built; one behind a failed test is skipped."""
    return all(node.status == "success" for node in nodes if not node.is_test)


def failed_checks(nodes: list[NodeResult]) -> list[NodeResult]:
    """The tests that found rows they must not find."""
    return [node for node in nodes if node.is_test and node.status in ("fail", "warn")]


def refusals(nodes: list[NodeResult], examples: Mapping[str, list[str]]) -> list[str]:
    """One line per blocking test that found rows, with the first three of them; what says why comes before what came of it."""
    failed = [node for node in failed_checks(nodes) if node.status == "fail"]
    # A test of its own file tells what is wrong with the data; the generic ones find the same as a value that is missing somewhere.
    causes_first = sorted(failed, key=lambda node: not _name(node).startswith("assert_"))
    return [_refusal(node, examples.get(node.unique_id, [])) for node in causes_first]


def _name(node: NodeResult) -> str:
    return node.unique_id.split(".")[2]


def _refusal(node: NodeResult, examples: list[str]) -> str:
    shown = f" ({'; '.join(examples[:3])}{'; …' if len(examples) > 3 else ''})" if examples else ""
    return f"{_name(node)}: {node.failures} row{'' if node.failures == 1 else 's'}{shown}"


# What the state and the number of rows say already.
_OBSERVED = {"pass": "", "fail": "", "warn": ""}


def check_rows(
    nodes: list[NodeResult],
    manifest: Mapping[str, Any],
    suite: str,
    empty: Container[str] = (),
    examples: Mapping[str, list[str]] = MappingProxyType({}),
) -> Iterator[dict[str, Any]]:
    """Tests as rows of `ops.check_results`, with `examples` of what they found by their id. A test that dbt skipped, or whose table is
    among the `empty` ones, did not run.
    """
    words = {"pass": "passed", "fail": "failed", "warn": "failed", "error": "errored", "skipped": "not_run"}
    for node in nodes:
        if not node.is_test:
            continue
        declared = manifest["nodes"].get(node.unique_id) or manifest["unit_tests"].get(node.unique_id, {})
        guarded = _guarded(declared)
        asked, why = in_words({"name": _name(node), **declared})
        status = "not_run" if node.status == "pass" and guarded in empty else words.get(node.status, "errored")
        yield {
            "suite": suite,
            "expectation": asked,
            "table_name": guarded,
            "status": status,
            "success": None if status == "not_run" else status == "passed",
            "observed": "the table is empty" if guarded in empty and status == "not_run" else _OBSERVED.get(node.status, node.status),
            "unexpected_count": node.failures,
            "severity": "warn" if (declared.get("config", {}).get("severity") or "error").lower() == "warn" else "block",
            "description": why,
            "examples": examples.get(node.unique_id, []),
        }


def _guarded(declared: Mapping[str, Any]) -> str:
    attached = declared.get("attached_node") or next(iter(declared.get("depends_on", {}).get("nodes", [])), "")
    return attached.split(".")[-1]
