"""A past cut-off of tonight's features equals tonight's features of that past night, when nothing later had been landed."""

import os
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml

from orchestration import warehouse

sys.path.insert(0, str(Path(__file__).parent))
from small_world import land, world

PROJECT = Path(__file__).parents[2] / "dbt_project"
TONIGHT = date(2025, 12, 30)
PAST = TONIGHT - timedelta(days=90)


def night(folder: Path, as_of: date) -> pd.DataFrame:
    """`ml_inputs.customer_features` of the small world as of `as_of`."""
    path = folder / f"{as_of}.duckdb"
    with warehouse.connect(path) as connection:
        warehouse.prepare(connection)
        warehouse.expose_landing(connection, {})
        land(connection, world(seed=7))
    command = [
        str(Path(sys.executable).with_name("dbt")), "build", "--select", "+customer_features",
        "--exclude-resource-type", "test", "unit_test",
        "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(folder / "target"), "--log-path", str(folder),
        "--vars", f"{{as_of: '{as_of}'}}",
    ]  # fmt: skip
    environment = os.environ | {"RAPPORT_WAREHOUSE": str(path), "DO_NOT_TRACK": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.sql("FROM ml_inputs.customer_features ORDER BY customer_key").df()


@pytest.mark.slow
def test_a_past_cutoff_knows_only_what_was_known_then(tmp_path):
    now, then = night(tmp_path, TONIGHT), night(tmp_path, PAST)
    looking_back = now[now["cutoff_date"].dt.date == PAST].reset_index(drop=True)
    known_then = then[then["is_tonight"]].reset_index(drop=True)
    assert len(known_then) > 10
    assert looking_back["label_left"].isin([0, 1]).all()
    assert known_then["label_left"].isna().all()
    features = [name for name in now.columns if name not in ("is_tonight", "label_left")]
    pd.testing.assert_frame_equal(looking_back[features], known_then[features])
    moving = [name for name in features if known_then[name].nunique() > 1]
    assert len(moving) > 40  # a feature that never moves would pass by itself


def test_every_feature_is_documented_by_its_question():
    documented = yaml.safe_load((PROJECT / "models/ml/_ml.yml").read_text())["models"]
    columns = {model["name"]: [column["name"] for column in model["columns"]] for model in documented}
    macro = (PROJECT / "macros/feature_columns.sql").read_text().split("macro text_features")[0]
    named = ["tenure_days", *re.findall(r"'([a-z_0-9]+)'(?=[,\]])", macro)]
    keys = {"customer_key", "cutoff_date", "is_tonight", "label_left"}
    assert sorted(set(columns["customer_features"]) - keys) == sorted(named)
    assert set(named) <= set(columns["action_log"])
