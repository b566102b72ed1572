"""A small workflow on the test agents, written as a pack, for tests of the layers above the pure part."""

from collections.abc import Sequence
from typing import Any

from orchestration.models import Workflow, WorkflowVersion
from orchestration.rules.pack import dump_yaml
from orchestration.services import pack, version


def document(
    *, use: str = "test.echo", slug: str = "greeting", feedback: Sequence[str] = ("kept", "broken"), **changed: Any
) -> dict[str, Any]:
    """A pack as plain values: one agent step `hear`, then decide `yes`; doubtful or rude cases go to a person.

    `changed` replaces keys of `version` (rules, agents …); `config`, `attempts`, `on_failure`, `timeout`
    change the one step.
    """
    step = {
        "use": use,
        "input": {"text": "case.text"},
        **{key: changed.pop(key) for key in ("config", "attempts", "on_failure", "timeout") if key in changed},
    }
    return {
        "conductor": 1,
        "workflow": {
            "slug": slug,
            "title": "Greeting",
            "objective": "Answer greetings",
            "autonomy": changed.pop("autonomy", "automatic"),
            "qa_sample_rate": 0.5,
            "service_levels": {"escalation": "4h"},
            **({"budget": changed.pop("budget")} if "budget" in changed else {}),
            "outcomes": ["yes", "no"],
            **({"feedback": list(feedback)} if feedback else {}),
            "input_schema": {
                "type": "object",
                "properties": {
                    "text": {"type": "string", "title": "Text"},
                    "rude": {"type": "boolean", "title": "Rude"},
                    "until": {"type": "string", "format": "date-time"},
                },
                "required": ["text"],
                "additionalProperties": False,
            },
            "human_fields": {
                "type": "object",
                "properties": {"trusted": {"type": "boolean", "title": "Trusted"}},
                "additionalProperties": False,
            },
        },
        "queues": [{"slug": "people", "title": "People"}],
        "version": {
            "note": "first",
            "parameters": {"sure": {"type": "number", "value": 0.8, "label": "Sure enough"}},
            "agents": {"hear": step},
            "rules": rules(),
            **changed,
        },
    }


def rules() -> list[dict[str, Any]]:
    return [
        {
            "key": "rude",
            "title": "Rude texts go to a person",
            "priority": 20,
            "when": {"all": [
                {"fact": "case.rude", "op": "eq", "value": True},
                {"not": {"fact": "human.trusted", "op": "eq", "value": True}},
            ]},
            "then": [{"escalate": {"queue": "people", "reason": "The text is rude"}}],
        },
        {"key": "hear", "title": "Listen first", "priority": 10, "when": "always", "then": [{"run": ["hear"]}]},
        {
            "key": "doubt",
            "title": "Doubtful ones go to a person",
            "kind": "guard",
            "priority": 5,
            "when": {"not": {"fact": "agents.hear.confidence", "op": "gte", "value": {"parameter": "sure"}}},
            "then": [{"escalate": {"queue": "people", "reason": "Not sure what was heard"}}],
        },
        {"key": "yes", "title": "Heard well", "when": "always", "then": [{"decide": {"outcome": "yes"}}]},
    ]  # fmt: skip


def publish(**changed: Any) -> Workflow:
    """The small workflow, imported and published by an operator."""
    imported = pack.import_pack(text=dump_yaml(document(**changed)))
    version.publish(version_id=imported.version.pk, user=None)
    return Workflow.objects.get(pk=imported.workflow.pk)


def publish_again(workflow: Workflow, *, input_schema: dict[str, Any] | None = None, **changed: Any) -> WorkflowVersion:
    """Another version of the small workflow, published by an operator; without changes, surer by a hair."""
    surer = {"sure": {"type": "number", "value": 0.79, "label": "Sure enough"}}
    whole = document(slug=workflow.slug, **{"parameters": surer, **changed})
    whole["workflow"]["input_schema"] = input_schema or whole["workflow"]["input_schema"]
    imported = pack.import_pack(text=dump_yaml(whole))
    return version.publish(version_id=imported.version.pk, user=None)


def crash_pack() -> str:
    """Texts that start with `far` also need an agent in a process of its own, and are answered `no`."""
    whole = document(slug="crash", attempts=30, timeout="5s")
    version = whole["version"]
    version["agents"]["far"] = {
        "use": "test.apart", "input": {"text": "case.text"}, "attempts": 30, "timeout": "10s",
    }  # fmt: skip
    is_far = {"fact": "case.text", "op": "starts_with", "value": "far"}
    version["rules"] += [
        {"key": "far", "title": "Ask from afar", "priority": 8, "when": is_far, "then": [{"run": ["far"]}]},
        {
            "key": "no",
            "title": "Heard from afar",
            "priority": 3,
            "when": {"fact": "agents.far.status", "op": "eq", "value": "succeeded"},
            "then": [{"decide": {"outcome": "no"}}],
        },
    ]
    return dump_yaml(whole)
