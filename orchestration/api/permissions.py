"""What a key may do, in one place: its scopes, the workflows it is limited to, and the cases of its client."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

import structlog
from django.db.models import QuerySet
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from orchestration.api.problems import HttpProblem
from orchestration.models import ApiKey, Case, Workflow
from orchestration.services.api_key import permitted


class HasScope(BasePermission):
    """The view's `scopes` name the scope that each of its methods needs; a method without one is refused."""

    def has_permission(self, request: Request, view: Any) -> bool:
        key: ApiKey | None = request.auth
        if key is None:
            return False
        method = "GET" if request.method == "HEAD" else str(request.method)
        scope = getattr(view, "scopes", {}).get(method)
        if scope is None:
            return not hasattr(view, method.lower()) or method == "OPTIONS"  # which is answered 405
        if scope not in key.scopes:
            raise HttpProblem(HTTPStatus.FORBIDDEN, "forbidden", f"This API key does not have the scope {scope}.")
        return True


def workflows_of(key: ApiKey) -> QuerySet[Workflow]:
    """The workflows that the key may see: all, or those it is limited to."""
    return Workflow.objects.filter(permitted("pk", pk=key.pk))


def workflow_of(key: ApiKey, slug: str) -> Workflow:
    """The workflow with this slug. 404 where there is none, 403 where the key is not for it."""
    row: Any = getattr(key, "named", None)
    if row is None or row.slug != slug:
        row = Workflow.objects.filter(slug=slug).annotate(permitted=permitted("pk", pk=key.pk)).first()
    if row is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, "not-found", f"There is no workflow {slug!r}.")
    return _refuse_unless_permitted(row, slug)


def cases_of(key: ApiKey) -> QuerySet[Case]:
    """The client's cases in the workflows that the key may see, as `serializers` shows them."""
    return _with_workflow(Case.objects.filter(permitted("workflow_id", pk=key.pk), client_id=key.client_id))


def case_of(key: ApiKey, public_id: uuid.UUID) -> Case:
    """The client's case with this id. 404 for any other's, 403 where the key is not for its workflow."""
    rows = Case.objects.filter(client_id=key.client_id, public_id=public_id)
    row: Any = _with_workflow(rows.annotate(permitted=permitted("workflow_id", pk=key.pk))).first()
    if row is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, "not-found", "There is no such case.")
    structlog.contextvars.bind_contextvars(case_id=row.pk, case=str(public_id))
    return _refuse_unless_permitted(row, row.workflow.slug)


def _refuse_unless_permitted(row: Any, slug: str) -> Any:
    if not row.permitted:
        raise HttpProblem(HTTPStatus.FORBIDDEN, "forbidden", f"This API key is not for the workflow {slug!r}.")
    return row


def _with_workflow(cases: QuerySet[Case]) -> QuerySet[Case]:
    return cases.select_related("workflow", "version").defer("version__content")
