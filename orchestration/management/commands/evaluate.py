"""`manage.py evaluate SLUG --facts FILE`: what the published rules say of given facts, as over REST."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orchestration.management.files import json_of, problem_lines, workflow_named
from orchestration.rules.parse import RuleError
from orchestration.services.case import NotPublished
from orchestration.services.explanation import answer_to


class Command(BaseCommand):
    help = "Evaluates facts, given as in a scenario, under a workflow's published rules. Stores nothing, runs no agent."
    requires_system_checks = ()  # they import every page of the site

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument(
            "--facts", required=True, metavar="FILE", help="JSON: case, agents, human, children, meta, now; - is stdin."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        workflow = workflow_named(options["slug"])
        given = json_of(options["facts"])
        try:
            found = answer_to(workflow=workflow, given=given)
        except NotPublished as refused:
            raise CommandError(refused.message) from None
        except RuleError as error:
            raise CommandError(problem_lines(f"{options['facts']} cannot be evaluated", error.problems)) from None
        self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
