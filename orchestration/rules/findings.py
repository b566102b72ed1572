"""What a check finds, and what it needs to know while it looks."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from orchestration.facts import Catalogue, FactSpec
from orchestration.rules.catalogue import catalogue_of, parameter_spec
from orchestration.rules.language import Parameter, VersionContent
from orchestration.rules.operators import UTC_ZONE

ERROR: Final = "error"
WARNING: Final = "warning"
_MOST_SUGGESTIONS: Final = 100
"""Looking for the nearest spelling is slow; a version wrong in more places is wrong in the same way."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`error`: the version cannot be saved so. `warning`: it can, but is it meant? `pointer`: RFC 6901 into the
    version's document. `rule`: key of the rule or table it is in. `suggestion`: the word that was perhaps meant."""

    severity: str
    pointer: str
    rule: str
    message: str
    suggestion: str = ""

    @property
    def block(self) -> str:
        """Key of the rule or table, without the row."""
        return self.rule.partition("/")[0]


class Check:
    """One check of one version: the findings so far, and the version's words."""

    def __init__(
        self, content: VersionContent, queues: Collection[str] | None, workflows: Collection[str] | None
    ) -> None:
        self.content = content
        self.catalogue = catalogue_of(content)
        self.queues = queues
        self.workflows = workflows
        self.parameters: dict[str, Parameter] = {one.name: one for one in content.parameters}
        self.steps = {step.name: step for step in content.agents}
        self.findings: list[Finding] = []
        self.rule = ""  # key of the rule or table being looked at
        self.zone = UTC_ZONE
        self.used_parameters: set[str] = set()
        self._specs: dict[str, FactSpec | None] = {}
        self._nearest: dict[tuple[str, tuple[str, ...]], str] = {}

    def error(self, pointer: str, message: str, suggestion: str = "") -> None:
        self._add(ERROR, pointer, message, suggestion)

    def warning(self, pointer: str, message: str, suggestion: str = "") -> None:
        self._add(WARNING, pointer, message, suggestion)

    def unknown(self, pointer: str, what: str, word: str, known: Collection[str], *, severity: str = ERROR) -> None:
        """`word` is not one of the known ones: name the nearest."""
        hint = f" There is {_some(known)}." if 0 < len(known) <= 5 else ""
        self._add(severity, pointer, f"There is no {what} “{word}”.", self.nearest(word, known), hint)

    def parameter(self, name: str, pointer: str) -> FactSpec | None:
        """The parameter as if it were a fact, noted as used; None, with an error, when there is none."""
        self.used_parameters.add(name)
        if name not in self.parameters:
            self.unknown(pointer, "parameter", name, self.parameters)
            return None
        if name not in self._specs:
            self._specs[name] = parameter_spec(self.content, name)
        return self._specs[name]

    def fact(self, path: str, pointer: str, catalogue: Catalogue | None = None) -> FactSpec | None:
        """The fact at this path; None, with an error that names the nearest, when there is none."""
        catalogue = catalogue or self.catalogue
        spec = catalogue.get(path)
        if spec is not None:
            return spec
        source, *names = path.split(".")
        step = self.steps.get(names[0]) if names else None
        if source == "item":
            if any(known.split(".", 1)[0] == "item" for known in catalogue.specs):
                self.unknown(pointer, "fact", path, catalogue.specs)
            else:
                self.error(pointer, f"“{path}” is only known inside some, every and none: it is their element.")
        elif source == "agents" and names and step is None:
            meant = self.nearest(names[0], self.steps)
            path = ".".join(("agents", meant, *names[1:])) if meant else ""
            self.error(pointer, f"There is no agent step “{names[0]}”.", path)
        elif step is not None and names[1:2] == ["output"] and not step.output_schema:
            self.error(pointer, f"What the agent of step “{step.name}” gives is not known: it is not installed.")
        else:
            self.unknown(pointer, "fact", path, catalogue.specs)
        return None

    def nearest(self, word: str, known: Collection[str]) -> str:
        key = (word, tuple(known))
        if key not in self._nearest:
            if len(self._nearest) >= _MOST_SUGGESTIONS or len(word) > 200:
                return ""
            found = difflib.get_close_matches(word, key[1], n=1, cutoff=0.5)
            self._nearest[key] = found[0] if found else ""
        return self._nearest[key]

    def _add(self, severity: str, pointer: str, message: str, suggestion: str, hint: str = "") -> None:
        message += f" Did you mean “{suggestion}”?" if suggestion else hint
        self.findings.append(Finding(severity, pointer, self.rule, message, suggestion))


def _some(words: Collection[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)
