"""`manage.py worker`: answers the queue until it is told to stop."""

import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from orchestration.management.worker.progress import Limits
from orchestration.management.worker.watchdog import Terms, Watchdog


class Command(BaseCommand):
    help = (
        "Answers the queue: django-q2's cluster under a watchdog, with the reaper beside it. SIGTERM ends it in order."
    )

    requires_system_checks = ()  # they import every page of the site; the web process makes them

    def add_arguments(self, parser: CommandParser) -> None:
        ours = settings.CONDUCTOR
        for flag, kind, default, text in (
            ("--processes", int, settings.Q_CLUSTER["workers"], "workers that carry out tasks"),
            (
                "--stalled-after",
                float,
                ours["stalled_after"],
                "seconds without movement while a task runs after which the cluster is replaced",
            ),
            ("--quiet-after", float, ours["quiet_after"], "the same while none runs, though doorbells wait"),
            (
                "--drain",
                float,
                ours["drain"],
                "seconds that running tasks get to end after SIGTERM",
            ),
        ):
            parser.add_argument(flag, type=kind, default=default, metavar="N", help=f"{text} (%(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["processes"] < 1:
            raise CommandError("--processes must be at least 1")
        terms = Terms(
            processes=options["processes"],
            limits=Limits(busy=options["stalled_after"], quiet=options["quiet_after"]),
            drain=options["drain"],
            reap_every=settings.CONDUCTOR["reap_every"],
            name=f"worker {socket.gethostname()}"[:120],
        )
        sys.exit(Watchdog(terms).run())
