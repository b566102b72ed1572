"""System checks: settings that would lose doorbells or condemn a healthy worker are named at start."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register


@register(Tags.database)
def settings_fit_together(**_: Any) -> list[Error]:
    cluster, ours = settings.Q_CLUSTER, settings.CONDUCTOR
    found = []
    least = (cluster["queue_limit"] / cluster["workers"] + 2) * (cluster["timeout"] + 3)
    if cluster["retry"] < least:
        found.append(
            Error(
                f"Q_CLUSTER retry is {cluster['retry']} s; a fetched doorbell may have to wait {least:.0f} s.",
                hint="Leave retry as it is derived from TASK_TIMEOUT, or make queue_limit smaller.",
                id="conductor.E001",
            )
        )
    if ours["stalled_after"] <= cluster["timeout"]:
        found.append(
            Error(
                f"CONDUCTOR_STALLED_AFTER is {ours['stalled_after']:g} s, not longer than TASK_TIMEOUT.",
                hint="Make it longer than TASK_TIMEOUT, or the watchdog ends workers that are busy.",
                id="conductor.E002",
            )
        )
    return found
