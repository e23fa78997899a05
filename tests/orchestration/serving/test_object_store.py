"""A release in an object store: the manifest last, the pointer after it, old ones pruned whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import fsspec
import pyarrow.parquet as pq
import pytest

from orchestration import releases
from orchestration.releases import Release
from orchestration.serving import Served, ServingError, object_store
from tests.orchestration.serving.conftest import FIRST, published


def serve(home: Path, release: Release, url: str, **options: Any) -> Served:
    """`release` into the target, beside all that `home` keeps."""
    return object_store.serve(release, releases.listing(home), url, **options)


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
    account = serve(tmp_path, release, url)
    assert (account.tables, account.rows, account.is_new) == (2, 5, True)
    assert _read(url, "current.json") == {"release_id": release.id, "folder": release.id, "as_of": "2026-01-31"}
    assert set(_read(url, f"{release.id}/manifest.json")["tables"]) == {"dim_customers", "metric_mrr_movements"}
    with fsspec.open(f"{url}/{release.id}/dim_customers.parquet") as file:
        assert pq.read_table(file).equals(release.table("dim_customers"))
    store, root = fsspec.core.url_to_fs(url)
    assert not [name for name in store.find(root) if "feedback" in name or "sync" in name]
    assert not serve(tmp_path, release, url).is_new


def test_a_copy_that_was_interrupted_is_made_again(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = published(tmp_path, FIRST), published(tmp_path, FIRST)
    serve(tmp_path, first, url)
    store, root = fsspec.core.url_to_fs(url)
    whole = type(store).put_file

    def cut_off(self: object, local: str, remote: str, **how: object) -> None:
        if "dim_" not in remote:
            raise OSError("cut off")
        whole(self, local, remote, **how)

    with monkeypatch.context() as patched:
        patched.setattr(type(store), "put_file", cut_off)
        with pytest.raises(ServingError, match="what was served before stays"):
            serve(tmp_path, second, url)
    assert store.exists(f"{root}/{second.id}/dim_customers.parquet")
    assert not store.exists(f"{root}/{second.id}/manifest.json")
    assert _read(url, "current.json")["release_id"] == first.id
    assert serve(tmp_path, second, url).is_new
    assert _read(url, "current.json")["release_id"] == second.id


def test_the_newest_stay(tmp_path: Path, url: str) -> None:
    made = [published(tmp_path, FIRST) for _ in range(4)]
    for release in made:
        serve(tmp_path, release, url, kept=2)
    store, root = fsspec.core.url_to_fs(url)
    store.invalidate_cache()
    assert {name.rstrip("/").rsplit("/", 1)[-1] for name in store.ls(root, detail=False)} == {
        made[2].id,
        made[3].id,
        "current.json",
    }
    serve(tmp_path, made[2], url, kept=2)
    assert _read(url, "current.json")["release_id"] == made[2].id


def test_personal_tables_that_are_to_stay_at_home_again_are_kept_nowhere(tmp_path: Path, url: str) -> None:
    """They stayed with the release that was served, and with all that were kept beside it."""
    older, newer = published(tmp_path, FIRST), published(tmp_path, FIRST)
    for release in (older, newer):
        serve(tmp_path, release, url, personal=True)
    store, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
    for personal in (False, True, False):
        assert serve(tmp_path, newer, url, personal=personal).is_new
        folder = _read(url, "current.json")["folder"]
        assert store.exists(f"{root}/{folder}/sync_files__customer_scores.parquet") is personal
        assert bool([name for name in store.find(root) if "sync_" in name or "feedback" in name]) is personal
        assert not serve(tmp_path, newer, url, personal=personal).is_new


def test_a_store_that_nobody_knows_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match=r"nowhere://bucket: release .* is not served there"):
        serve(tmp_path, published(tmp_path, FIRST), "nowhere://bucket")


def test_what_somebody_was_erased_from_is_replaced_and_kept_nowhere(tmp_path: Path, url: str) -> None:
    older, release = published(tmp_path, FIRST), published(tmp_path, FIRST)
    for one in (older, release):
        serve(tmp_path, one, url)
    rewritten = published(tmp_path / "after", FIRST.replace("range(1, 6)", "range(1, 4)"))
    changed = Release(rewritten.path, {**rewritten.manifest, "release_id": release.id})
    assert object_store.serve(changed, [changed], url).is_new
    folder = _read(url, "current.json")["folder"]
    assert folder.startswith(f"{release.id}_")
    with fsspec.open(f"{url}/{folder}/dim_customers.parquet") as file:
        assert pq.read_table(file).num_rows == 3
    store, root = fsspec.core.url_to_fs(url)
    assert not store.exists(f"{root}/{older.id}")
    assert not store.exists(f"{root}/{release.id}/manifest.json")


@pytest.mark.parametrize("torn", ["", '{"fingerprint": "12', "[1]"])
def test_what_was_cut_off_while_it_was_written_is_written_again(tmp_path: Path, url: str, torn: str) -> None:
    older, release = published(tmp_path, FIRST), published(tmp_path, FIRST)
    for one in (older, release):
        serve(tmp_path, one, url)
    for name in (f"{older.id}/manifest.json", f"{release.id}/manifest.json", "current.json"):
        with fsspec.open(f"{url}/{name}", "w") as file:
            file.write(torn)
    assert serve(tmp_path, release, url).is_new
    assert _read(url, "current.json")["folder"] == release.id
    assert _read(url, f"{release.id}/manifest.json")["fingerprint"]
    store, root = fsspec.core.url_to_fs(url)
    assert not store.exists(f"{root}/{older.id}")


def test_a_reader_of_a_folder_never_finds_half_a_pointer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = published(tmp_path, FIRST), published(tmp_path, FIRST)
    url, seen = str(tmp_path / "bucket"), []
    serve(tmp_path, first, url)
    # Each time that anything is flushed or replaced somebody looks.
    for name in ("fsync", "replace"):
        whole = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *told, whole=whole: (seen.append(_read(url, "current.json")["folder"]), whole(*told)))
    with (tmp_path / "bucket" / "current.json").open() as held:
        serve(tmp_path, second, url)
        assert json.load(held)["folder"] == first.id
    assert set(seen) == {first.id, second.id}
