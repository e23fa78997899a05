"""A past cut-off of tonight's features equals tonight's features of that past night, and every night of 30 learns from the same rows."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "oracle"))
import harness
from small_world import land, world

pytestmark = pytest.mark.thorough


PROJECT = Path(__file__).parents[2] / "dbt_project"
GRID_DAY = date(2025, 11, 8)  # 682 · 30 days before it began 1970
NIGHTS = tuple(GRID_DAY + timedelta(days=days) for days in (0, 1, 15, 29))
PAST = GRID_DAY - timedelta(days=90)  # itself a grid day


@dataclass(frozen=True)
class Inputs:
    """What the models read on one night."""

    features: pd.DataFrame
    log: pd.DataFrame

    @property
    def tonight(self) -> pd.DataFrame:
        return self.features[self.features["is_tonight"]].reset_index(drop=True)

    @property
    def past(self) -> pd.DataFrame:
        return self.features[~self.features["is_tonight"]].reset_index(drop=True)


def night(as_of: date) -> Inputs:
    """The inputs of the models in the small world as of `as_of`; all of it has landed, what lies ahead too."""
    with harness.empty_warehouse() as connection:
        land(connection, world(seed=7))
        harness.project().build(connection, ["customer_features", "action_log"], as_of)
        return Inputs(
            connection.sql("FROM ml_inputs.customer_features ORDER BY customer_key, cutoff_date").df(),
            connection.sql("FROM ml_inputs.action_log ORDER BY action_id").df(),
        )


@pytest.fixture(scope="module")
def nights() -> dict[date, Inputs]:
    return {day: night(day) for day in (PAST, *NIGHTS)}


@pytest.mark.parametrize("as_of", NIGHTS)
def test_a_past_cutoff_knows_only_what_was_known_then(nights: dict[date, Inputs], as_of: date) -> None:
    known_then, past = nights[PAST].tonight, nights[as_of].past
    looking_back = past[past["cutoff_date"].dt.date == PAST].reset_index(drop=True)
    assert len(known_then) > 10
    assert looking_back["label_left"].isin([0, 1]).all()
    assert known_then["label_left"].isna().all()
    features = [name for name in past.columns if name not in ("is_tonight", "label_left", "left_after_days")]
    pd.testing.assert_frame_equal(looking_back[features], known_then[features], check_exact=True)
    moving = [name for name in features if known_then[name].nunique() > 1]
    assert len(moving) > 40  # a feature that never moves would pass by itself


@pytest.mark.parametrize("as_of", NIGHTS[1:])
def test_every_night_of_a_period_learns_from_the_same_rows(nights: dict[date, Inputs], as_of: date) -> None:
    first, later = nights[NIGHTS[0]], nights[as_of]
    assert first.past["cutoff_date"].nunique() > 3
    assert len(first.log) > 20
    pd.testing.assert_frame_equal(later.past, first.past, check_exact=True)
    pd.testing.assert_frame_equal(later.log, first.log, check_exact=True)
    assert len(later.tonight.compare(first.tonight.reindex(later.tonight.index))) > 10  # tonight is another day each night


def test_the_next_grid_day_learns_from_a_newer_cutoff(nights: dict[date, Inputs]) -> None:
    assert nights[NIGHTS[0]].past["cutoff_date"].dt.date.max() == PAST
    assert nights[PAST].past["cutoff_date"].dt.date.max() == PAST - timedelta(days=90)


def test_every_feature_is_documented_by_its_question():
    documented = yaml.safe_load((PROJECT / "models/ml/_ml.yml").read_text())["models"]
    columns = {model["name"]: [column["name"] for column in model["columns"]] for model in documented}
    macro = (PROJECT / "macros/feature_columns.sql").read_text().split("macro text_features")[0]
    named = ["tenure_days", *re.findall(r"'([a-z_0-9]+)'(?=[,\]])", macro)]
    keys = {"customer_key", "cutoff_date", "is_tonight", "label_left", "left_after_days"}
    assert sorted(set(columns["customer_features"]) - keys) == sorted(named)
    assert set(named) <= set(columns["action_log"])
