"""Which automatic decisions people review: a draw fixed by the case's id, so that nobody can steer it."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from orchestration.models import Case, Workflow


@dataclass(frozen=True, slots=True)
class Draw:
    """`draw` in [0, 1) is below `probability` for those in the sample; `stratum` groups like decisions."""

    stratum: str
    probability: float
    draw: float

    @property
    def drawn(self) -> bool:
        return self.draw < self.probability


def draw_for(case: Case, workflow: Workflow, outcome: str) -> Draw:
    """First 53 bits of HMAC-SHA-256 of the public id under the workflow's sampling key, as a fraction."""
    mac = hmac.new(bytes.fromhex(workflow.sampling_key), case.public_id.bytes, hashlib.sha256).digest()
    fraction = (int.from_bytes(mac[:8]) >> 11) / 2**53
    return Draw(f"{workflow.slug}/{outcome}", workflow.qa_sample_rate, fraction)
