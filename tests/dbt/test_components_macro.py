"""Connected components in a fixed number of rounds: chains of thousands of records, in any order, end with one label."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pandas as pd
import pytest
from jinja2 import Environment

SOURCE = Path(__file__).parents[2] / "dbt_project" / "macros" / "identity" / "components.sql"
ORDERS: dict[str, Callable[[int], list[int]]] = {
    "rising": lambda count: list(range(1, count + 1)),
    "zigzag": lambda count: [place // 2 + 1 if place % 2 else count - place // 2 for place in range(count)],
    "lowest at the far end": lambda count: [*range(2, count + 1), 1],
    "every other": lambda count: [*range(1, count + 1, 2), *range(2, count + 1, 2)],
    "any": lambda count: Random(count).sample(range(1, count + 1), count),
}


def labels(links: pd.DataFrame) -> dict[int, int]:
    """Node → label, after the rounds that the models take."""
    macros: Any = Environment().from_string(SOURCE.read_text(encoding="utf-8")).module
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("links", links)
        connection.execute("CREATE TABLE graph AS FROM links")
        connection.execute(f"CREATE TABLE first AS WITH {macros.contract('graph', 2)} SELECT * FROM contracted")
        connection.execute(f"CREATE TABLE second AS WITH {macros.contract_further('first', 6)} SELECT * FROM components")
        return dict(
            connection.execute(f"WITH {macros.contract_further('second', 6)} SELECT DISTINCT node, label FROM components").fetchall()
        )


def chain(nodes: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"node": nodes[:-1] + nodes[1:], "link": [f"l{place}" for place in range(len(nodes) - 1)] * 2})


@pytest.mark.parametrize("length", [2, 3, 500, 3000])
@pytest.mark.parametrize("order", ORDERS)
def test_a_chain_in_any_order_is_one_component(order: str, length: int) -> None:
    for offset in (0, 1731, 2_000_000_000):
        found = labels(chain([node + offset for node in ORDERS[order](length)]))
        assert found == {node + offset: 1 + offset for node in range(1, length + 1)}


def test_stars_loops_and_strangers_keep_apart() -> None:
    star = pd.DataFrame({"node": range(1, 2001), "link": "star"})
    loop = pd.concat([chain(list(range(3000, 3500))), pd.DataFrame({"node": [3499, 3000], "link": "closing"})])
    loop["link"] = "loop" + loop["link"]
    pairs = pd.DataFrame({"node": range(5000, 6000), "link": [f"pair{number // 2}" for number in range(1000)]})
    found = labels(pd.concat([star, loop, pairs]))
    assert {found[node] for node in range(1, 2001)} == {1}
    assert {found[node] for node in range(3000, 3500)} == {3000}
    assert all(found[node] == node - node % 2 for node in range(5000, 6000))


@pytest.mark.parametrize("seed", range(10))
def test_random_graphs_fall_into_the_components_that_one_union_at_a_time_gives(seed: int) -> None:
    random = Random(seed)
    links = pd.DataFrame([(random.randrange(1, 4000), f"l{random.randrange(2500)}") for _ in range(4000)], columns=["node", "link"])
    parent: dict[Any, Any] = {}

    def top(thing: Any) -> Any:
        while parent.setdefault(thing, thing) != thing:
            thing = parent[thing]
        return thing

    for node, link in links.drop_duplicates().itertuples(index=False):
        parent[top(node)] = top(link)
    lowest: dict[Any, int] = {}
    for node in sorted(links["node"].unique()):
        lowest.setdefault(top(node), node)
    assert labels(links.drop_duplicates()) == {node: lowest[top(node)] for node in links["node"].unique()}
