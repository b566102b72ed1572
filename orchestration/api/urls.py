"""Addresses of the REST interface."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from orchestration.api import agent_run, case, workflow
from orchestration.api.health import healthz, readyz
from orchestration.api.view import Nothing

urlpatterns = [
    path("api/v1/cases", case.CasesView.as_view()),
    path("api/v1/cases/<uuid:case_id>", case.CaseView.as_view()),
    path("api/v1/cases/<uuid:case_id>/events", case.CaseEventsView.as_view()),
    path("api/v1/cases/<uuid:case_id>/explanation", case.CaseExplanationView.as_view()),
    path("api/v1/cases/<uuid:case_id>/cancel", case.CaseCancelView.as_view()),
    path("api/v1/cases/<uuid:case_id>/feedback", case.CaseFeedbackView.as_view()),
    path("api/v1/workflows", workflow.WorkflowsView.as_view()),
    path("api/v1/workflows/<slug:slug>", workflow.WorkflowView.as_view()),
    path("api/v1/workflows/<slug:slug>/evaluate", workflow.WorkflowEvaluateView.as_view()),
    path("api/v1/agent-runs/<uuid:run_id>/result", agent_run.AgentRunResultView.as_view()),
    re_path(r"^api/v1(/.*)?$", Nothing.as_view()),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("healthz", healthz),
    path("readyz", readyz),
]
