"""`manage.py export_workflow SLUG`: write a workflow with one of its versions as a pack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orchestration.management.files import workflow_named
from orchestration.models import WorkflowVersion
from orchestration.services import pack


class Command(BaseCommand):
    help = "Writes a workflow as a pack (YAML): by default with its published version, else its newest."
    requires_system_checks = ()  # they import every page of the site

    def create_parser(self, prog_name: str, subcommand: str, **more: Any) -> CommandParser:
        """Our --version takes the place of Django's, which tells its own."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **more)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument("--version", type=int, metavar="N", help="Version N.")
        parser.add_argument("--output", metavar="FILE", help="Write there instead of to standard output.")

    def handle(self, *args: Any, **options: Any) -> None:
        workflow = workflow_named(options["slug"])
        version = None
        if options["version"] is not None:
            version = workflow.versions.filter(number=options["version"]).first()
            if version is None:
                raise CommandError(f"The workflow {workflow.slug} has no version {options['version']}.")
        try:
            text = pack.export_pack(workflow=workflow, version=version)
        except WorkflowVersion.DoesNotExist as error:
            raise CommandError(str(error)) from None
        if options["output"] is None:
            self.stdout.write(text, ending="")
            return
        try:
            Path(options["output"]).write_bytes(text.encode())
        except OSError as error:
            raise CommandError(f"{options['output']} cannot be written: {error.strerror}.") from None
