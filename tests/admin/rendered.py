"""A pytest plugin (`-p tests.admin.rendered`): writes the names of all templates that a run rendered to $RENDERED."""

import os
from pathlib import Path
from typing import Any

from django.test.signals import template_rendered

_names: set[str] = set()


def _note(template: Any, **_: Any) -> None:
    _names.add(str(template.name))


def pytest_configure() -> None:
    template_rendered.connect(_note)


def pytest_sessionfinish() -> None:
    Path(os.environ["RENDERED"]).write_text("\n".join(sorted(_names)))
