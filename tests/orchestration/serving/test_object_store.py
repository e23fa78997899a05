"""A release in an object store: the manifest last, the pointer after it, old ones pruned whole."""

from __future__ import annotations

import json
from pathlib import Path

import fsspec
import pyarrow.parquet as pq
import pytest

from orchestration.serving import ServingError, object_store
from tests.orchestration.serving.conftest import FIRST, published


@pytest.fixture(params=["memory", "folder"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The place to serve into: fsspec's own store in memory, and a folder."""
    if request.param == "folder":
        return str(tmp_path / "bucket")
    store = fsspec.filesystem("memory")
    if store.exists("/bucket"):
        store.rm("/bucket", recursive=True)
    return "memory://bucket/rapport"


def _read(url: str, name: str) -> dict:
    with fsspec.open(f"{url}/{name}") as file:
        return json.load(file)


def test_tables_then_manifest_then_pointer(tmp_path: Path, url: str) -> None:
    release = published(tmp_path, FIRST)
    account = object_store.serve(release, url)
    assert (account.tables, account.rows, account.is_new) == (2, 5, True)
    assert _read(url, "current.json") == {"release_id": release.id, "as_of": "2026-01-31"}
    assert set(_read(url, f"{release.id}/manifest.json")["tables"]) == {"dim_customers", "metric_mrr_movements"}
    with fsspec.open(f"{url}/{release.id}/dim_customers.parquet") as file:
        assert pq.read_table(file).equals(release.table("dim_customers"))
    store, root = fsspec.core.url_to_fs(url)
    assert not [name for name in store.find(root) if "feedback" in name or "sync" in name]
    assert not object_store.serve(release, url).is_new


def test_a_copy_that_was_interrupted_is_made_again(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = published(tmp_path, FIRST), published(tmp_path, FIRST)
    object_store.serve(first, url)
    store, root = fsspec.core.url_to_fs(url)
    whole = type(store).put_file

    def cut_off(self: object, local: str, remote: str, **how: object) -> None:
        if "dim_" not in remote:
            raise OSError("cut off")
        whole(self, local, remote, **how)

    with monkeypatch.context() as patched:
        patched.setattr(type(store), "put_file", cut_off)
        with pytest.raises(ServingError, match="what was served before stays"):
            object_store.serve(second, url)
    assert store.exists(f"{root}/{second.id}/dim_customers.parquet")
    assert not store.exists(f"{root}/{second.id}/manifest.json")
    assert _read(url, "current.json")["release_id"] == first.id
    assert object_store.serve(second, url).is_new
    assert _read(url, "current.json")["release_id"] == second.id


def test_the_newest_stay(tmp_path: Path, url: str) -> None:
    made = [published(tmp_path, FIRST) for _ in range(4)]
    for release in made:
        object_store.serve(release, url, kept=2)
    store, root = fsspec.core.url_to_fs(url)
    store.invalidate_cache()
    assert {name.rstrip("/").rsplit("/", 1)[-1] for name in store.ls(root, detail=False)} == {
        made[2].id,
        made[3].id,
        "current.json",
    }
    object_store.serve(made[2], url, kept=2)
    assert _read(url, "current.json")["release_id"] == made[2].id


def test_a_store_that_nobody_knows_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match=r"nowhere://bucket: release .* is not served there"):
        object_store.serve(published(tmp_path, FIRST), "nowhere://bucket")
