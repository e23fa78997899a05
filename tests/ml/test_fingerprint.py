"""Everything that a fit depends on changes its fingerprint, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ml import fingerprint as module
from ml.fingerprint import fingerprint


def _rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "number": [1.0, np.nan, -0.5],
            "flag": [True, False, True],
            "text": ["a", None, "b"],
            "day": pd.to_datetime(["2025-01-01", "2025-01-02", "2025-01-03"]),
        }
    )


CHANGES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "a number": lambda rows: rows.assign(number=[1.0, np.nan, np.nextafter(-0.5, 0)]),
    "a missing number": lambda rows: rows.assign(number=[1.0, 0.0, -0.5]),
    "a text": lambda rows: rows.assign(text=["a", None, "c"]),
    "a missing text": lambda rows: rows.assign(text=["a", "None", "b"]),
    "a day": lambda rows: rows.assign(day=rows["day"] + pd.Timedelta(days=1)),
    "a type": lambda rows: rows.assign(flag=rows["flag"].astype(float)),
    "a name": lambda rows: rows.rename(columns={"flag": "is_flag"}),
    "the order of columns": lambda rows: rows[["flag", "number", "text", "day"]],
    "the order of rows": lambda rows: rows.iloc[::-1],
    "one row more": lambda rows: pd.concat([rows, rows.iloc[:1]]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_of_the_rows_is_another_fingerprint(change: str) -> None:
    assert fingerprint(CHANGES[change](_rows())) != fingerprint(_rows())


def test_settings_code_and_libraries_are_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    prints = [fingerprint(_rows(), seed=0), fingerprint(_rows(), seed=1), fingerprint(_rows(), horizon_days=0)]
    monkeypatch.setattr(module, "code_hash", lambda: "of tomorrow")
    prints.append(fingerprint(_rows(), seed=0))
    monkeypatch.undo()
    monkeypatch.setattr(module, "version", lambda name: "9.9" if name == "scikit-learn" else "1")
    prints.append(fingerprint(_rows(), seed=0))
    assert len(set(prints)) == len(prints)


def test_what_says_the_same_is_the_same() -> None:
    again = _rows().set_axis(["x", "y", "z"], axis=0)
    again["number"] = [1.0, -np.float64("nan"), -0.5]
    again["text"] = again["text"].where(again["text"].notna(), np.nan)
    assert fingerprint(again, seed=0) == fingerprint(_rows(), seed=0)


def test_the_code_is_every_source_file_of_the_package(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "one.py").write_text("1")
    monkeypatch.setattr(module, "_PACKAGE", tmp_path)
    hashes = [module.code_hash.__wrapped__()]
    for path, text in (("inner/two.py", "2"), ("inner/two.py", "3"), ("one.py", "")):
        (tmp_path / path).write_text(text)
        hashes.append(module.code_hash.__wrapped__())
    assert len(set(hashes)) == len(hashes)
