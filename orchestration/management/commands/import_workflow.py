"""`manage.py import_workflow FILE`: read a workflow pack, and publish it in an emergency."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orchestration.management.files import problem_lines, text_of
from orchestration.models import VersionStatus, WorkflowVersion
from orchestration.models.version_status import NEXT
from orchestration.rules.parse import RuleError
from orchestration.services import pack
from orchestration.services import version as versions
from orchestration.services.refusal import Refused


class Command(BaseCommand):
    help = "Imports a workflow pack (YAML) as a draft. A version that is there already is not made again."
    requires_system_checks = ()  # they import every page of the site

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="The pack; - reads standard input.")
        parser.add_argument(
            "--publish",
            action="store_true",
            help="Publish it at once, past the four eyes: recorded as an emergency and shown as unreviewed.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        text = text_of(options["file"])
        try:
            imported = pack.import_pack(text=text)
        except RuleError as error:
            raise CommandError(problem_lines(f"{options['file']} is not a workflow pack", error.problems)) from None
        version = imported.version
        name = f"Version {version.number} of {imported.workflow.slug}"
        self.stdout.write(f"{name} imported as a draft." if imported.new else f"{name} has this content already.")
        if options["publish"]:
            self._publish(version, name)

    def _publish(self, version: WorkflowVersion, name: str) -> None:
        if version.status == VersionStatus.PUBLISHED:
            self.stdout.write(f"{name} is published already.")
            return
        try:
            if VersionStatus.PUBLISHED not in NEXT[version.status]:  # its way is over: its content goes another one
                data, note = version.content, f"The content of version {version.number}"
                version = versions.new_draft(workflow=version.workflow, data=data, note=note)
                name = f"Version {version.number} of {version.workflow.slug}"
            versions.publish(version_id=version.pk, user=None)
        except Refused as refused:
            raise CommandError(f"{name} was not published. {refused.message}") from None
        self.stdout.write(
            f"{name} is published. This was an emergency publication: nobody else has approved it, and it is shown as "
            "unreviewed until somebody who may publish has looked at it."
        )
