"""Shapes of bodies for the OpenAPI document. Never used to answer a request."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers as drf

from orchestration.facts import PRIORITIES
from orchestration.models import CaseStatus, WorkItemKind
from orchestration.services.feedback import LONGEST_NOTE


@extend_schema_field({"type": "object", "additionalProperties": True})
class ObjectField(drf.JSONField):
    """Any JSON object."""


class ErrorDocument(drf.Serializer[Any]):
    pointer = drf.CharField(help_text="RFC 6901 pointer into the posted body.")
    detail = drf.CharField()


class ProblemDocument(drf.Serializer[Any]):
    type = drf.CharField(help_text="Which kind of problem, as a URN to compare with.")
    title = drf.CharField()
    status = drf.IntegerField()
    detail = drf.CharField()
    instance = drf.CharField()
    request_id = drf.CharField(required=False, help_text="As in the logs.")
    errors = ErrorDocument(many=True, required=False)


class PostedCaseDocument(drf.Serializer[Any]):
    workflow = drf.CharField(min_length=1, max_length=80)
    payload = ObjectField(help_text="Fits the workflow's input schema.")
    reference = drf.CharField(max_length=200, required=False, allow_null=True, allow_blank=True)
    priority = drf.ChoiceField(PRIORITIES, required=False)


class ReasonDocument(drf.Serializer[Any]):
    rule = drf.CharField()
    title = drf.CharField()
    text = drf.CharField()


class DecisionDocument(drf.Serializer[Any]):
    outcome = drf.CharField()
    reasons = ReasonDocument(many=True)
    decided_at = drf.DateTimeField()


class WorkItemDocument(drf.Serializer[Any]):
    kind = drf.ChoiceField([WorkItemKind.ESCALATION.value, WorkItemKind.APPROVAL.value])
    queue = drf.CharField(allow_null=True)
    reason = drf.CharField()
    due_at = drf.DateTimeField(allow_null=True)


class FeedbackDocument(drf.Serializer[Any]):
    value = drf.CharField()
    happened_at = drf.DateTimeField(allow_null=True)
    note = drf.CharField(allow_null=True, help_text="What the client wrote; a person's note stays inside.")
    by = drf.ChoiceField(["client", "person"])
    received_at = drf.DateTimeField()


class PostedFeedbackDocument(drf.Serializer[Any]):
    value = drf.CharField(help_text="One of the workflow's `feedback`.")
    happened_at = drf.DateTimeField(
        required=False, allow_null=True, help_text="When it happened, with its offset; not in the future."
    )
    note = drf.CharField(max_length=LONGEST_NOTE, required=False, allow_null=True, allow_blank=True)


class CaseDocument(drf.Serializer[Any]):
    id = drf.UUIDField()
    workflow = drf.CharField()
    version = drf.IntegerField(help_text="Number of the workflow version that the case started with.")
    reference = drf.CharField(allow_null=True)
    status = drf.ChoiceField(CaseStatus.values)
    priority = drf.ChoiceField(PRIORITIES)
    outcome = drf.CharField(allow_null=True)
    decided_by = drf.ChoiceField(["rules", "person"], allow_null=True)
    decision = DecisionDocument(allow_null=True)
    work_item = WorkItemDocument(allow_null=True)
    feedback = FeedbackDocument(allow_null=True, help_text="The newest, which counts.")
    received_at = drf.DateTimeField()
    decided_at = drf.DateTimeField(allow_null=True)
    links = drf.DictField(child=drf.CharField())


@extend_schema_serializer(many=False)
class CasesDocument(drf.Serializer[Any]):
    results = CaseDocument(many=True)
    next = drf.CharField(allow_null=True, help_text="Address of the next page.")


class EventDocument(drf.Serializer[Any]):
    number = drf.IntegerField()
    name = drf.CharField(help_text="`noun.past_tense`, such as `case.decided`.")
    actor = drf.CharField()
    at = drf.DateTimeField()
    about = ObjectField()


@extend_schema_serializer(many=False)
class EventsDocument(drf.Serializer[Any]):
    results = EventDocument(many=True)
    next = drf.CharField(allow_null=True)


class ConditionDocument(drf.Serializer[Any]):
    text = drf.CharField(help_text="The condition in words.")
    truth = drf.BooleanField()
    seen = ObjectField(help_text="The facts it read; null for one that is not set.")
    place = drf.CharField(help_text="Where it stands in the version.")
    parts = drf.ListField(child=ObjectField(), required=False)


class RuleDocument(drf.Serializer[Any]):
    rule = drf.CharField()
    title = drf.CharField()
    kind = drf.CharField(help_text="rule, guard, or table for a row of a decision table.")
    table = drf.CharField(required=False)
    row = drf.CharField(required=False)
    matched = drf.BooleanField()
    conditions = ConditionDocument(many=True)
    kept_out_by = ConditionDocument(allow_null=True)


class ExplanationDocument(drf.Serializer[Any]):
    case = drf.UUIDField()
    status = drf.ChoiceField(CaseStatus.values)
    decision = DecisionDocument(allow_null=True)
    step = ObjectField(allow_null=True, help_text="What the round did: `kind` and what belongs to it.")
    round = drf.IntegerField(allow_null=True)
    now = drf.DateTimeField(allow_null=True)
    exact = drf.BooleanField(allow_null=True)
    matched = drf.ListField(child=drf.CharField())
    derived = ObjectField()
    rules = RuleDocument(many=True)


class WorkflowSummaryDocument(drf.Serializer[Any]):
    slug = drf.CharField()
    title = drf.CharField()
    objective = drf.CharField()
    version = drf.IntegerField(allow_null=True, help_text="Number of the published version.")
    links = drf.DictField(child=drf.CharField())


@extend_schema_serializer(many=False)
class WorkflowsDocument(drf.Serializer[Any]):
    results = WorkflowSummaryDocument(many=True)
    next = drf.CharField(allow_null=True)


class WorkflowDocument(WorkflowSummaryDocument):
    outcomes = drf.ListField(child=drf.CharField())
    feedback = drf.ListField(child=drf.CharField(), help_text="What can be told later of what really happened.")
    input_schema = ObjectField(allow_null=True, help_text="JSON Schema 2020-12 of the payload.")
    human_fields = ObjectField(allow_null=True, help_text="JSON Schema of what a person may answer.")
    example = ObjectField(allow_null=True, help_text="A payload that fits.")


class GivenDocument(drf.Serializer[Any]):
    case = ObjectField(required=False)
    agents = ObjectField(required=False, help_text="By step: `{output, confidence, status}`.")
    human = ObjectField(required=False)
    children = ObjectField(required=False, help_text="By `as`: `{status, outcome}`.")
    meta = ObjectField(required=False)
    now = drf.DateTimeField(required=False, help_text="The server's time unless given.")


class AnswerDocument(drf.Serializer[Any]):
    step = ObjectField(help_text="`kind` run, decide, escalate or wait, and what belongs to it.")
    matched = drf.ListField(child=drf.CharField())
    derived = ObjectField()
    now = drf.DateTimeField()
    explanation = RuleDocument(many=True)


_ID: Final = "019aa7c2-5b1e-7d30-9f7e-3c1b2a4d5e6f"
_HERE: Final = f"/api/v1/cases/{_ID}"

POSTED: Final[dict[str, Any]] = {
    "workflow": "leave-request",
    "reference": "HR-2031",
    "priority": "normal",
    "payload": {"employee": "E-104", "days": 3, "first_day": "2026-12-21"},
}
DECIDED: Final[dict[str, Any]] = {
    "id": _ID,
    "workflow": "leave-request",
    "version": 4,
    "reference": "HR-2031",
    "status": "decided",
    "priority": "normal",
    "outcome": "grant",
    "decided_by": "rules",
    "decision": {
        "outcome": "grant",
        "reasons": [{"rule": "short-leave", "title": "Short leave is granted", "text": "case.days is 3"}],
        "decided_at": "2026-11-22T09:30:00.120000Z",
    },
    "work_item": None,
    "feedback": None,
    "received_at": "2026-11-22T09:30:00.100000Z",
    "decided_at": "2026-11-22T09:30:00.120000Z",
    "links": {
        "self": _HERE,
        "events": f"{_HERE}/events",
        "explanation": f"{_HERE}/explanation",
        "cancel": f"{_HERE}/cancel",
        "feedback": f"{_HERE}/feedback",
        "workflow": "/api/v1/workflows/leave-request",
    },
}
TOLD: Final[dict[str, Any]] = {"value": "taken", "happened_at": "2026-12-27T18:00:00+01:00"}
WITH_FEEDBACK: Final[dict[str, Any]] = {
    **DECIDED,
    "feedback": {
        "value": "taken",
        "happened_at": "2026-12-27T17:00:00Z",
        "note": None,
        "by": "client",
        "received_at": "2026-12-28T08:15:00.240000Z",
    },
}
ESCALATED: Final[dict[str, Any]] = {
    **DECIDED,
    "status": "escalated",
    "outcome": None,
    "decided_by": None,
    "decision": None,
    "decided_at": None,
    "work_item": {
        "kind": "escalation",
        "queue": "hr",
        "reason": "Leave of more than two weeks",
        "due_at": "2026-11-22T13:30:00.120000Z",
    },
}
REFUSED: Final[dict[str, Any]] = {
    "type": "urn:conductor:problem:payload-invalid",
    "title": "The payload does not fit the workflow's input schema",
    "status": 422,
    "detail": "The payload does not fit the workflow's input schema. `errors` names each place.",
    "instance": "/api/v1/cases",
    "errors": [{"pointer": "/payload/days", "detail": '"three" is not of type "integer"'}],
}
GIVEN: Final[dict[str, Any]] = {
    "case": {"days": 3},
    "agents": {"calendar": {"output": {"colleagues_away": 0}, "confidence": 0.9}},
}
