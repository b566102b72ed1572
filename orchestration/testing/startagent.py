"""Writes the package of a new agent, tests and all: `python -m orchestration.testing.startagent acme.greeter`."""

from __future__ import annotations

import argparse
import keyword
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Final

from orchestration.agents.declared import declared
from orchestration.agents.registry import AGENTS, WORKFLOWS

LONGEST: Final = 60
"""Characters of a name: package, module and class are called after it too."""

_NAME: Final = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*(\.[a-z][a-z0-9]*([_-][a-z0-9]+)*)+")
_TEMPLATES: Final = Path(__file__).parents[1] / "templates" / "orchestration" / "startagent"
_FILES: Final = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    ".gitignore": "gitignore.txt",
    "src/$module/__init__.py": "init.py.txt",
    "src/$module/agent.py": "agent.py.txt",
    "src/$module/pack.yaml": "pack.yaml.txt",
    "src/$module/py.typed": "",
    "tests/test_agent.py": "test_agent.py.txt",
    "tests/test_pack.py": "test_pack.py.txt",
}


class NotStarted(ValueError):
    """Why no package was written, and the cure."""


@dataclass(frozen=True)
class Started:
    """The package that was written: its folder, and its files in it."""

    folder: Path
    files: tuple[Path, ...]


def start_agent(name: str, directory: str | Path | None = None) -> Started:
    """Write a package for the agent `name` (as in "acme.greeter") into a new or empty folder.

    `directory`: the folder; else one called after the agent, where one stands. Raises NotStarted for a name that
    cannot be or is taken, and for a folder that holds anything, before a file is written.
    """
    words = _words(name)
    _refuse_taken(name, words)
    folder = Path(directory) if directory is not None else Path(words["distribution"])
    texts = {Path(Template(path).substitute(words)): _text(template, words) for path, template in _FILES.items()}
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise NotStarted(f"{folder} is there already and not empty. Give another folder with --directory.")
        for path, text in texts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            with (folder / path).open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise NotStarted(
            f"{error.filename or folder} cannot be written ({error.strerror}). Give another folder with --directory."
        ) from None
    return Started(folder, tuple(texts))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command, here and in `manage.py startagent`."""
    parser.add_argument(
        "name", metavar="NAME", help="the agent's name, as in acme.greeter: your plugin, then the agent"
    )
    parser.add_argument("--directory", metavar="DIR", help="a new or empty folder; default: one called after the agent")


def told(started: Started) -> str:
    """What was written and what to do next."""
    return "\n".join(
        [
            f"Written to {started.folder}:",
            *(f"  {path}" for path in started.files),
            "Its tests pass as it is. Try it:",
            f"  cd {started.folder} && {Path(sys.executable).name} -m pytest",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="startagent", description="Writes the package of a new agent, with tests.")
    add_arguments(parser)
    given = parser.parse_args(arguments)
    try:
        started = start_agent(given.name, given.directory)
    except NotStarted as refused:
        print(refused, file=sys.stderr)
        return 1
    print(told(started))
    return 0


def _words(name: str) -> dict[str, str]:
    """What the templates are filled with."""
    if len(name) > LONGEST:
        raise NotStarted(f"The name is longer than {LONGEST} characters. Shorten it.")
    if not _NAME.fullmatch(name):
        lower = re.sub(r"[^a-z0-9._-]+", "_", name.partition("@")[0].lower())
        near = lower if "." in lower else f"acme.{lower}"
        hint = f", for instance {near}" if _NAME.fullmatch(near) else ""
        raise NotStarted(
            f'"{name}" is no name for an agent. Write your plugin, a dot and the agent in lower case, as in '
            f"acme.greeter{hint}; letters, digits, and _ or - between them."
        )
    flat = re.sub(r"[._-]", "-", name)
    last = name.rpartition(".")[2]
    camel = "".join(part.capitalize() for part in re.split(r"[_-]", last))
    return {
        "name": name,
        "distribution": flat,
        "slug": flat,
        "module": flat.replace("-", "_"),
        "step": last.replace("-", "_"),
        "class_name": camel if camel.endswith("Agent") and camel != "Agent" else f"{camel}Agent",
        "title": f"Texts for {name}",
        "conductor": _conductor_version(),
    }


def _refuse_taken(name: str, words: Mapping[str, str]) -> None:
    plugins, _ = declared((AGENTS, WORKFLOWS))
    for plugin in plugins:
        if plugin.group == AGENTS and plugin.name.partition("@")[0] == name:
            raise NotStarted(f'{plugin.package} declares the agent "{name}" already. Choose another name.')
        if plugin.group == WORKFLOWS and plugin.name == words["slug"]:
            raise NotStarted(f'{plugin.package} ships the workflow pack "{plugin.name}" already. Choose another name.')
    module = words["module"]
    if keyword.iskeyword(module) or find_spec(module) is not None:
        raise NotStarted(f'Python knows a module "{module}" already. Choose another name.')


def _text(template: str, words: Mapping[str, str]) -> str:
    return Template((_TEMPLATES / template).read_text(encoding="utf-8")).substitute(words) if template else ""


def _conductor_version() -> str:
    try:
        return version("django-conductor")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0.1"


if __name__ == "__main__":
    sys.exit(main())
