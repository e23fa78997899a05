"""Rows that vanish, come back or move between files: tombstones where a row is gone for good, and only there."""

import pytest

from tests.orchestration.landing.exporting import HEADER, Company


def test_a_row_that_vanished_lands_as_a_tombstone_with_its_columns(company: Company) -> None:
    company.write({"1": "Ann", "2": "Bo"})
    company.night()
    company.write({"1": "Ann"})
    assert company.night().tombstones == 1
    assert company.rows()[-1] == ("2", "Bo", True)
    assert company.night().tombstones == 0


def test_a_row_that_comes_back_is_alive_again(company: Company) -> None:
    for names in ({"1": "Ann", "2": "Bo"}, {"1": "Ann"}, {"1": "Ann", "2": "Bo"}, {"1": "Ann"}):
        company.write(names)
        company.night()
        assert company.alive() == names


def test_a_value_that_changes_there_and_back_lands_each_time_and_is_never_a_tombstone(company: Company) -> None:
    for name in ("Ann", "Anna", "Ann", "Anna"):
        company.write({"1": name})
        assert company.night().tombstones == 0
        assert company.alive() == {"1": name}


def test_a_row_that_moves_between_files_lands_once_and_dies_where_it_lives(company: Company) -> None:
    company.write({"1": "Ann", "2": "Bo", "3": "Cy"}, "crm_customers/monday.csv")
    company.night()
    (company.exports / "crm_customers/monday.csv").unlink()
    company.write({"1": "Ann", "2": "Bo", "4": "Di"}, "crm_customers/tuesday.csv")
    moved = company.night()
    assert (moved.rows, moved.tombstones) == (1, 1)
    company.write({"1": "Ann", "4": "Di"}, "crm_customers/tuesday.csv")
    assert company.night().tombstones == 1
    assert company.alive() == {"1": "Ann", "4": "Di"}


def test_a_key_that_another_file_still_has_is_no_tombstone(company: Company) -> None:
    company.write({"1": "Ann", "2": "Bo"}, "crm_customers/a.csv")
    company.write({"1": "Ann", "3": "Cy"}, "crm_customers/b.csv")
    company.night()
    company.write({"2": "Bo"}, "crm_customers/a.csv")
    assert company.night().tombstones == 0
    company.write({"3": "Cy"}, "crm_customers/b.csv")
    assert company.night().tombstones == 1
    assert company.alive() == {"2": "Bo", "3": "Cy"}


def test_a_table_that_vanished_or_shrank_to_nothing_is_kept_and_said_every_night(company: Company) -> None:
    file = company.write({"1": "Ann", "2": "Bo"})
    company.write("currency,rate_date,rate_to_reporting\n", "exchange_rates.csv")
    company.night()
    for gone in (lambda: file.write_text(HEADER), file.unlink):
        gone()
        for _ in range(2):
            load = company.night()
            assert (load.tombstones, load.load_id, len(load.warnings)) == (0, None, 1)
            assert "2 of 2 rows are gone at the source; this looks like a broken export" in load.warnings[0]
            assert "`settings: {accept_vanished_tables: [crm_customers]}`" in load.warnings[0]
    company.write({"1": "Ann", "2": "Bo"})
    assert (company.night().warnings, company.alive()) == ((), {"1": "Ann", "2": "Bo"})


@pytest.mark.parametrize(("left", "stay"), [(90, True), (99, True), (100, False), (150, False)])
def test_half_a_table_that_vanishes_at_once_is_taken_for_a_broken_export(company: Company, left: int, stay: bool) -> None:
    """The second of two files was not written, and half of the customers counted as deleted, without a word."""
    everybody = {str(number): "Ann" for number in range(200)}
    company.write(everybody)
    company.night()
    company.write(dict(list(everybody.items())[:left]) | {"new": "Bo"})
    load = company.night()
    gone = 200 - left
    assert (load.tombstones, len(load.warnings)) == ((0, 1) if stay else (gone, int(gone >= 100)))
    assert len(company.alive()) == (201 if stay else left + 1)
    assert all(f"{gone} of 200 rows are gone at the source" in line for line in load.warnings)
    company.write(everybody | {"new": "Bo"})
    assert (company.night().warnings, len(company.alive())) == ((), 201)


def test_more_than_half_of_a_small_table_goes_and_is_said(company: Company) -> None:
    """Of so few rows no share tells a broken export, but 46 of 59 answers went without a word."""
    company.write({str(number): "Ann" for number in range(59)})
    company.night()
    company.write({str(number): "Ann" for number in range(30)})
    assert company.night().warnings == ()
    company.write({str(number): "Ann" for number in range(13)})
    load = company.night()
    assert (load.tombstones, len(company.alive())) == (17, 13)
    (said,) = load.warnings
    assert said.startswith("crm_customers: 17 of 30 rows are gone at the source and count as deleted")


def test_how_much_may_vanish_is_for_the_company_to_say(company: Company) -> None:
    company.write({str(number): "Ann" for number in range(200)})
    company.night()
    company.write({str(number): "Ann" for number in range(50)})
    assert company.night(most_vanished=0.7).tombstones == 0
    load = company.night(most_vanished=0.8)
    assert (load.tombstones, len(company.alive())) == (150, 50)
    assert "150 of 200 rows are gone at the source and count as deleted" in load.warnings[0]


def test_a_table_may_vanish_when_the_operator_says_so(company: Company) -> None:
    file = company.write({"1": "Ann", "2": "Bo"})
    company.write("currency,rate_date,rate_to_reporting\n", "exchange_rates.csv")
    company.night()
    file.unlink()
    assert company.night(may_vanish=["crm_tickets"]).tombstones == 0
    load = company.night(may_vanish=["crm_customers"])
    assert (load.tombstones, load.warnings, company.alive()) == (2, (), {})
    assert company.night().load_id is None


def test_files_with_different_unknown_columns_land_together(company: Company) -> None:
    company.write("customer_id,created_at,Shoe\n1,2025-01-01,42\n", "crm_customers/a.csv")
    company.write("customer_id,created_at,Hat/é\n2,2025-01-01,7\n", "crm_customers/b.csv")
    assert company.night().unknown_columns == ("Hat/é", "Shoe")
    assert company.rows('customer_id, Shoe, "Hat/é"') == [("1", "42", None), ("2", None, "7")]


def test_a_copy_of_a_row_more_or_less_is_seen(company: Company) -> None:
    row = "1,2025-01-01,Ann\n"
    for copies, landed in ((1, 1), (3, 2), (1, 0), (2, 1)):
        company.write(HEADER + copies * row)
        load = company.night()
        assert (load.rows, load.tombstones) == (landed, 0)


def test_a_row_without_key_that_was_mended_leaves_a_tombstone_that_repeats_it(company: Company) -> None:
    company.write(HEADER + ",2025-01-01,Ann\n,2025-01-01,Ann\n2,2025-01-01,Bo\n")
    company.night()
    company.write(HEADER + ",2025-01-01,Ann\n2,2025-01-01,Bo\n")
    assert company.night().tombstones == 0, "one copy is still there"
    company.write({"1": "Ann", "2": "Bo"})
    assert company.night().tombstones == 1
    assert company.rows()[-2:] == [(None, "Ann", True), ("1", "Ann", False)]


def test_a_table_without_keys_that_was_mended_is_no_broken_export(company: Company) -> None:
    company.write(HEADER + "".join(f",2025-01-01,{name}\n" for name in "abcde"))
    company.night()
    company.write({name: name for name in "abcde"})
    load = company.night()
    assert (load.rows, load.tombstones, load.warnings) == (5, 5, ())


def test_what_a_part_still_holds_of_a_key_lands_again_in_the_order_of_the_parts(company: Company) -> None:
    for number, name in ((2, "old"), (10, "older"), (9, "newest")):
        company.write({"1": name, str(number): "x"}, f"crm_customers/{number}.csv")
    company.night()
    assert company.alive()["1"] == "older", "10.csv comes after 9.csv"
    company.write({"10": "x"}, "crm_customers/10.csv")
    load = company.night()
    assert (load.rows, load.tombstones) == (2, 1)
    assert company.rows()[-3:] == [("1", "older", True), ("1", "old", False), ("1", "newest", False)]
    assert company.night().load_id is None


def test_a_source_may_call_its_own_columns_what_it_likes(company: Company) -> None:
    strange = "place,loaded,copies,is_held,has_key,is_removal,number,changed,part_row,filename,load_id"
    values = strange.replace("place", "here")
    header = f"customer_id,created_at,full_name,{strange}\n"
    company.write(f"{header}1,2025-01-01,Ann,{values}\n,2025-01-01,Bo,{values}\n", "crm_customers/a.csv")
    company.write(f"{header}1,2025-01-01,Anna,{values}\n3,2025-01-01,Cy,{values}\n", "crm_customers/b.csv")
    company.night()
    company.write(f"{header}3,2025-01-01,Cy,{values}\n", "crm_customers/b.csv")
    company.write(f"{header}1,2025-01-01,Ann,{values}\n", "crm_customers/a.csv")
    assert (company.night().tombstones, company.alive()) == (2, {"1": "Ann", "3": "Cy"})
    assert set(company.rows("place, part_row, filename")) == {("here", "part_row", "filename")}
