"""`manage.py startagent`: a package whose own tests pass at once, or a refusal with the cure and nothing written."""

import os
import subprocess
import sys
import tomllib
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from orchestration.rules.pack import load
from orchestration.testing import startagent

ROOT = Path(__file__).parents[2]
FILES = [
    ".gitignore",
    "README.md",
    "pyproject.toml",
    "src/acme_greeter/__init__.py",
    "src/acme_greeter/agent.py",
    "src/acme_greeter/pack.yaml",
    "src/acme_greeter/py.typed",
    "tests/test_agent.py",
    "tests/test_pack.py",
]
NAMES = [
    "acme.greeter",
    # as long as a name may be, with all that it may hold
    "acme.go2.with-some_long-part.and-one-more-part.words_agent2",
]


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def python(*words: str, folder: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )


def test_it_writes_a_package_and_says_what_is_next(tmp_path: Path) -> None:
    said = StringIO()
    call_command("startagent", "acme.greeter", "--folder", str(tmp_path / "new"), stdout=said)
    assert files(tmp_path / "new") == FILES
    lines = said.getvalue().splitlines()
    assert lines[0] == f"Written to {tmp_path / 'new'}:"
    assert sorted(line.strip() for line in lines[1:10]) == FILES
    assert lines[-1].endswith("-m pytest")


def test_what_is_written_declares_the_agent_and_its_pack(tmp_path: Path) -> None:
    startagent.start_agent("acme.letters.word-count", tmp_path)
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text())["project"]
    assert project["name"] == "acme-letters-word-count"
    assert project["entry-points"] == {
        "conductor.agents": {"acme.letters.word-count": "acme_letters_word_count.agent:WordCountAgent"},
        "conductor.workflows": {"acme-letters-word-count": "acme_letters_word_count"},
    }
    pack = load((tmp_path / "src/acme_letters_word_count/pack.yaml").read_text())
    assert pack.workflow["slug"] == "acme-letters-word-count"
    assert [(step.name, step.use) for step in pack.content.agents] == [("word_count", "acme.letters.word-count")]


def test_no_placeholder_is_left_and_every_template_is_used(tmp_path: Path) -> None:
    startagent.start_agent("acme.greeter", tmp_path)
    assert [path for path in files(tmp_path) if "$" in (tmp_path / path).read_text()] == []
    templates = ROOT / "orchestration/templates/orchestration/startagent"
    used = {template for template in startagent._FILES.values() if template}
    assert {path.name for path in templates.iterdir()} == used


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_its_own_tests_pass_at_once_and_linters_are_content(tmp_path: Path, name: str) -> None:
    """Where no settings are to be had: an author's empty folder."""
    started = python(
        "-m", "orchestration.testing.startagent", name, folder=tmp_path, DJANGO_SETTINGS_MODULE="nothing.here"
    )
    assert (started.returncode, started.stderr) == (0, "")
    (folder,) = tmp_path.iterdir()
    tested = python("-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", folder=folder)
    assert "22 passed" in tested.stdout, tested.stdout[-3000:]
    for words in (("check", "--select=E,F,I,B,UP"), ("format", "--check")):
        ruff = ("-m", "ruff", *words, "--isolated", "--no-cache", "--line-length=120")
        checked = python(*ruff, folder=folder)
        assert checked.returncode == 0, checked.stdout


@pytest.mark.slow
def test_its_tests_fail_when_the_agent_breaks_a_promise(tmp_path: Path) -> None:
    startagent.start_agent("acme.greeter", tmp_path)
    agent = tmp_path / "src/acme_greeter/agent.py"
    agent.write_text(agent.read_text().replace("permanent=True", "permanent=False"))
    tested = python("-m", "pytest", "-q", "-p", "no:cacheprovider", folder=tmp_path)
    assert tested.returncode == 1
    assert "refuses what does not fit" in tested.stdout
    assert "2 failed, 20 passed" in tested.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("greeter", "for instance acme.greeter", id="no plugin"),
        pytest.param("Acme.Greeter", "for instance acme.greeter", id="capitals"),
        pytest.param("acme.greeter@2", "for instance acme.greeter", id="a label"),
        pytest.param("acme. greeter", "a dot and the agent in lower case", id="a space"),
        pytest.param("acme..greeter", "as in acme.greeter;", id="an empty part"),
        pytest.param("acme.9lives", "as in acme.greeter;", id="a digit first"),
        pytest.param("", "as in acme.greeter;", id="nothing"),
        pytest.param("acme.größe", "for instance acme.gr_e", id="letters of another alphabet"),
        pytest.param("../acme.greeter", "as in acme.greeter;", id="a path"),
        pytest.param("acme." + "a" * 56, "longer than 60 characters. Shorten it.", id="too long"),
        pytest.param("kyc.identity", 'declares the agent "kyc.identity" already. Choose another name.', id="taken"),
        pytest.param("django.conductor", 'A package "django-conductor" is installed already.', id="a package"),
        pytest.param("conductor.site", 'a module "conductor_site" already. Choose another name.', id="a module"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_the_cure(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("startagent", name, "--folder", str(tmp_path / "new"))
    assert said in str(refused.value)
    assert files(tmp_path) == []


def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(CommandError, match=r"there already and not empty\. Give another folder with --folder\."):
        call_command("startagent", "acme.greeter", "--folder", str(tmp_path))
    assert files(tmp_path) == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_file_where_the_folder_should_be_is_left_as_it_is(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(CommandError, match="Give another folder with --folder"):
        call_command("startagent", "acme.greeter", "--folder", str(tmp_path / place))
    assert (tmp_path / "file").read_text() == "mine"


def test_without_django_a_refusal_is_one_sentence_and_status_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert startagent.main(["greeter"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith('"greeter" is no name for an agent.')
    assert said.err.count("\n") == 1
