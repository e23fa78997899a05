"""How many models dbt builds at once, and how many threads its database has for each: what a night asks for, as the profile hands it on."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest
import yaml

from orchestration import dbt, settings
from orchestration.home import Home

CONFIG = """\
company: {{name: Acme, business_model: contractual, reporting_currency: USD}}
sources: [{{type: files, path: exports}}]
settings: {{threads: {threads}}}
"""


def handed_on(folder: Path, threads: int, *, continues: bool) -> tuple[int, int]:
    """Models at once, and threads of the database, in a night of a company that may use `threads`."""
    (folder / "config.yaml").write_text(CONFIG.format(threads=threads))
    told = dbt.environment(settings.load(folder / "config.yaml", {}), Home(folder / "home"), folder, continues=continues)
    profile = yaml.safe_load((dbt.PROJECT / "profiles.yml").read_text(encoding="utf-8"))["rapport"]["outputs"]["duckdb"]
    rendered = [
        jinja2.Template(asked).render(env_var=lambda name, default="": told.get(name, default))
        for asked in (profile["threads"], profile["config_options"]["threads"])
    ]
    return int(rendered[0]), int(rendered[1])


@pytest.mark.parametrize(("threads", "at_once", "each"), [(1, 1, 1), (2, 2, 1), (3, 3, 1), (8, 8, 4)])
def test_models_of_a_continued_build_share_the_threads(tmp_path: Path, threads: int, at_once: int, each: int) -> None:
    assert handed_on(tmp_path, threads, continues=True) == (at_once, each)


def test_large_models_of_a_full_build_may_use_all_threads(tmp_path: Path) -> None:
    assert handed_on(tmp_path, 2, continues=False) == (2, 2)
