"""The OpenAPI document: what each operation takes and answers, with examples. Only here; views stay thin."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from orchestration.api import documents
from orchestration.api import result as results
from orchestration.api.filters import LIMIT, MAX_LIMIT, MAX_NUMBER
from orchestration.api.preferences import MAX_WAIT
from orchestration.api.problems import MEDIA_TYPE
from orchestration.models import CaseStatus


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "orchestration.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key from `manage.py apikey create`."}


class RunTokenScheme(OpenApiAuthenticationExtension):
    target_class = "orchestration.api.agent_run.RunToken"
    name = "runToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "The one-time token that an agent handed over."}


_TOO_FAST: Final = {429: "Too many requests; `Retry-After` says when to come back."}
_ANYWHERE: Final = {
    401: "No key, or one that is unknown, expired or revoked.",
    403: "The key lacks the scope, or is not for this workflow.",
    **_TOO_FAST,
}
_BODY: Final = {
    400: "The body is not JSON, or a header is invalid.",
    411: "The length of the body must be given.",
    413: "The body is too large.",
    415: "The body is not application/json.",
}
_IN_QUERY: Final = {400: "A query parameter is unknown or invalid; `detail` names it."}
_NO_CASE: Final = {404: "There is no such case, or it is another client's."}
_NO_WORKFLOW: Final = {404: "There is no such workflow."}


def _answers(
    success: dict[int, Any], problems: dict[int, str], *, anywhere: dict[int, str] = _ANYWHERE
) -> dict[Any, Any]:
    return {
        **success,
        **{
            (status, MEDIA_TYPE): OpenApiResponse(documents.ProblemDocument, description=text)
            for status, text in sorted({**anywhere, **problems}.items())
        },
    }


def _query(name: str, text: str, *, type_: Any = OpenApiTypes.STR, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, type_, OpenApiParameter.QUERY, description=text, **more)


def _header(name: str, text: str, *, type_: Any = OpenApiTypes.STR, response: Any = False) -> OpenApiParameter:
    return OpenApiParameter(name, type_, OpenApiParameter.HEADER, description=text, response=response)


_LIMIT: Final = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}
_AFTER: Final = {"type": "integer", "minimum": 0, "maximum": MAX_NUMBER}
_CURSOR: Final = {"type": "string", "minLength": 22, "maxLength": 22}
_KEY: Final = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"}

post_case = extend_schema(
    operation_id="post_case",
    tags=["cases"],
    summary="Post a case",
    description=(
        "Takes a case in; once answered 201 it is never lost. With `Prefer: wait=N` the answer waits up to N seconds "
        f"(at most {MAX_WAIT}) for the decision; when the time is up it is 201 all the same, and the case goes on. "
        "With an `Idempotency-Key` the same body may be sent again without making a second case."
    ),
    parameters=[
        _header("Prefer", "`wait=N`: wait up to N seconds for the decision."),
        _header("Idempotency-Key", "Unique per client and kept with the case.", type_=_KEY),
        _header("Location", "Where the case is.", response=[200, 201]),
        _header("Idempotency-Replayed", "`true`: the case was there already.", response=[200]),
        _header("Preference-Applied", "The wait that was applied.", response=[200, 201]),
    ],
    request=documents.PostedCaseDocument,
    responses=_answers(
        {
            201: OpenApiResponse(documents.CaseDocument, description="The case was taken in."),
            200: OpenApiResponse(documents.CaseDocument, description="Key and body were sent before: the same case."),
        },
        {
            **_BODY,
            **_NO_WORKFLOW,
            409: "The key was used with another body, or the workflow has no published version.",
            422: "The body or the payload is wrong; `errors` names every place.",
        },
    ),
    examples=[
        OpenApiExample("A case", documents.POSTED, request_only=True),
        OpenApiExample("Decided", documents.DECIDED, response_only=True, status_codes=["201", "200"]),
        OpenApiExample("With a person", documents.ESCALATED, response_only=True, status_codes=["201"]),
        OpenApiExample(
            "Payload refused",
            documents.REFUSED,
            response_only=True,
            status_codes=["422"],
            media_type=MEDIA_TYPE,
        ),
    ],
)
list_cases = extend_schema(
    operation_id="list_cases",
    tags=["cases"],
    summary="List cases, newest first",
    parameters=[
        _query("workflow", "Slug of a workflow."),
        _query("status", "Status.", enum=CaseStatus.values),
        _query("outcome", "Outcome of the decision."),
        _query("reference", "The client's own reference, whole."),
        _query("received_after", "Date and time; UTC where no offset is given.", type_=OpenApiTypes.DATETIME),
        _query("cursor", "From `next` of the page before.", type_=_CURSOR),
        _query("limit", f"Cases a page; {LIMIT} unless given.", type_=_LIMIT),
    ],
    responses=_answers({200: documents.CasesDocument}, _IN_QUERY),
)
get_case = extend_schema(
    operation_id="get_case",
    tags=["cases"],
    summary="Look at a case",
    responses=_answers({200: documents.CaseDocument}, _NO_CASE),
    examples=[OpenApiExample("Decided", documents.DECIDED, response_only=True, status_codes=["200"])],
)
list_events = extend_schema(
    operation_id="list_events",
    tags=["cases"],
    summary="The history of a case",
    parameters=[
        _query("after", "Only events with a higher number.", type_=_AFTER),
        _query("limit", f"Events a page; {MAX_LIMIT} unless given.", type_=_LIMIT),
    ],
    responses=_answers({200: documents.EventsDocument}, {**_IN_QUERY, **_NO_CASE}),
)
explain_case = extend_schema(
    operation_id="explain_case",
    tags=["cases"],
    summary="Why a case stands where it does",
    description=(
        "The last round: which rules applied, and for each that did not the first condition that kept it out, with "
        "the value it saw. `exact` is false where something the round saw has changed since."
    ),
    responses=_answers({200: documents.ExplanationDocument}, _NO_CASE),
)
cancel_case = extend_schema(
    operation_id="cancel_case",
    tags=["cases"],
    summary="Cancel an undecided case",
    description="Cancelling it again changes nothing. Child cases that it waits for are cancelled with it.",
    request=None,
    responses=_answers(
        {200: documents.CaseDocument}, {**_BODY, **_NO_CASE, 409: "The case is decided.", 422: "A body with fields."}
    ),
)
post_feedback = extend_schema(
    operation_id="post_feedback",
    tags=["cases"],
    summary="Tell what really happened later",
    description=(
        "Of a decided case; the decision stays as it is. What can be told is in the workflow's `feedback`. Different "
        "feedback on the same case corrects what was told before: both are kept, and the newest counts. The same again "
        "changes nothing. With an `Idempotency-Key` a repeat that arrives after a correction changes nothing either."
    ),
    parameters=[
        _header("Idempotency-Key", "Unique per case and kept with it.", type_=_KEY),
        _header("Location", "Where the case is.", response=[201]),
        _header("Idempotency-Replayed", "`true`: it was there already.", response=[200]),
    ],
    request=documents.PostedFeedbackDocument,
    responses=_answers(
        {
            201: OpenApiResponse(documents.CaseDocument, description="It was taken in; the case with it."),
            200: OpenApiResponse(documents.CaseDocument, description="It was told before; the case as it is."),
        },
        {
            **_BODY,
            **_NO_CASE,
            409: "The case is undecided or had 100, the workflow takes none, or the key came with other feedback.",
            422: "The body, the value or the moment is wrong; `errors` names every place.",
        },
    ),
    examples=[
        OpenApiExample("Feedback", documents.TOLD, request_only=True),
        OpenApiExample("Taken in", documents.WITH_FEEDBACK, response_only=True, status_codes=["201", "200"]),
    ],
)
list_workflows = extend_schema(
    operation_id="list_workflows",
    tags=["workflows"],
    summary="List workflows",
    responses=_answers({200: documents.WorkflowsDocument}, _IN_QUERY),
)
get_workflow = extend_schema(
    operation_id="get_workflow",
    tags=["workflows"],
    summary="What a workflow takes and decides",
    responses=_answers({200: documents.WorkflowDocument}, _NO_WORKFLOW),
)
evaluate = extend_schema(
    operation_id="evaluate",
    tags=["workflows"],
    summary="What the published rules say of given facts",
    description="Stores nothing and runs no agent: steps whose output is given count as run.",
    request=documents.GivenDocument,
    responses=_answers(
        {200: documents.AnswerDocument},
        {
            **_BODY,
            **_NO_WORKFLOW,
            409: "The workflow has no published version.",
            422: "The facts are malformed; `errors` names every place.",
        },
    ),
    examples=[OpenApiExample("Facts", documents.GIVEN, request_only=True)],
)
post_result = extend_schema(
    operation_id="post_result",
    tags=["agent runs"],
    summary="Post the result of a run that waits for it",
    description=(
        "For outside parties to which an agent handed this address and a one-time token: `Authorization: Bearer "
        "<token>`. The result is checked as if the agent had given it. An `error` that is not `permanent` has the run "
        "tried again, with a new token, while the step has attempts left."
    ),
    request={"application/json": {"oneOf": [results.RESULT, results.ERROR]}},
    responses=_answers(
        {
            200: OpenApiResponse(
                {
                    "type": "object",
                    "properties": {
                        "id": {"type": "string", "format": "uuid"},
                        "status": {"type": "string", "enum": ["succeeded", "failed", "pending"]},
                    },
                    "required": ["id", "status"],
                },
                description="Taken in. The run is succeeded or failed, or pending where it is tried again.",
            )
        },
        {
            **_BODY,
            401: "No token, one that is not this run's, or no such run.",
            409: "A result was posted with this token before and taken in.",
            410: "Nobody waits for it any more; that it came is on record.",
            422: "The body or the result is wrong; `errors` names every place. The token is still good.",
            503: "This machine cannot check the result now. Send it again later.",
        },
        anywhere=_TOO_FAST,
    ),
    examples=[
        OpenApiExample("A result", results.EXAMPLE, request_only=True),
        OpenApiExample("An error", results.ERROR_EXAMPLE, request_only=True),
        OpenApiExample("Taken in", results.TAKEN_IN, response_only=True, status_codes=["200"]),
    ],
)
