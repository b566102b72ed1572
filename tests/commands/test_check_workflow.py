"""`manage.py check_workflow`: exit codes and a JUnit report that a CI reads; nothing is stored."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from orchestration.models import Workflow
from orchestration.rules.pack import dump_yaml
from tests.small_workflow import document, rules

pytestmark = pytest.mark.django_db
HEARD = {"hear": {"output": {"text": "hi", "length": 2}, "confidence": 0.9}}
HOLDS = {"title": "Polite", "given": {"case": {"text": "hi"}, "agents": HEARD}, "expect": {"outcome": "yes"}}
FAILS = {"title": "Rude\x01", "given": {"case": {"text": "hi", "rude": True}}, "expect": {"outcome": "yes"}}
NEVER = {
    "key": "never",
    "title": "Never",
    "when": {"all": [{"fact": "case.rude", "op": "eq", "value": flag} for flag in (True, False)]},
    "then": [{"decide": {"outcome": "no"}}],
}


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def call(**changed: Any) -> Path:
        file = tmp_path / "pack.yaml"
        file.write_text(dump_yaml(document(**{"rules": [*rules(), {**NEVER, "when": "always"}], **changed})))
        return file

    return call


def run(*words: Any) -> tuple[int, str]:
    """Exit code and what was said."""
    out = StringIO()
    try:
        call_command("check_workflow", *map(str, words), stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, f"{out.getvalue()}{error}"
    return 0, out.getvalue()


def test_a_good_pack(write: Any) -> None:
    file = write(scenarios=[HOLDS])
    assert run(file) == (0, f"{file}: 0 errors, 0 warnings, 1 scenarios hold.\n")
    assert Workflow.objects.count() == 0


def test_a_scenario_that_fails(write: Any) -> None:
    code, said = run(write(scenarios=[HOLDS, FAILS]))
    assert code == 1
    assert "ERROR: Rude\x01: expected outcome yes, but the rules escalate" in said
    assert said.endswith("0 errors, 0 warnings, 1 of 2 scenarios fail.\n")


def test_an_error_names_its_place_in_the_file(write: Any) -> None:
    wrong = [{**NEVER, "when": {"fact": "case.tetx", "op": "is_set"}}]
    code, said = run(write(rules=wrong, scenarios=[HOLDS]))
    assert code == 1
    assert "ERROR: never (/version/rules/0/when/fact): There is no fact “case.tetx”. Did you mean “case.text”?" in said


def test_warnings_count_only_when_asked(write: Any) -> None:
    file = write(rules=[*rules(), NEVER])
    code, said = run(file)
    assert (code, "warning: never (/version/rules/4/when): This rule can never be true" in said) == (0, True)
    assert run(file, "--warnings-as-errors") == (1, said)


def test_an_agent_that_is_not_installed(write: Any) -> None:
    code, said = run(write(use="test.nobody"))
    assert (code, "ERROR: /version/agents/hear/use: " in said) == (1, True)


@pytest.mark.parametrize("text", ["a: [", "[]", "", "conductor: 2\nworkflow: {}\nversion: {}\n"])
def test_what_is_no_pack_is_unreadable(tmp_path: Path, text: str) -> None:
    file = tmp_path / "pack.yaml"
    file.write_text(text)
    code, said = run(file, "--junit", tmp_path / "report.xml")
    assert (code, f"{file} is not a workflow pack" in said) == (2, True)
    assert ET.parse(tmp_path / "report.xml").find("testsuite").get("failures") == "1"


def test_so_is_what_is_not_there_or_no_text(tmp_path: Path) -> None:
    assert run(tmp_path / "none.yaml")[0] == 2
    (tmp_path / "binary").write_bytes(b"\xff\x00")
    assert run(tmp_path / "binary")[0] == 2


def test_the_junit_report(write: Any, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    run(write(rules=[*rules(), NEVER], scenarios=[HOLDS, FAILS]), "--junit", report)
    checks, scenarios = ET.parse(report).getroot()
    assert (checks.get("name"), checks.get("failures")) == ("checks", "0")
    assert "can never be true" in checks.findtext("testcase/system-out")
    assert (scenarios.get("tests"), scenarios.get("failures")) == ("2", "1")
    assert [case.get("name") for case in scenarios] == ["Polite", "Rude\ufffd"]
    assert scenarios[1].find("failure").get("message").startswith("expected outcome yes, but the rules escalate")
    run(write(rules=[*rules(), NEVER]), "--junit", report, "--warnings-as-errors")
    assert ET.parse(report).getroot()[0].get("failures") == "1"


def test_a_report_that_cannot_be_written_is_said(write: Any, tmp_path: Path) -> None:
    code, said = run(write(), "--junit", tmp_path / "none" / "report.xml")
    assert (code, "cannot be written: No such file or directory." in said) == (2, True)


def test_a_pack_is_read_from_standard_input(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(write().read_bytes())))
    assert run("-")[0] == 0


def test_it_needs_no_database(tmp_path: Path) -> None:
    """As a CI would call it: a fresh process, nothing migrated."""
    root = Path(__file__).parents[2]
    environment = {"PATH": "/usr/bin:/bin", "DEMO": "1", "VAR_DIR": str(tmp_path), "HOME": str(tmp_path)}
    command = [sys.executable, "manage.py", "check_workflow", "plugins/kyc/pack.yaml"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 errors, 0 warnings" in done.stdout
