"""Releases into a bucket of S3, spoken to as S3 is: whatever breaks and however listings lag, a reader always finds a whole release."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import s3fs

from examples.fakes.loopback import on_loopback
from orchestration.releases import Release
from orchestration.serving import ServingError, object_store
from tests.fakes import s3
from tests.orchestration.serving.conftest import FIRST, published

URL = "s3://bucket/rapport"


class Reader:
    """Follows the pointer after every change of the bucket, and notes what is not whole; `saw` holds the folders it was led to."""

    def __init__(self, bucket: s3.Bucket) -> None:
        self.bucket, self.broken = bucket, list[str]()
        self.saw: list[str] = []
        bucket.changed = self.look

    def look(self) -> None:
        pointer = self.bucket.objects.get("rapport/current.json")
        if pointer is None:
            return
        folder = f"rapport/{json.loads(pointer)['folder']}"
        self.saw += [folder] if folder not in self.saw[-1:] else []
        manifest = self.bucket.objects.get(f"{folder}/manifest.json")
        if manifest is None:
            self.broken.append(f"{folder}: no manifest")
            return
        for name, told in json.loads(manifest)["files"].items():
            content = self.bucket.objects.get(f"{folder}/{name}")
            if content is None or hashlib.sha256(content).hexdigest() != told["sha256"]:
                self.broken.append(f"{folder}/{name}")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[s3.Bucket]:
    """An empty bucket, reached as the environment says."""
    made = s3.Bucket()
    with on_loopback(s3.handler(made)) as address:
        told = {
            "AWS_ACCESS_KEY_ID": s3.KEY,
            "AWS_SECRET_ACCESS_KEY": s3.SECRET,
            "AWS_ENDPOINT_URL": address,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",  # else bodies come in chunks with a checksum behind them
        }
        for name, value in told.items():
            monkeypatch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()  # a connection is kept a process long, whatever the environment says later
        yield made


def rewritten(release: Release, folder: Path) -> Release:
    """The same release after two people were erased from it."""
    after = published(folder, FIRST.replace("range(1, 6)", "range(1, 4)"))
    return Release(after.path, {**after.manifest, "release_id": release.id})


def serve(release: Release, *others: Release) -> bool:
    return object_store.serve(release, [release, *others], URL).is_new


def folders(bucket: s3.Bucket) -> set[str]:
    return {key.split("/")[1] for key in bucket.objects if key.count("/") > 1}


@pytest.mark.parametrize("lags", [False, True], ids=["", "listings lag"])
def test_a_reader_finds_a_whole_release_at_every_moment(bucket: s3.Bucket, tmp_path: Path, lags: bool) -> None:
    reader, bucket.lags = Reader(bucket), lags
    first, second = published(tmp_path, FIRST), published(tmp_path, FIRST)
    assert serve(first)
    assert serve(second, first)
    assert not serve(second, first)
    erased = rewritten(second, tmp_path / "after")
    assert serve(erased)
    assert reader.broken == []
    assert [folder.split("/")[1][: len(first.id)] for folder in reader.saw] == [first.id, second.id, second.id]
    bucket.lags = False
    assert not serve(erased)
    assert folders(bucket) == {json.loads(bucket.objects["rapport/current.json"])["folder"]}  # of those before nothing is left


@pytest.mark.parametrize("writes", range(4))
def test_a_write_that_breaks_leaves_what_was_served_before(bucket: s3.Bucket, tmp_path: Path, writes: int) -> None:
    """Two tables, the manifest, the pointer: each of them may be the one that is not taken."""
    first, reader = published(tmp_path, FIRST), Reader(bucket)
    serve(first)
    erased = rewritten(first, tmp_path / "after")
    bucket.writes_left = writes
    with pytest.raises(ServingError, match="what was served before stays"):
        serve(erased)
    assert (reader.broken, len(reader.saw)) == ([], 1)
    bucket.writes_left = None
    assert serve(erased)
    assert (reader.broken, len(reader.saw)) == ([], 2)
    assert len(folders(bucket)) == 1


def test_a_key_that_is_not_let_in_is_one_line_without_it(bucket: s3.Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOTHER")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(ServingError) as refused:
        serve(published(tmp_path, FIRST))
    assert "it is refused; check the credentials in the environment" in str(refused.value)
    assert "AKIAOTHER" not in str(refused.value)
    assert bucket.objects == {}


def test_a_bucket_that_is_not_there_is_one_line_and_is_not_made(bucket: s3.Bucket, tmp_path: Path) -> None:
    release = published(tmp_path, FIRST)
    with pytest.raises(ServingError, match="there is no such bucket; make it, or correct the URL"):
        object_store.serve(release, [release], "s3://bukcet/rapport")
    assert ("PUT", "") not in bucket.asked
