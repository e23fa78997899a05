"""Half of a surrogate pair in an exported JSON file is a question mark, and the file is read: who cuts texts cuts emojis in two."""

from pathlib import Path
from typing import Any

import pytest

from orchestration.sources.reading import half_pairs

ROW = rb'{"customer_id":"1","created_at":"2025-01-01","full_name":"a \ud83d b \ude00 \ud83d\ude00 \\ud83d"}'
READ = "a ? b ? 😀 \\ud83d"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("crm_customers.jsonl", ROW + b"\n" + ROW.replace(b'"1"', b'"2"')),
        ("crm_customers.json", b"[" + ROW + b"," + ROW.replace(b'"1"', b'"2"') + b"]"),
        ("crm_customers.json", b'{"rows":[' + ROW + b"," + ROW.replace(b'"1"', b'"2"') + b"]}"),
    ],
)
def test_a_half_is_a_question_mark(read: Any, name: str, content: bytes) -> None:
    batch, rows = read(content, name)
    assert batch.error is None
    assert [(row["customer_id"], row["full_name"]) for row in rows] == [("1", READ), ("2", READ)]


def test_a_file_that_is_cut_off_is_refused_all_the_same(read: Any) -> None:
    batch, _ = read(ROW + b"\n" + ROW[:60], "crm_customers.jsonl")
    assert "is the file cut off?" in batch.error


@pytest.mark.parametrize("size", range(1, 40))
def test_wherever_a_block_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int) -> None:
    monkeypatch.setattr(half_pairs, "_BLOCK", size)
    path = tmp_path / "rows.json"
    path.write_bytes(rb'"\\\ud83d\\ud83d\ud83d\ude00\\" \ude00\u0041 \ud83d')
    mended = half_pairs.without_halves(path, tmp_path).read_bytes()
    assert mended == rb'"\\?\\ud83d\ud83d\ude00\\" ?\u0041 ?'
