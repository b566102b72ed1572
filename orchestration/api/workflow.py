"""Workflows over REST: what can be posted where, and what the rules would say of given facts."""

from __future__ import annotations

from http import HTTPStatus

from rest_framework.request import Request
from rest_framework.response import Response

from orchestration.api import documentation as documented
from orchestration.api.example import example_payload
from orchestration.api.filters import parameters
from orchestration.api.parsers import document_of
from orchestration.api.permissions import workflow_of, workflows_of
from orchestration.api.problems import HttpProblem
from orchestration.api.serializers import workflow_summary
from orchestration.api.view import View
from orchestration.models import Workflow
from orchestration.rules.parse import RuleError
from orchestration.services.case import NotPublished
from orchestration.services.explanation import answer_to
from orchestration.services.rule_set import loaded


class WorkflowsView(View):
    scopes = {"GET": "workflows:read"}

    @documented.list_workflows
    def get(self, request: Request) -> Response:
        parameters(request, ())
        rows = workflows_of(self.key(request)).select_related("published_version")
        rows = rows.defer("published_version__content").order_by("slug")
        return Response({"results": [workflow_summary(row) for row in rows], "next": None})


class WorkflowView(View):
    scopes = {"GET": "workflows:read"}

    @documented.get_workflow
    def get(self, request: Request, slug: str) -> Response:
        workflow = workflow_of(self.key(request), slug)
        return Response(_detail(workflow))


class WorkflowEvaluateView(View):
    scopes = {"POST": "rules:evaluate"}

    @documented.evaluate
    def post(self, request: Request, slug: str) -> Response:
        workflow = workflow_of(self.key(request), slug)
        given = document_of(request)
        try:
            return Response(answer_to(workflow=workflow, given=given))
        except NotPublished as refused:
            raise HttpProblem(HTTPStatus.CONFLICT, "not-published", refused.message) from None
        except RuleError as error:
            detail = "The facts cannot be evaluated; `errors` names each place."
            raise HttpProblem(422, "facts-invalid", detail, errors=error.problems) from None


def _detail(workflow: Workflow) -> dict[str, object]:
    version = loaded(workflow.published_version_id) if workflow.published_version_id else None
    if version:
        workflow.published_version = version.row
    return {
        **workflow_summary(workflow),
        "outcomes": list(version.content.outcomes) if version else [],
        "feedback": list(version.content.feedback) if version else [],
        "input_schema": dict(version.content.input_schema) if version else None,
        "human_fields": dict(version.content.human_fields) if version else None,
        "example": example_payload(version.content, version.payload_problems) if version else None,
    }
