"""Wait for a case to be decided or with a person, by looking at its row."""

from __future__ import annotations

import time
from typing import Final

from orchestration.models import Case, CaseStatus

SETTLED: Final = (CaseStatus.DECIDED, CaseStatus.CANCELLED, CaseStatus.ESCALATED, CaseStatus.HELD)
"""Where nothing more will happen within seconds."""

FIRST_PAUSE: Final = 0.02
LONGEST_PAUSE: Final = 0.25


def wait_until_settled(case: Case, deadline: float) -> None:
    """Return when the case has settled, or at `deadline` (of `time.monotonic`); looks ever less often."""
    pause, status = FIRST_PAUSE, case.status
    while status not in SETTLED and (left := deadline - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, LONGEST_PAUSE)
        status = Case.objects.values_list("status", flat=True).get(pk=case.pk)
