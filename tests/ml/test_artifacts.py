"""Model files are found by id, checked by hash, and never come from the future."""

from __future__ import annotations

import hashlib
import json
from datetime import date

import numpy as np
import pytest

from ml import MODELS
from ml import artifacts as store


def _saved(root, day: date, number: float = 1.0, fingerprint: str = "f" * 64) -> store.Manifest:
    arrays, measured = {"weights": np.array([number, 2.0])}, [{"candidate": "boosting", "metric": "auc", "value": 0.7}]
    told = {"trained_as_of": day, "window": (day, day), "columns": ["x"], "measured": measured}
    return store.save(root, "churn", {"a": number}, arrays, fingerprint=fingerprint, **told)


def _used(root, day: date, *nights: date, fingerprint: str = "f" * 64) -> store.Manifest:
    manifest = _saved(root, day, fingerprint=fingerprint)
    for night in nights:
        store.publish(root, manifest, night)
    return manifest


def test_what_was_saved_is_found_by_its_fingerprint_and_saving_again_changes_nothing(tmp_path):
    first, again = _saved(tmp_path, date(2025, 1, 1)), _saved(tmp_path, date(2025, 1, 1))
    assert first == again == store.find(tmp_path, "churn", date(2025, 1, 1), "f" * 64)
    assert first.id == "churn-2025-01-01-ffffffffffff"
    described, arrays = store.load(tmp_path, first)
    assert described == {"a": 1.0}
    assert arrays["weights"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("day", "fingerprint"), [(date(2025, 1, 2), "f" * 64), (date(2025, 1, 1), "e" * 64), (date(2025, 1, 1), "f" * 63 + "e")]
)
def test_what_learnt_from_something_else_is_not_found(tmp_path, day, fingerprint):
    _saved(tmp_path, date(2025, 1, 1))
    assert store.find(tmp_path, "churn", day, fingerprint) is None


def test_a_model_whose_saving_was_cut_short_was_never_saved(tmp_path):
    (tmp_path / "churn" / _saved(tmp_path, date(2025, 1, 1)).id / "manifest.json").unlink()
    assert store.find(tmp_path, "churn", date(2025, 1, 1), "f" * 64) is None


def test_a_night_is_written_down_once_and_only_while_it_is_the_first(tmp_path):
    _used(tmp_path, date(2025, 1, 1), date(2025, 1, 3), date(2025, 1, 3), date(2025, 1, 4), date(2025, 1, 2))
    lines = [json.loads(line) for line in (tmp_path / "churn" / "published.jsonl").read_text().splitlines()]
    assert [line["as_of"] for line in lines] == ["2025-01-03", "2025-01-02"]


def test_the_last_good_model_learnt_from_the_newest_data_that_an_earlier_night_used(tmp_path):
    old = _used(tmp_path, date(2025, 1, 1), date(2025, 1, 9))
    new = _used(tmp_path, date(2025, 2, 1), date(2025, 2, 5), fingerprint="a" * 64)
    newer = _used(tmp_path, date(2025, 2, 1), date(2025, 2, 7), fingerprint="0" * 64)
    _saved(tmp_path, date(2025, 4, 1))  # was never used
    expected = {date(2025, 1, 9): None, date(2025, 2, 5): old, date(2025, 2, 7): new, date(2025, 2, 8): newer, date(2025, 5, 1): newer}
    assert {night: store.last_good(tmp_path, "churn", night) for night in expected} == expected


def test_what_other_code_published_is_never_the_last_good_model(tmp_path, monkeypatch):
    manifest = _used(tmp_path, date(2025, 1, 1), date(2025, 1, 2))
    monkeypatch.setattr(store, "CODE_VERSION", "of tomorrow")
    assert store.last_good(tmp_path, "churn", date(2025, 5, 1)) is None
    with pytest.raises(store.ArtifactError, match="of tomorrow"):
        store.read_manifest(tmp_path, "churn", manifest.id)


def test_a_changed_or_missing_file_is_an_error(tmp_path):
    manifest = _saved(tmp_path, date(2025, 1, 1))
    folder = tmp_path / "churn" / manifest.id
    (folder / "model.json").write_text(json.dumps({"a": 2.0}))
    with pytest.raises(store.ArtifactError, match="hash differs"):
        store.load(tmp_path, manifest)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(store.ArtifactError, match="not the file that was written"):
        store.find(tmp_path, "churn", date(2025, 1, 1), "f" * 64)
    (folder / "manifest.json").unlink()
    with pytest.raises(store.ArtifactError, match="missing"):
        store.read_manifest(tmp_path, "churn", manifest.id)


@pytest.mark.parametrize("content", ["{}", "[]", json.dumps({"code_version": store.CODE_VERSION})])
def test_a_manifest_that_says_something_else_is_an_error(tmp_path, content):
    manifest = _saved(tmp_path, date(2025, 1, 1))
    (tmp_path / "churn" / manifest.id / "manifest.json").write_text(content)
    with pytest.raises(store.ArtifactError, match="not the file that was written"):
        store.find(tmp_path, "churn", date(2025, 1, 1), "f" * 64)


@pytest.mark.parametrize("line", ["garbage", "[1]", json.dumps({"code_version": store.CODE_VERSION})])
def test_a_damaged_list_of_what_was_published_says_what_to_remove(tmp_path, line):
    manifest = _used(tmp_path, date(2025, 1, 1), date(2025, 1, 2))
    with (tmp_path / "churn" / "published.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(store.ArtifactError, match=f"remove {tmp_path}, all models are fitted again"):
        store.publish(tmp_path, manifest, date(2025, 1, 3))


def test_objects_are_neither_written_nor_read(tmp_path):
    with pytest.raises(ValueError, match="Object arrays"):
        _saved(tmp_path, date(2025, 1, 1), number={"any": "object"})
    manifest = _saved(tmp_path, date(2025, 1, 1))
    path = tmp_path / "churn" / manifest.id / "arrays.npz"
    np.savez(path, weights=np.array([{"any": "object"}], dtype=object))
    manifest.sha256["arrays.npz"] = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ValueError, match="Object arrays"):
        store.load(tmp_path, manifest)


def test_every_registered_model_can_be_loaded():
    from ml.nightly.tables import SCHEMAS

    filled = set()
    for model in MODELS.values():
        assert callable(model.load())
        filled |= set(model.tables)
    assert filled == set(SCHEMAS)
