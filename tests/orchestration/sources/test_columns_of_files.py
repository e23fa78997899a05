"""A column that an exported file had and has no more."""

from pathlib import Path

from orchestration.configuration.sources import FilesSource
from tests.orchestration.sources.nights import Nights


def test_a_column_that_is_gone_is_said_by_its_name_and_once(tmp_path: Path) -> None:
    """Every address would be taken away, and a list of all columns that were never there is no word of it."""
    exports = tmp_path / "exports"
    exports.mkdir()
    file, nights = exports / "crm_customers.csv", Nights(tmp_path, FilesSource(type="files", path=str(exports), settle_seconds=0))
    told = []
    for content in ("id,email\n1,1@x.org\n", "id,email\n1,2@x.org\n", "id\n1\n", "id\n1\n2\n"):
        lines = content.replace("id", "customer_id,created_at", 1).replace("\n1", "\n1,2026-01-01").replace("\n2\n", "\n2,2026-01-01\n")
        file.write_text(lines)
        told.append([line for line in nights.night("crm_customers")["crm_customers"].warnings if "column" in line])
    gone = "crm_customers.csv no longer has the column email, which is empty from this night on"
    assert told == [[], [], [gone], []]
