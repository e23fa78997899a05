"""Whatever happens to nights in a row, crashes included, the next quiet one makes it right."""

import json
from contextlib import suppress
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.activation import book, synchronise
from orchestration.activation.recording import record
from orchestration.destinations.base import Answer, Outcome, Result
from tests.orchestration.activation.engine.scored import Release, customer
from tests.orchestration.activation.memory import Fake

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["fine", "crash before", "crash after", "crash writing", "unknown", "busy", "refused", "job", "job crash"]),
        st.dictionaries(st.integers(0, 5), st.sampled_from([0.1, 0.2, 0.3, None]), max_size=6),  # None: profiling is withdrawn
    ),
    min_size=1,
    max_size=4,
)


class Stormy(Fake):
    """Does what the step says, once a batch; what it holds is what a vendor would hold."""

    def __init__(self, side_by_side):
        super().__init__()
        self.step, self.jobs, self.withdrawn, self.side_by_side, self.alone = "fine", {}, set(), side_by_side, 0

    def keep(self, batch):
        self.has |= {record.external_id: record.fields.get("churn_probability") for record in batch.records}
        return [Outcome(record.external_id, Result.ACKNOWLEDGED) for record in batch.records]

    def send(self, batch):
        assert not self.withdrawn & {record.external_id for record in batch.records if record.operation == "upsert"}
        if self.step == "crash before":
            raise KeyboardInterrupt
        if self.step in ("busy", "refused"):
            return Answer(batch.outcomes(Result.RETRYABLE if self.step == "busy" else Result.REJECTED, "no"))
        outcomes = self.keep(batch)
        if self.step == "crash after":
            raise KeyboardInterrupt
        if self.step.startswith("job"):
            self.jobs[batch.id] = outcomes
            return Answer([], job=batch.id)
        return Answer(batch.outcomes(Result.UNKNOWN, "lost")) if self.step == "unknown" else Answer(outcomes)

    def finish(self, job):
        if self.step == "job crash":
            raise KeyboardInterrupt
        return Answer(self.jobs[job.id])


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS, st.sampled_from([1, 3]))
def test_whatever_happened_before_the_next_quiet_night_makes_it_right(tmp_path_factory, steps, side_by_side):
    folder, stormy = tmp_path_factory.mktemp("storm"), Stormy(side_by_side)
    wanted = {}
    for number, (step, scores) in enumerate([*steps, ("fine", {0: 0.1, 1: 0.7, 2: None})], start=1):
        stormy.step, wanted = step, {f"x{one}": score for one, score in scores.items() if score is not None}
        stormy.withdrawn = {f"x{one}" for one, score in scores.items() if score is None}
        release = Release(folder, [[*customer(one, score)[:-1], score is not None] for one, score in scores.items()], number)
        with suppress(KeyboardInterrupt), patch.object(book, "record", writing(step)):
            synchronise(
                release, stormy, "scores", state_folder=folder / "state", max_change_share=1, live=True, retry_dead=True,
                overrides=("empty_audience", "audience_shrank"),
            )  # fmt: skip
    assert {key: score for key, score in stormy.has.items() if score is not None} == wanted
    stormy.batches.clear()
    again = synchronise(release, stormy, "scores", state_folder=folder / "state", max_change_share=1, live=True)
    assert set(again.decisions) <= {"unchanged", "gone", "suppressed"}, json.dumps(again.decisions)


def writing(step):
    def crash(*_):
        raise KeyboardInterrupt

    return crash if step == "crash writing" else record
