"""The facts and parameters of a version as an editor lists them: by source, with title, type and an example."""

from __future__ import annotations

from typing import Any, Final

from orchestration.facts import Facts, FactSpec
from orchestration.rules.catalogue import catalogue_of, parameter_spec
from orchestration.rules.language import VersionContent
from orchestration.services.examples import elements_of, example_of

MOST: Final = 3_000
DEEPEST: Final = 3
SOURCES: Final = {
    "case": "The case",
    "agents": "Agent",
    "human": "A person's answers",
    "derived": "Set by rules and tables",
    "children": "Child cases",
    "meta": "About the case",
}


def fact_groups(content: VersionContent, recent: list[Facts]) -> list[dict[str, Any]]:
    """Groups `{source, title, facts}` in the order of SOURCES, each agent step a group of its own."""
    specs = catalogue_of(content).specs
    groups: dict[str, dict[str, Any]] = {}
    for path, spec in list(specs.items())[:MOST]:
        source, *names = path.split(".")
        name = f"{source}.{names[0]}" if source == "agents" else source
        title = f"{SOURCES.get(source, source)} “{names[0]}”" if source == "agents" else SOURCES.get(source, source)
        group = groups.setdefault(name, {"source": source, "title": title, "facts": []})
        within = _parents(path, specs)
        group["facts"].append(_fact(spec, recent, 0) | ({"within": within} if within else {}))
    order = list(SOURCES)
    return sorted(groups.values(), key=lambda group: order.index(group["source"]) if group["source"] in order else 99)


def parameters_of(content: VersionContent) -> list[dict[str, Any]]:
    """Each parameter with the type a condition sees; `value` is for reading only."""
    found = []
    for parameter in content.parameters:
        spec = parameter_spec(content, parameter.name)
        items = spec.items.type if spec and spec.items else ""
        value = parameter.value
        text = ", ".join(map(str, value[:8])) + (", …" if len(value) > 8 else "") if _many(value) else str(value)
        found.append(
            {
                "name": parameter.name,
                "title": parameter.label or spoken(parameter.name),
                "type": "duration" if parameter.type == "duration" else spec.type if spec else "any",
                "items": items,
                "value": f"{text} {parameter.unit}".strip()[:100],
            }
        )
    return found


def spoken(name: str) -> str:
    """`date_of_birth` as `Date of birth`."""
    words = name.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def _fact(spec: FactSpec, recent: list[Facts], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {"path": spec.path, "type": spec.type, "title": spec.title or _own_title(spec.path)}
    if spec.values:
        found["values"] = list(spec.values)
    for bound in ("minimum", "maximum"):
        value = getattr(spec, bound)
        if isinstance(value, int | float):
            found[bound] = value
    if spec.description:
        found["description"] = spec.description[:300]
    if example := example_of(spec.path, recent):
        found["example"] = example
    if spec.type == "array" and depth < DEEPEST:
        elements = elements_of(spec.path, recent)
        below = spec.items or FactSpec("item", "any")
        found["items"] = [_fact(one, elements, depth + 1) for one in list(below.walk())[:500]]
    return found


def _own_title(path: str) -> str:
    return "The element itself" if path == "item" else spoken(path.rsplit(".", 1)[-1])


def _parents(path: str, specs: Any) -> str:
    """`Applicant › Address` for `case.applicant.address.city`; agents' `output` goes without saying."""
    names = path.split(".")
    first = 3 if names[0] == "agents" else 2
    above = [".".join(names[:length]) for length in range(first, len(names))]
    titles = [specs[one].title or spoken(one.rsplit(".", 1)[-1]) for one in above if one in specs]
    return " › ".join(title for one, title in zip(above, titles, strict=False) if not one.endswith(".output"))


def _many(value: Any) -> bool:
    return isinstance(value, list | tuple)
