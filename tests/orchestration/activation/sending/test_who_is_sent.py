"""Who is sent and who is not: what changed since the last acknowledgement, in batches that keep to both limits."""

from datetime import datetime

import pytest

from orchestration.activation import forget, state, synchronise
from orchestration.destinations import make
from orchestration.destinations.limits import Limits
from tests.fakes.webhook_receiver import SECRET, receiving
from tests.orchestration.activation.sending.nightly import Nightly, customer


def test_the_first_night_sends_everyone_and_the_second_of_the_same_sends_nothing(night, fake):
    rows = [customer(number) for number in range(5)]
    first = night(rows)
    assert sorted(fake.sent) == ["x0", "x1", "x2", "x3", "x4"]
    assert (first.decisions, first.outcomes, first.calls, first.ok) == ({"upsert": 5}, {"acknowledged": 5, "suppressed": 0}, 3, True)
    second = night(rows)
    assert (fake.sent, second.decisions, second.calls) == ([], {"unchanged": 5}, 0)


def test_only_what_changed_is_sent(night, fake):
    night([customer(1), customer(2), customer(3)])
    night([customer(1), customer(2, plan="free"), customer(3)])
    assert fake.sent == ["x2"]
    assert fake.has["x2"]["plan"] == "free"


@pytest.mark.parametrize("leaves", ["the audience", "for good"])
def test_of_two_acknowledgements_the_later_counts_though_the_clock_was_set_back(night, fake, tmp_path, monkeypatch, leaves):
    everybody = [customer(2), customer(3)]
    monkeypatch.setattr(state, "now", lambda: datetime(2026, 2, 9))
    night([customer(1), *everybody])
    night(everybody)  # cleared
    monkeypatch.setattr(state, "now", lambda: datetime(2026, 2, 8))
    night([customer(1), *everybody])  # comes back
    if leaves == "for good":
        assert forget(tmp_path / "state", {"k1"}, {"x1"}, lambda *_: None) == {"fake": 1}
    night(everybody)
    assert (fake.sent, set(fake.has["x1"].values())) == (["x1"], {None})


@pytest.mark.parametrize("change", [{"score": 0.50001}, {"as_of": "2026-02-01"}])
def test_jitter_and_the_date_of_the_night_are_no_change(night, fake, change):
    night([customer(1)])
    night([customer(1, **change)])
    assert fake.sent == []


def test_the_circuit_breaker_compares_with_what_was_acknowledged(night, fake):
    night([customer(number) for number in range(10)], max_change_share=0.2)
    grown = [customer(number) for number in range(100)]
    assert night(grown, max_change_share=0.2).ok, "customers never sent do not count"
    changed = [customer(number, score=0.9 if number < 21 else 0.5) for number in range(100)]
    report = night(changed, max_change_share=0.2)
    assert fake.sent == []
    assert "21% of the customers sent before would change" in report.refused
    assert not report.ok
    assert night([], max_change_share=0.2).refused, "an audience that vanished is refused too"
    assert night(changed, max_change_share=0.2, overrides=("change_share",)).ok


def test_batches_keep_to_both_limits(night, fake):
    fake.limits = Limits(max_records=3, max_bytes=1_200, max_record_bytes=1_000)
    night([customer(number, plan="p" * 120) for number in range(7)])
    assert all(len(batch.records) <= 3 and sum(record.size for record in batch.records) < 1_200 for batch in fake.batches)
    assert len(fake.sent) == len(set(fake.sent)) == 7


def test_a_record_beyond_the_limit_is_rejected_and_the_others_go_out(night, fake):
    report = night([customer(1), customer(2, plan="p" * 2_000), customer(3)])
    assert sorted(fake.sent) == ["x1", "x3"]
    assert report.outcomes == {"acknowledged": 2, "rejected": 1, "suppressed": 0}


def test_going_back_to_an_old_value_is_a_new_batch(night, fake):
    seen = []
    for plan in ("a", "b", "a", "b"):
        night([customer(1, plan=plan)])
        seen.append(fake.batches[0].id)
    assert len(set(seen)) == 4, "a receiver that drops repeated ids must not drop the way back"


def test_two_audiences_of_one_destination_do_not_mix(tmp_path, fake):
    for audience in ("customer_scores", "vip"):
        release = Nightly(tmp_path, [customer(1)], table=f"sync_fake__{audience}")
        report = synchronise(release, fake, audience, state_folder=tmp_path / "state", max_change_share=1, live=True)
        assert report.decisions == {"upsert": 1}


def test_a_thousand_customers_over_http(tmp_path):
    with receiving() as receiver:
        webhook = make("webhook", name="crm", url=receiver.url, secret=SECRET)
        release = Nightly(tmp_path, [customer(number) for number in range(1_000)], table="sync_webhook__customer_scores")
        options = {"state_folder": tmp_path / "state", "max_change_share": 1, "live": True}
        report = synchronise(release, webhook, "customer_scores", **options)
        assert (report.outcomes["acknowledged"], len(receiver.state)) == (1_000, 1_000)
        assert all(size <= 1_000_000 and len(body["data"]["records"]) <= 500 for _, body, size in receiver.requests)
        assert synchronise(release, webhook, "customer_scores", **options).calls == 0
        webhook.close()
