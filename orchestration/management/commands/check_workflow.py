"""`manage.py check_workflow FILE`: a pack's checks and scenarios for somebody's CI, without touching what is stored."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orchestration.engine.compile import compile_version
from orchestration.engine.scenario import run_scenario
from orchestration.management.files import problem_lines, text_of
from orchestration.rules.check import Finding, check
from orchestration.rules.language import VersionContent
from orchestration.rules.pack import Pack, load, place_in_pack
from orchestration.rules.parse import RuleError
from orchestration.services.version import freeze

GOOD: Final = 0
FAULTY: Final = 1
UNREADABLE: Final = 2


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One line of the report: a check or a scenario, and what is wrong with it ("" when nothing is)."""

    group: str
    name: str
    fault: str = ""
    severity: str = "error"


class Command(BaseCommand):
    help = (
        "Checks a workflow pack (YAML) and runs its scenarios. Stores nothing. Exit code 0: good; 1: errors or "
        "scenarios that fail; 2: the file cannot be read as a pack."
    )
    requires_migrations_checks = False
    requires_system_checks = ()  # they import every page of the site

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="The pack; - reads standard input.")
        parser.add_argument("--junit", metavar="FILE", help="Also write the results as JUnit XML.")
        parser.add_argument("--warnings-as-errors", action="store_true", help="Warnings make the exit code 1 too.")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["file"]
        try:
            pack = load(text_of(name))
        except RuleError as error:
            self._end(options, [_unreadable(name, problem_lines("not a pack", error.problems))], UNREADABLE)
            raise CommandError(
                problem_lines(f"{name} is not a workflow pack", error.problems), returncode=UNREADABLE
            ) from None
        except CommandError as error:
            raise CommandError(str(error), returncode=UNREADABLE) from None
        content, outcomes = _checked(pack)
        strict = options["warnings_as_errors"]
        outcomes += _scenarios(content) if content is not None else []
        wrong = [one for one in outcomes if one.fault and (strict or one.severity == "error")]
        self._say(name, outcomes)
        self._end(options, outcomes, FAULTY if wrong else GOOD)
        if wrong:
            sys.exit(FAULTY)

    def _say(self, name: str, outcomes: list[_Outcome]) -> None:
        for one in outcomes:
            if one.fault:
                self.stdout.write(f"{_MARKS[one.severity]}: {one.name}: {one.fault}")
        errors = sum(bool(one.fault) and one.group == "checks" and one.severity == "error" for one in outcomes)
        warnings = sum(bool(one.fault) and one.severity == "warning" for one in outcomes)
        scenarios = [one for one in outcomes if one.group == "scenarios"]
        failed = sum(bool(one.fault) for one in scenarios)
        told = f"{failed} of {len(scenarios)} scenarios fail" if failed else f"{len(scenarios)} scenarios hold"
        self.stdout.write(f"{name}: {_count(errors, 'error')}, {_count(warnings, 'warning')}, {told}.")

    def _end(self, options: dict[str, Any], outcomes: list[_Outcome], code: int) -> None:
        if not options["junit"]:
            return
        try:
            Path(options["junit"]).write_bytes(_junit(options["file"], outcomes, strict=options["warnings_as_errors"]))
        except OSError as error:
            raise CommandError(
                f"{options['junit']} cannot be written: {error.strerror}.", returncode=max(code, UNREADABLE)
            ) from None


def _checked(pack: Pack) -> tuple[VersionContent | None, list[_Outcome]]:
    """The content as saving would freeze it, and its findings; no content where agents are missing or errors found."""
    try:
        content = freeze(pack.content)
    except RuleError as error:
        return None, [_Outcome("checks", place_in_pack(one.pointer), one.detail) for one in error.problems]
    findings = check(content, queues={str(queue["slug"]) for queue in pack.queues})
    outcomes = [_found(one) for one in findings] or [_Outcome("checks", "all checks")]
    if any(finding.severity == "error" for finding in findings):
        return None, outcomes
    return content, outcomes


def _scenarios(content: VersionContent) -> list[_Outcome]:
    rule_set = compile_version(content)
    try:
        results = [run_scenario(rule_set, scenario) for scenario in content.scenarios]
    finally:
        rule_set.close()
    return [_Outcome("scenarios", result.title, result.message) for result in results]


def _found(finding: Finding) -> _Outcome:
    where = f"{finding.rule} ({place_in_pack(finding.pointer)})" if finding.rule else place_in_pack(finding.pointer)
    return _Outcome("checks", where, finding.message, finding.severity)


def _unreadable(name: str, said: str) -> _Outcome:
    return _Outcome("checks", name, said)


def _junit(name: str, outcomes: list[_Outcome], *, strict: bool) -> bytes:
    """Checks and scenarios as two suites. Warnings pass, with their text as output, unless they count as errors."""
    root = ET.Element("testsuites", name=_xml(name))
    for group in ("checks", "scenarios"):
        own = [one for one in outcomes if one.group == group]
        failing = [one for one in own if one.fault and (strict or one.severity == "error")]
        suite = ET.SubElement(root, "testsuite", name=group, tests=str(len(own)), failures=str(len(failing)))
        for one in own:
            case = ET.SubElement(suite, "testcase", classname=f"{_xml(name)}.{group}", name=_xml(one.name))
            if one in failing:
                ET.SubElement(case, "failure", message=_xml(one.fault.split("\n")[0])).text = _xml(one.fault)
            elif one.fault:
                ET.SubElement(case, "system-out").text = _xml(one.fault)
    ET.indent(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _xml(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return "".join(
        sign if sign in "\t\n\r" or (sign >= " " and sign not in "\ufffe\uffff") else "\ufffd" for sign in text
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


_MARKS: Final = {"error": "ERROR", "warning": "warning"}
