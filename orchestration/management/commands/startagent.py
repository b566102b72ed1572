"""`manage.py startagent NAME`: the package of a new agent, tests and all, without a database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orchestration.testing.startagent import NotStarted, add_arguments, start_agent, told


class Command(BaseCommand):
    help = "Writes an installable package for a new agent: the agent, a workflow pack that uses it, and tests."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            started = start_agent(options["name"], options["folder"])
        except NotStarted as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(told(started))
