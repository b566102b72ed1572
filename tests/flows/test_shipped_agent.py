"""An agent as an author ships it: started, built, installed; a running site configures it and decides cases with it."""

import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.flows.at_the_admin import AtTheAdmin
from tests.flows.site_processes import ROOT, Site, site

PEOPLE = """
from django.contrib.auth.models import Group, User
for name in ("arne", "bea"):
    user = User.objects.create_user(name, password="conductor", is_staff=True)
    user.groups.add(Group.objects.get(name="Orchestration Architect"))
"""
STEP = """\
use: acme.letters
config: {fewest_words: 5}
input: {text: case.text}
"""

pytestmark = pytest.mark.slow


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A fresh virtual environment that borrows what is installed here, so that nothing is downloaded."""
    made = tmp_path / "environment"
    venv.create(made, symlinks=True)
    (packages,) = made.glob("lib/python*/site-packages")
    borrowed = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (packages / "borrowed.pth").write_text("\n".join(borrowed))
    return made


@pytest.fixture
def running(tmp_path: Path, environment: Path) -> Iterator[Site]:
    with site(tmp_path, python=str(environment / "bin/python")) as made:
        yield made


def test_a_shipped_agent_is_found_configured_and_decides_a_case(running: Site, environment: Path) -> None:
    ours = files_of_ours()
    assert "acme.letters" not in running.manage("agents")
    written = running.folder / "written"
    running.manage("startagent", "acme.letters", "--folder", str(written))
    install(built(written), environment)
    lines = [" ".join(line.split()) for line in running.manage("agents", "--strict").splitlines()]
    assert "acme.letters 0.1.0 inline acme-letters 0.1.0 Counts the words of a text" in lines

    running.manage("shell", "-c", PEOPLE)
    key = running.manage("apikey", "create", "letters", "--scope", "cases:write", "--scope", "cases:read").split()[-1]
    running.start_web()
    version = imported_and_configured(running.url, pack_of(environment))
    approved_and_published(running.url, version)

    long, short = (posted(running.url, key, text) for text in ("Five words are just enough", "Four are too few"))
    assert (long["status"], long["outcome"], long["decided_by"]) == ("decided", "accepted", "rules")
    assert [one["rule"] for one in long["decision"]["reasons"]] == ["long-enough"]
    assert (short["status"], short["work_item"]["reason"]) == ("escalated", "The text is too short")
    runs = running.rows("select agent, agent_version, status from orchestration_agentrun order by id")
    assert runs == [("acme.letters", "0.1.0", "succeeded")] * 2
    assert files_of_ours() == ours


def built(folder: Path) -> Path:
    """The wheel of a package."""
    pip("wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder / "dist"), str(folder))
    (wheel,) = (folder / "dist").iterdir()
    return wheel


def install(wheel: Path, environment: Path) -> None:
    python = str(environment / "bin/python")
    pip("--python", python, "install", "--no-index", "--no-deps", str(wheel))


def pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr


def pack_of(environment: Path) -> str:
    """The workflow pack that came with the wheel."""
    (pack,) = environment.glob("lib/python*/site-packages/acme_letters/pack.yaml")
    return pack.read_text(encoding="utf-8")


def imported_and_configured(url: str, pack: str) -> str:
    """An architect imports the pack, asks for five words in its step, and submits it: the path of the version."""
    with AtTheAdmin(url, "arne", "conductor") as arne:
        draft = arne.send("/admin/orchestration/workflow/import/", "Import", text=pack)
        version = draft.url.path.removesuffix("change/")
        step = f"{version}agents/letters/"
        assert "Counts the words of a text" in arne.page(step).text
        refused = arne.send(step, "Save step", status=400, source=STEP.replace("5", "0")).text
        assert "greater than or equal to 1" in refused
        arne.send(step, "Save step", source=STEP)
        assert "fewest_words: 5" in arne.page(step).text
        told = arne.send(f"{version}submit/", "Submit for approval", effect="Letters are decided by their words.").text
        assert "is submitted and frozen" in told
    return version


def approved_and_published(url: str, version: str) -> None:
    with AtTheAdmin(url, "bea", "conductor") as bea:
        assert "is approved" in bea.send(f"{version}review/", "Approve", comment="Good for a start.").text
        assert "is published" in bea.send(f"{version}change/", "Publish now").text


def posted(url: str, key: str, text: str) -> dict[str, Any]:
    answer = httpx2.post(
        f"{url}/api/v1/cases",
        json={"workflow": "acme-letters", "payload": {"text": text}},
        headers={"Authorization": f"Bearer {key}", "Prefer": "wait=10"},
        timeout=60,
    )
    assert answer.status_code == 201, answer.text
    case: dict[str, Any] = answer.json()
    return case


def files_of_ours() -> dict[str, tuple[int, int]]:
    """What stands in our code, told by size and time of change; what Python compiles aside."""
    found = [ROOT / "pyproject.toml", ROOT / "manage.py"]
    for folder in ("orchestration", "conductor_site", "plugins"):
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in found}
