"""`manage.py import_workflow` and `export_workflow`: the same bytes out as in, emergencies said plainly."""

import sys
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from orchestration.agents.registry import registry
from orchestration.models import VersionStatus, Workflow, WorkflowVersion
from orchestration.rules.pack import dump_yaml
from tests.factories import WorkflowFactory
from tests.small_workflow import document

pytestmark = pytest.mark.django_db


def run(*words: Any) -> str:
    out = StringIO()
    call_command(*map(str, words), stdout=out)
    return out.getvalue()


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    file = tmp_path / "greeting.yaml"
    file.write_text(dump_yaml(document()))
    return file


def test_a_pack_is_imported_as_a_draft(pack: Path) -> None:
    assert run("import_workflow", pack) == "Version 1 of greeting imported as a draft.\n"
    version = WorkflowVersion.objects.get()
    assert (version.status, version.emergency, Workflow.objects.get().published_version) == ("draft", False, None)


def test_identical_content_makes_no_new_version(pack: Path) -> None:
    run("import_workflow", pack)
    assert run("import_workflow", pack) == "Version 1 of greeting has this content already.\n"
    assert WorkflowVersion.objects.count() == 1


def test_publishing_is_an_emergency_and_said_to_be(pack: Path) -> None:
    told = run("import_workflow", pack, "--publish")
    version = WorkflowVersion.objects.get()
    assert (version.status, version.emergency, version.published_by) == (VersionStatus.PUBLISHED, True, None)
    assert Workflow.objects.get().published_version == version
    assert "This was an emergency publication: nobody else has approved it" in told
    assert run("import_workflow", pack, "--publish").endswith("Version 1 of greeting is published already.\n")


def test_export_gives_the_bytes_that_were_exported_before(pack: Path, tmp_path: Path) -> None:
    run("import_workflow", pack)
    first, file = run("export_workflow", "greeting"), tmp_path / "again.yaml"
    file.write_text(first)
    run("import_workflow", file)
    assert WorkflowVersion.objects.count() == 1
    assert run("export_workflow", "greeting", "--output", file) == ""
    assert file.read_bytes() == first.encode()


@pytest.mark.parametrize("name", sorted(registry().workflows))
def test_a_bundled_workflow_comes_out_as_it_went_in(name: str, tmp_path: Path) -> None:
    pack = registry().workflows[name].path
    run("import_workflow", pack)
    slug, file = Workflow.objects.get().slug, tmp_path / "again.yaml"
    run("export_workflow", slug, "--output", file)
    assert file.read_bytes() == pack.read_bytes()
    run("import_workflow", file)
    assert WorkflowVersion.objects.count() == 1


def test_one_version_is_exported_by_number(pack: Path) -> None:
    run("import_workflow", pack, "--publish")
    other = document()
    other["version"]["note"] = "second"
    other["version"]["rules"][0]["title"] = "Another title"
    pack.write_text(dump_yaml(other))
    run("import_workflow", pack)
    assert "Another title" not in run("export_workflow", "greeting")  # the published one
    assert "Another title" in run("export_workflow", "greeting", "--version", 2)
    with pytest.raises(CommandError, match=r"^The workflow greeting has no version 3\.$"):
        run("export_workflow", "greeting", "--version", 3)


def test_a_faulty_pack_is_refused_with_every_place_and_nothing_is_stored(pack: Path) -> None:
    faulty = document()
    faulty["version"]["rules"][0]["when"] = {"fact": "case.tetx", "op": "eq", "value": "x"}
    faulty["version"]["rules"][3]["then"] = [{"decide": {"outcome": "maybe"}}]
    pack.write_text(dump_yaml(faulty))
    with pytest.raises(CommandError) as refused:
        run("import_workflow", pack)
    first, *places = str(refused.value).splitlines()
    assert first == f"{pack} is not a workflow pack: {len(places)} problems."
    assert len(places) == 2
    assert all(line.startswith("  /") and ": " in line for line in places)
    assert "case.text" in str(refused.value)  # the nearest fact is suggested
    assert (Workflow.objects.count(), WorkflowVersion.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("conductor: 1\nconductor: 1\n", "is not a workflow pack"),
        ("[]", "is not a workflow pack"),
        ("", "is not a workflow pack"),
        ("\x00", "is not a workflow pack"),
        ("a: &x 1\nb: *x\n", "is not a workflow pack"),
    ],
)
def test_what_is_no_pack_is_refused(pack: Path, text: str, told: str) -> None:
    pack.write_text(text)
    with pytest.raises(CommandError, match=told):
        run("import_workflow", pack)
    assert Workflow.objects.count() == 0


def test_a_scenario_that_fails_keeps_a_version_from_being_published(pack: Path) -> None:
    given = {"case": {"text": "Hi"}, "agents": {"hear": {"output": {"text": "Hi", "length": 2}, "confidence": 0.9}}}
    pack.write_text(dump_yaml(document(scenarios=[{"title": "Never", "given": given, "expect": {"outcome": "no"}}])))
    with pytest.raises(CommandError) as refused:
        run("import_workflow", pack, "--publish")
    assert str(refused.value).startswith("Version 1 of greeting was not published. 1 scenarios fail. The first: Never")
    assert (WorkflowVersion.objects.get().status, Workflow.objects.get().published_version) == ("draft", None)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot be read: No such file or directory\.$"):
        run("import_workflow", tmp_path / "none.yaml")
    (tmp_path / "binary").write_bytes(b"a\xff")
    with pytest.raises(CommandError, match=r"is not UTF-8: byte 2 cannot be read\.$"):
        run("import_workflow", tmp_path / "binary")


def test_a_pack_is_read_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(dump_yaml(document()).encode())))
    assert run("import_workflow", "-") == "Version 1 of greeting imported as a draft.\n"


def test_what_cannot_be_exported_is_said(tmp_path: Path) -> None:
    WorkflowFactory(slug="empty")
    with pytest.raises(CommandError, match=r"^The workflow empty has no version yet\.$"):
        run("export_workflow", "empty")
    with pytest.raises(CommandError, match=r"^There is no workflow 'nobody'. There are: empty\.$"):
        run("export_workflow", "nobody")


def test_an_output_that_cannot_be_written_is_said(pack: Path, tmp_path: Path) -> None:
    run("import_workflow", pack)
    with pytest.raises(CommandError, match=r"cannot be written: Is a directory\.$"):
        run("export_workflow", "greeting", "--output", tmp_path)
