"""Model files are found by id, checked by hash, and never come from the future."""

from __future__ import annotations

import hashlib
import json
from datetime import date

import numpy as np
import pytest

from ml import MODELS
from ml import artifacts as store


def _saved(root, day: date, number: float = 1.0) -> store.Manifest:
    arrays = {"weights": np.array([number, 2.0])}
    return store.save(root, "churn", {"a": number}, arrays, trained_as_of=day, window=(day, day), columns=["x"], metrics={"auc": 0.7})


def test_what_was_saved_is_loaded_and_saving_again_changes_nothing(tmp_path):
    first, again = _saved(tmp_path, date(2025, 1, 1)), _saved(tmp_path, date(2025, 1, 1))
    assert first == again
    store.publish(tmp_path, first)
    store.publish(tmp_path, again)
    assert len((tmp_path / "churn" / "published.jsonl").read_text().splitlines()) == 1
    described, arrays = store.load(tmp_path, store.read_manifest(tmp_path, "churn", first.id))
    assert described == {"a": 1.0}
    assert arrays["weights"].tolist() == [1.0, 2.0]


def test_the_last_good_model_is_the_newest_before_the_as_of_date_that_was_published(tmp_path):
    for day, published in ((date(2025, 3, 1), True), (date(2025, 1, 1), True), (date(2025, 4, 1), False)):
        manifest = _saved(tmp_path, day)
        if published:
            store.publish(tmp_path, manifest)
    assert store.last_good(tmp_path, "churn", date(2025, 5, 1)).trained_as_of == "2025-03-01"
    assert store.last_good(tmp_path, "churn", date(2025, 2, 1)).trained_as_of == "2025-01-01"
    assert store.last_good(tmp_path, "churn", date(2025, 1, 1)) is None


def test_a_changed_or_missing_file_is_an_error(tmp_path):
    manifest = _saved(tmp_path, date(2025, 1, 1))
    folder = tmp_path / "churn" / manifest.id
    (folder / "model.json").write_text(json.dumps({"a": 2.0}))
    with pytest.raises(store.ArtifactError, match="hash differs"):
        store.load(tmp_path, manifest)
    (folder / "manifest.json").unlink()
    with pytest.raises(store.ArtifactError, match="missing"):
        store.read_manifest(tmp_path, "churn", manifest.id)


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
