"""A destination in memory."""

from orchestration.destinations.base import Answer, Destination, Outcome, Result
from orchestration.destinations.limits import Limits


class Fake(Destination):
    """Remembers what it was sent, and tells ids of its own. `answer` may be replaced by a test."""

    type, channels, name, address = "fake", (), "fake", "memory"
    limits = Limits(max_records=2, max_bytes=100_000, max_record_bytes=1_000)

    def __init__(self, needs_email=False):
        self.batches, self.has, self.asked, self.needs_email = [], {}, [], needs_email
        self.answer = lambda batch: Answer(
            [Outcome(one.external_id, Result.ACKNOWLEDGED, "", f"remote-{one.external_id}") for one in batch.records]
        )

    def prepare(self, kinds):
        self.asked.append(dict(kinds))

    def send(self, batch):
        self.batches.append(batch)
        answer = self.answer(batch)
        taken = {outcome.external_id for outcome in answer.outcomes if outcome.result == Result.ACKNOWLEDGED}
        self.has |= {record.external_id: record.fields for record in batch.records if record.external_id in taken}
        return answer

    @property
    def sent(self):
        return [record.external_id for batch in self.batches for record in batch.records]
