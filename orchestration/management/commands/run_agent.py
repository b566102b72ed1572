"""`manage.py run_agent NAME --input FILE`: runs one agent by hand, without a case, and shows what came of it."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from orchestration.agents.outcome import WRITTEN
from orchestration.agents.registry import registry
from orchestration.agents.runner import MEMORY, check, run


class Command(BaseCommand):
    help = "Runs one agent by hand. Nothing is stored. Ends with status 1 when the attempt failed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", help="the agent's name, as `manage.py agents` lists it")
        parser.add_argument("--input", metavar="FILE", required=True, help="JSON object with the input; - reads stdin")
        parser.add_argument("--config", metavar="FILE", help="JSON object with the configuration")
        parser.add_argument("--timeout", metavar="SECONDS", type=float, default=20.0, help="default 20")
        parser.add_argument("--memory", metavar="MIB", type=int, default=MEMORY // 2**20, help="default %(default)s")
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--in-process", action="store_true", help="in this process, under a soft limit of time")
        where.add_argument("--isolated", action="store_true", help="in a process of its own, even if it is inline")
        parser.add_argument("--check", action="store_true", help="ask the agent first whether it can work")

    def handle(self, *args: Any, **options: Any) -> None:
        known = registry()
        found = known.agents.get(options["name"])
        if found is None:
            raise CommandError(known.why_not(options["name"]))
        if not 0 < options["timeout"] <= 86_400:
            raise CommandError("--timeout is a number of seconds from 0 to 86,400.")
        if options["memory"] < 1:
            raise CommandError("--memory is a number of MiB from 1.")
        given = _object(options["input"], "--input")
        config = _object(options["config"], "--config") if options["config"] else {}
        if options["check"] and not (health := check(found, config=config)).ok:
            raise CommandError(f"{found.name} cannot work now: {health.message}")
        outcome = run(
            found,
            input=given,
            config=config,
            idempotency_key=f"by-hand-{uuid.uuid4()}",
            attempt=1,
            timeout=timedelta(seconds=options["timeout"]),
            isolate=options["isolated"] or not (found.inline or options["in_process"]),
            memory=options["memory"] * 2**20,
        )
        answer = {
            "agent": found.name,
            "version": found.version,
            "package": found.package,
            "entry_point": found.entry_point,
            **WRITTEN.dump_python(outcome, mode="json"),
        }
        self.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False))
        if outcome.status == "failed":
            again = "A step would not try it again." if outcome.permanent else "A step would try it again."
            raise CommandError(f"{outcome.error_kind}: {outcome.error}\n{again}")


def _object(place: str, option: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if place == "-" else Path(place).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{option}: {place} cannot be read ({error}).") from None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{option}: {place} is not JSON ({error}).") from None
    if not isinstance(document, dict):
        raise CommandError(f"{option}: {place} holds a {type(document).__name__}, not an object with fields.")
    return document
