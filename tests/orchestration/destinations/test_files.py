"""Files: what a system that picks them up will find."""

import csv
import io
from dataclasses import replace

import pytest

from orchestration.destinations import DestinationError, make
from orchestration.destinations.base import Batch, Record, Result


def batch(fields):
    return Batch("0123456789abcdef0123", "vip", "r1", "2026-02-01T00:00:00+00:00", [Record("c1", "upsert", fields, 10)])


def test_csv_can_be_read_back(tmp_path):
    fields = {"score": 0.25, "is_vip": True, "reasons": ["a", 'b "quoted"'], "note": "two\nlines, and a comma", "gone": None}
    make("files", name="f", path=str(tmp_path)).send(batch(fields))
    (file,) = (tmp_path / "vip").iterdir()
    assert file.name == "r1-0123456789abcdef.csv"
    (row,) = csv.DictReader(io.StringIO(file.read_text()))
    assert row == {
        "external_id": "c1", "operation": "upsert", "release_id": "r1", "gone": "", "is_vip": "true",
        "note": "two\nlines, and a comma", "reasons": '["a", "b \\"quoted\\""]', "score": "0.25",
    }  # fmt: skip


def test_csv_holds_no_formulas(tmp_path):
    make("files", name="f", path=str(tmp_path)).send(batch({"name": "=HYPERLINK(1)", "loss": -3}))
    (file,) = (tmp_path / "vip").iterdir()
    assert file.read_text().splitlines()[1] == "c1,upsert,r1,-3,'=HYPERLINK(1)"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_who_is_erased_leaves_files_whose_texts_have_ends_of_lines_of_every_kind(tmp_path, form):
    destination = make("files", name="f", path=str(tmp_path), format=form)
    odd = {"note": "one\u2028two\u0085three\r\nfour\x0bfive"}
    records = [Record(name, "upsert", odd, 10) for name in ("c1", "c\u20282", "c3")]
    destination.send(replace(batch({}), records=records))
    (file,) = (tmp_path / "vip").iterdir()
    assert destination.forget({"c\u20282"}) == 1
    left = file.read_bytes()
    destination.send(replace(batch({}), records=[records[0], records[2]]))
    assert left == file.read_bytes(), "what a file without them would be"


def test_an_unwritable_folder_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    destination = make("files", name="exports", path=str(tmp_path / "file" / "out"))
    with pytest.raises(DestinationError, match=r"destination exports: .* cannot be made"):
        destination.preflight()
    answer = destination.send(batch({}))
    assert [outcome.result for outcome in answer.outcomes] == [Result.RETRYABLE]
    assert answer.stop


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(DestinationError, match="neither csv nor jsonl"):
        make("files", name="f", path=str(tmp_path), format="xlsx")
