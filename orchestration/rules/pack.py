"""Workflow packs: a workflow with its queues and one version as a YAML file, read strictly and written one way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from orchestration.facts import check_values
from orchestration.rules.language import VersionContent
from orchestration.rules.parse import MAX_DOCUMENT_DEPTH, version_from, version_to
from orchestration.rules.reading import SLUG, TEXT_LENGTH, Reader, RuleError, at
from orchestration.rules.times import parse_duration
from orchestration.rules.yaml_reading import load_yaml
from orchestration.rules.yaml_writing import dump_yaml

__all__ = ["FORMAT", "Pack", "dump", "dump_yaml", "load", "load_yaml", "place_in_pack"]

FORMAT: Final = 1
AUTONOMY: Final = ("automatic", "supervised", "manual", "paused")
_SETTINGS: Final = ("slug", "title", "objective", "autonomy", "qa_sample_rate", "service_levels", "baseline")
_CONTENT: Final = ("outcomes", "feedback", "input_schema", "human_fields", "time_zone", "budget")
_VERSION: Final = ("parameters", "agents", "rules", "tables", "scenarios")
_SERVICE_LEVELS: Final = ("escalation", "approval", "review")
_BASELINE: Final = ("minutes_per_case", "cases_per_person_day")
_FROZEN: Final = ("agent_version", "input_schema", "output_schema", "inline")


@dataclass(frozen=True, slots=True)
class Pack:
    """`workflow`: its settings (slug, title, …); what belongs to the version is in `content`."""

    workflow: Mapping[str, Any]
    queues: tuple[Mapping[str, Any], ...]
    note: str
    content: VersionContent


def load(text: str) -> Pack:
    """Read a pack. Raises RuleError naming every error by its place in the file."""
    data = load_yaml(text)
    reader = Reader()
    for problem in check_values(data, max_depth=MAX_DOCUMENT_DEPTH + 1):
        reader.fault(problem.pointer, f"The value {problem.detail}.")
    reader.finish()
    required = ("conductor", "workflow", "version")
    found = reader.mapping(data, "", "The pack", required=required, optional=("queues",))
    reader.finish()
    assert found is not None  # noqa: S101 - else finish has raised
    if isinstance(found["conductor"], bool) or found["conductor"] != FORMAT:
        reader.fault("/conductor", f"Packs have the format number {FORMAT}; this one has {found['conductor']}.")
    workflow = _workflow(reader, found["workflow"])
    queues = _queues(reader, found.get("queues", []))
    version = found["version"]
    reader.mapping(version, "/version", "The version", optional=("note", *_VERSION))
    if not isinstance(version, Mapping):
        reader.finish()
    note = reader.text(version.get("note", ""), "/version/note", "The note", limit=TEXT_LENGTH, empty=True)
    sections: dict[str, Any] = {key: workflow[key] for key in _CONTENT if key in workflow}
    sections |= {key: version[key] for key in _VERSION if key in version}
    content = None
    try:
        content = version_from(sections)
    except RuleError as error:
        noted = {problem.pointer for problem in reader.problems}
        for problem in error.problems:
            if not (problem.pointer == "" and "/workflow" in noted):
                reader.fault(place_in_pack(problem.pointer), problem.detail)
    reader.finish()
    assert content is not None  # noqa: S101 - else finish has raised
    settings = {key: workflow[key] for key in _SETTINGS if key in workflow}
    return Pack(settings, queues, note, content)


def dump(pack: Pack) -> str:
    """The pack as YAML: the same content gives the same bytes. What saving a version freezes is left out."""
    content = version_to(pack.content)
    for step in content.get("agents", {}).values():
        for key in _FROZEN:
            step.pop(key, None)
    settings = {key: _sorted(pack.workflow[key]) for key in _SETTINGS if key in pack.workflow}
    settings |= {key: _sorted(content[key]) for key in _CONTENT if key in content}
    version: dict[str, Any] = {"note": pack.note} if pack.note else {}
    version |= {key: content[key] for key in _VERSION if key in content}
    if "agents" in version:
        version["agents"] = {
            name: {key: _sorted(value) for key, value in version["agents"][name].items()}
            for name in sorted(version["agents"])
        }
    if "parameters" in version:
        version["parameters"] = {name: version["parameters"][name] for name in sorted(version["parameters"])}
    if "scenarios" in version:
        version["scenarios"] = [
            {key: _sorted(value) for key, value in scenario.items()} for scenario in version["scenarios"]
        ]
    document: dict[str, Any] = {"conductor": FORMAT, "workflow": settings}
    if pack.queues:
        document["queues"] = [
            {key: queue[key] for key in ("slug", "title", "skills") if key in queue} for queue in pack.queues
        ]
    return dump_yaml(document | {"version": version})


def place_in_pack(pointer: str) -> str:
    """Where a place of the version's document is in a pack."""
    section = pointer.split("/")[1] if pointer else ""
    return f"/workflow{pointer}" if section in _CONTENT or not section else f"/version{pointer}"


def _workflow(reader: Reader, data: Any) -> Mapping[str, Any]:
    required = ("slug", "title", "outcomes", "input_schema")
    optional = tuple(key for key in (*_SETTINGS, *_CONTENT) if key not in required)
    found = reader.mapping(data, "/workflow", "The workflow", required=required, optional=optional)
    if found is None:
        return {}
    base = "/workflow"
    if "slug" in found:
        reader.name(found["slug"], f"{base}/slug", "The slug", SLUG)
    if "title" in found:
        reader.text(found["title"], f"{base}/title", "The title", limit=200)
    reader.text(found.get("objective", ""), f"{base}/objective", "The objective", limit=TEXT_LENGTH, empty=True)
    reader.choice(found.get("autonomy", "automatic"), f"{base}/autonomy", "“autonomy”", AUTONOMY)
    rate = reader.number(found.get("qa_sample_rate", 0), f"{base}/qa_sample_rate", "“qa_sample_rate”")
    if not 0 <= rate <= 1:
        reader.fault(f"{base}/qa_sample_rate", f"“qa_sample_rate” is a share from 0 to 1, not {rate}.")
    _service_levels(reader, found.get("service_levels", {}), f"{base}/service_levels")
    baseline = reader.mapping(found.get("baseline", {}), f"{base}/baseline", "“baseline”", optional=_BASELINE)
    for key, value in (baseline or {}).items():
        if reader.number(value, at(f"{base}/baseline", key), f"“{key}”") < 0:
            reader.fault(at(f"{base}/baseline", key), f"“{key}” must not be negative.")
    return found


def _service_levels(reader: Reader, data: Any, pointer: str) -> None:
    levels = reader.mapping(data, pointer, "“service_levels”", optional=_SERVICE_LEVELS)
    for key, value in (levels or {}).items():
        try:
            parse_duration(value)
        except ValueError as error:
            reader.fault(at(pointer, key), str(error))


def _queues(reader: Reader, data: Any) -> tuple[Mapping[str, Any], ...]:
    found: list[Mapping[str, Any]] = []
    slugs: set[str] = set()
    for one, place in reader.sequence(data, "/queues", "“queues”", limit=500):
        queue = reader.mapping(one, place, "The queue", required=("slug", "title"), optional=("skills",))
        if queue is None:
            continue
        slug = reader.name(queue.get("slug", "x"), at(place, "slug"), "The slug", SLUG)
        reader.text(queue.get("title", "x"), at(place, "title"), "The title", limit=200)
        for skill, below in reader.sequence(queue.get("skills", []), at(place, "skills"), "“skills”", limit=100):
            reader.text(skill, below, "The skill")
        if "slug" in queue and slug in slugs:
            reader.fault(at(place, "slug"), f"There are two queues “{slug}”.")
        slugs.add(slug)
        found.append(queue)
    return tuple(found)


def _sorted(value: Any) -> Any:
    """Mappings by name: they have no order, and databases do not keep one."""
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_sorted(one) for one in value]
    return value
