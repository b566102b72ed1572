"""What commands read: files, standard input and names, each refused with a sentence."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import CommandError

from orchestration.facts import Problem
from orchestration.models import Workflow


def text_of(name: str) -> str:
    """The file as UTF-8 text; `-` is standard input."""
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return content.decode()
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise CommandError(f"{name} is not UTF-8: byte {error.start + 1} cannot be read.") from None


def json_of(name: str) -> Any:
    """The file as JSON; NaN and infinities are refused."""
    try:
        return json.loads(text_of(name), parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise CommandError(f"{name} is not JSON: {error.msg} at {where}.") from None
    except (RecursionError, ValueError) as error:
        raise CommandError(f"{name} is not JSON: {error}.") from None


def workflow_named(slug: str) -> Workflow:
    workflow = Workflow.objects.filter(slug=slug).first()
    if workflow is None:
        known = ", ".join(Workflow.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no workflow {slug!r}. There are: {known}.")
    return workflow


def problem_lines(what: str, problems: Iterable[Problem]) -> str:
    """A sentence and a line for each place: pointer and what is wrong there."""
    problems = list(problems)
    count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
    return "\n".join([f"{what}: {count}.", *(f"  {one.pointer or '(top)'}: {one.detail}" for one in problems)])


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a value that JSON has")
