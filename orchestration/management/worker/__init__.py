"""The worker: django-q2's cluster under a watchdog, with the reaper and the heartbeat beside it."""
