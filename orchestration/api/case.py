"""Cases over REST: taken in, looked at, listed, explained, cancelled, given feedback on."""

from __future__ import annotations

import re
import time
import uuid
from contextlib import suppress
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import structlog
from rest_framework.request import Request
from rest_framework.response import Response

from orchestration.api import documentation as documented
from orchestration.api.bodies import PostedCase, PostedFeedback, posted_case, posted_feedback, posted_nothing
from orchestration.api.filters import (
    FILTERS,
    LIMIT,
    MAX_LIMIT,
    MAX_NUMBER,
    after_cursor,
    cursor_at,
    filtered,
    number,
    parameters,
)
from orchestration.api.parsers import document_of
from orchestration.api.permissions import case_of, cases_of, workflow_of
from orchestration.api.preferences import idempotency_key, wanted_wait
from orchestration.api.problems import HttpProblem
from orchestration.api.serializers import ROOT, bodies_of, case_body, case_path, event_body
from orchestration.api.view import View
from orchestration.api.waiting import SETTLED, wait_until_settled
from orchestration.facts import Problem
from orchestration.models import ApiKey, Case, CaseEvent, Priority
from orchestration.services import case as cases
from orchestration.services import feedback as feedbacks
from orchestration.services.explanation import explanation_of
from orchestration.services.refusal import Refused

SLUG: Final = re.compile(r"[-a-zA-Z0-9_]{1,80}")
SHORT: Final = 4
"""Digits of a body's length up to which it is read before it is known who sent it."""


class CasesView(View):
    scopes = {"GET": "cases:read", "POST": "cases:write"}

    def names_workflow(self, request: Request) -> str:
        """What the body says, if it is short and good; `post` says what is wrong with it."""
        length = request.META.get("CONTENT_LENGTH") or ""
        if request.method != "POST" or not length.isdecimal() or len(length) > SHORT:
            return ""
        with suppress(HttpProblem):
            document = document_of(request)
            slug = document.get("workflow") if isinstance(document, dict) else None
            if isinstance(slug, str) and SLUG.fullmatch(slug):
                return slug
        return ""

    @documented.post_case
    def post(self, request: Request) -> Response:
        wait = wanted_wait(request)
        deadline = time.monotonic() + wait
        key, repeat = self.key(request), idempotency_key(request)
        posted = posted_case(document_of(request), with_digest=repeat is not None)
        accepted = _accept(key, posted, repeat, decide_now=wait > 0)
        case = accepted.case
        structlog.contextvars.bind_contextvars(case_id=case.pk, case=str(case.public_id))
        headers = {"Location": case_path(case)}
        if accepted.replayed:
            headers["Idempotency-Replayed"] = "true"
        if wait:
            headers["Preference-Applied"] = f"wait={wait}"
            if case.status not in SETTLED:
                wait_until_settled(case, deadline)
                case = case_of(key, case.public_id)
        status = HTTPStatus.OK if accepted.replayed else HTTPStatus.CREATED
        return Response(case_body(case, accepted.decision, accepted.work_item), status=status, headers=headers)

    @documented.list_cases
    def get(self, request: Request) -> Response:
        key, given = self.key(request), parameters(request, (*FILTERS, "cursor", "limit"))
        limit = number(given, "limit", default=LIMIT, least=1, most=MAX_LIMIT)
        rows = list(after_cursor(filtered(cases_of(key), given), key, given)[: limit + 1])
        page, more = rows[:limit], len(rows) > limit
        following = f"{ROOT}/cases?{urlencode(given | {'cursor': cursor_at(page[-1])})}" if more else None
        return Response({"results": bodies_of(page), "next": following})


class CaseView(View):
    scopes = {"GET": "cases:read"}

    @documented.get_case
    def get(self, request: Request, case_id: uuid.UUID) -> Response:
        return Response(case_body(case_of(self.key(request), case_id)))


class CaseEventsView(View):
    scopes = {"GET": "cases:read"}

    @documented.list_events
    def get(self, request: Request, case_id: uuid.UUID) -> Response:
        given = parameters(request, ("after", "limit"))
        after = number(given, "after", default=0, least=0, most=MAX_NUMBER)
        limit = number(given, "limit", default=MAX_LIMIT, least=1, most=MAX_LIMIT)
        case = case_of(self.key(request), case_id)
        rows = list(CaseEvent.objects.filter(case=case, number__gt=after).order_by("number")[: limit + 1])
        page, more = rows[:limit], len(rows) > limit
        query = urlencode(given | {"after": page[-1].number}) if more else ""
        following = f"{case_path(case)}/events?{query}" if more else None
        return Response({"results": [event_body(row) for row in page], "next": following})


class CaseExplanationView(View):
    scopes = {"GET": "cases:read"}

    @documented.explain_case
    def get(self, request: Request, case_id: uuid.UUID) -> Response:
        case = case_of(self.key(request), case_id)
        shown = case_body(case)
        about = {"case": shown["id"], "status": shown["status"], "decision": shown["decision"]}
        return Response(about | explanation_of(case=case))


class CaseCancelView(View):
    scopes = {"POST": "cases:write"}

    @documented.cancel_case
    def post(self, request: Request, case_id: uuid.UUID) -> Response:
        key = self.key(request)
        case = case_of(key, case_id)
        if request.META.get("CONTENT_LENGTH") not in (None, "", "0"):
            posted_nothing(document_of(request))
        try:
            cases.cancel(case_id=case.pk, actor=f"client: {key.client.name}")
        except Refused as refused:
            raise HttpProblem(HTTPStatus.CONFLICT, "case-decided", refused.message) from None
        return Response(case_body(case_of(key, case_id)))


class CaseFeedbackView(View):
    scopes = {"POST": "cases:write"}

    @documented.post_feedback
    def post(self, request: Request, case_id: uuid.UUID) -> Response:
        key, repeat = self.key(request), idempotency_key(request)
        case = case_of(key, case_id)
        taken_in = _take_in(key, case, posted_feedback(document_of(request)), repeat)
        headers = {"Idempotency-Replayed": "true"} if taken_in.repeated else {"Location": case_path(case)}
        status = HTTPStatus.OK if taken_in.repeated else HTTPStatus.CREATED
        return Response(case_body(case_of(key, case_id)), status=status, headers=headers)


def _accept(key: ApiKey, posted: PostedCase, repeat: str | None, *, decide_now: bool) -> cases.Accepted:
    workflow = workflow_of(key, posted.workflow)
    try:
        return cases.accept(
            client=key.client,
            workflow=workflow,
            payload=posted.payload,
            reference=posted.reference,
            priority=Priority[posted.priority.upper()],
            idempotency_key=repeat,
            body_digest=posted.digest,
            decide_now=decide_now,
        )
    except cases.PayloadRefused as refused:
        errors = [Problem("/payload" + one.pointer, one.detail) for one in refused.problems]
        raise HttpProblem(
            422, "payload-invalid", f"{refused.message} `errors` names each place.", errors=errors
        ) from None
    except cases.KeyReused as refused:
        raise HttpProblem(HTTPStatus.CONFLICT, "idempotency-key-reused", refused.message) from None
    except cases.NotPublished as refused:
        raise HttpProblem(HTTPStatus.CONFLICT, "not-published", refused.message) from None


def _take_in(key: ApiKey, case: Case, posted: PostedFeedback, repeat: str | None) -> feedbacks.TakenIn:
    try:
        return feedbacks.take_in(
            case=case,
            value=posted.value,
            happened_at=posted.happened_at,
            note=posted.note,
            key=key,
            idempotency_key=repeat,
        )
    except feedbacks.NotDecided as refused:
        raise HttpProblem(HTTPStatus.CONFLICT, "case-not-decided", refused.message) from None
    except feedbacks.NotDeclared as refused:
        raise HttpProblem(HTTPStatus.CONFLICT, "feedback-not-declared", refused.message) from None
    except feedbacks.TooMuch as refused:
        raise HttpProblem(HTTPStatus.CONFLICT, "feedback-full", refused.message) from None
    except feedbacks.KeyReused as refused:
        raise HttpProblem(HTTPStatus.CONFLICT, "idempotency-key-reused", refused.message) from None
    except feedbacks.Unfit as refused:
        detail = "The feedback does not fit the workflow; `errors` names each place."
        raise HttpProblem(422, "feedback-invalid", detail, errors=refused.problems) from None
