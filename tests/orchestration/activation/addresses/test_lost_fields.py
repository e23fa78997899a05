"""A field that is deleted at the vendor's while a sync runs: nobody is a dead letter for it."""

from orchestration.activation import synchronise
from tests.orchestration.activation.addresses.by_address import USUAL, Release

PEOPLE = {number: (f"p{number}", "pro") for number in range(1, 321)}


def test_whoever_was_refused_for_it_is_sent_with_the_next_sync_which_makes_it_anew(place, tmp_path):
    destination, vendor = place("hubspot")
    usual, calls = vendor.answer, []

    def answer(request):
        calls.append(request)
        if sum("/batch/up" in call.path for call in calls) == 4:  # the last, in which there are too few to be the vendor's refusal of us
            vendor.properties.pop("crmp_plan", None)
            for contact in vendor.contacts.values():
                contact.pop("crmp_plan", None)
        return usual(request)

    vendor.answer = answer
    report = synchronise(Release(tmp_path, PEOPLE, 1, "hubspot"), destination, "scores", state_folder=tmp_path, **USUAL)
    assert 0 < report.outcomes["acknowledged"] < len(PEOPLE)
    assert report.outcomes["rejected"] > 0
    assert not report.ok
    vendor.answer = usual
    usually = {**USUAL, "compare_days": 7}
    again = synchronise(Release(tmp_path, PEOPLE, 2, "hubspot"), destination, "scores", state_folder=tmp_path, **usually)
    assert again.decisions.get("dead", 0) == 0
    assert again.ok
    assert [fields["plan"] for fields in vendor.arrived().values()] == ["pro"] * len(PEOPLE)
