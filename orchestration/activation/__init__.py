"""Activation: bringing a published audience to a destination, and knowing exactly what arrived there.

Comes in: `sync_<destination type>__<audience>` of a release. Goes out: batches to the destination; per destination
`state/activation/<name>.duckdb` (what it acknowledged, dead letters) and `state/sync_log/` (every attempt).

1. Consent is enforced here again, whatever the models did: those without it are suppressed; what they were sent before is cleared.
2. A record goes out when the SHA-256 of its fields differs from what the destination acknowledged last. State is written on
   acknowledgement only, so a crash means that something is sent twice, never that it is lost.
3. Circuit breakers refuse a night that is unlike the ones before: that would change more than a set share of what was acknowledged, whose
   audience is empty, whose scores have shifted, whose sources are stale. A person lets each through by its name.
4. Where a destination can be asked what it holds, that is compared every few days with what it acknowledged; what has drifted is sent.
5. Where a destination knows people by address, a salted hash of the address is kept with the destination's own id of the record: a new
   address makes no second record, and an address that is somebody else's now takes nobody's scores along.
"""

from orchestration.activation.arrival import history, judged, shown_sample, was_sent
from orchestration.activation.audience import ActivationError
from orchestration.activation.breakers import BREAKERS, RELEASE_REFUSED, RENAMED, SOURCE_STALE
from orchestration.activation.fields import kinds_of
from orchestration.activation.forgetting import audiences, forget, orders
from orchestration.activation.log import folder as log_folder
from orchestration.activation.log import parts as log_parts
from orchestration.activation.renamed import former_name
from orchestration.activation.report import Comparison, SyncReport
from orchestration.activation.sending import Progress
from orchestration.activation.state import StateError
from orchestration.activation.sync import synchronise

__all__ = [
    "BREAKERS",
    "RELEASE_REFUSED",
    "RENAMED",
    "SOURCE_STALE",
    "ActivationError",
    "Comparison",
    "Progress",
    "StateError",
    "SyncReport",
    "audiences",
    "forget",
    "former_name",
    "history",
    "judged",
    "kinds_of",
    "log_folder",
    "log_parts",
    "orders",
    "shown_sample",
    "synchronise",
    "was_sent",
]
