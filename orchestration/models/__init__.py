"""Rows, one noun per file. Services write them; `immutable` keeps the finished ones as they are."""

from orchestration.models.agent_event import AgentEvent
from orchestration.models.agent_state import AgentState, Isolation
from orchestration.models.api_key import ApiKey
from orchestration.models.approval import Approval, Submission, Verdict
from orchestration.models.case import Case, CaseContent, CaseStatus, Priority
from orchestration.models.client import Client
from orchestration.models.comparison_run import ComparisonItem, ComparisonRun, ComparisonStatus, ItemState
from orchestration.models.decision import Decision, DecisionContent
from orchestration.models.effect import CaseEffect, EffectKind
from orchestration.models.evaluation import Evaluation, Purpose, RuleHit
from orchestration.models.event import CaseEvent, CaseEventContent
from orchestration.models.feedback import Feedback, FeedbackContent, FeedbackPost
from orchestration.models.heartbeat import Heartbeat
from orchestration.models.queue import Queue
from orchestration.models.run import AgentAttempt, AgentRun, AgentRunContent, RunStatus
from orchestration.models.secret import Secret
from orchestration.models.step_state import Circuit, HeldRun, StepState
from orchestration.models.version import WorkflowVersion
from orchestration.models.version_event import VersionEvent
from orchestration.models.version_status import VersionStatus
from orchestration.models.webhook import WebhookDelivery, WebhookEndpoint
from orchestration.models.work_item import WorkItem, WorkItemContent, WorkItemKind, WorkItemStatus
from orchestration.models.workflow import Autonomy, Workflow

__all__ = [
    "AgentAttempt",
    "AgentEvent",
    "AgentRun",
    "AgentRunContent",
    "AgentState",
    "ApiKey",
    "Approval",
    "Autonomy",
    "Case",
    "CaseContent",
    "CaseEffect",
    "CaseEvent",
    "CaseEventContent",
    "CaseStatus",
    "Circuit",
    "Client",
    "ComparisonItem",
    "ComparisonRun",
    "ComparisonStatus",
    "Decision",
    "DecisionContent",
    "EffectKind",
    "Evaluation",
    "Feedback",
    "FeedbackContent",
    "FeedbackPost",
    "Heartbeat",
    "HeldRun",
    "Isolation",
    "ItemState",
    "Priority",
    "Purpose",
    "Queue",
    "RuleHit",
    "RunStatus",
    "Secret",
    "StepState",
    "Submission",
    "Verdict",
    "VersionEvent",
    "VersionStatus",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WorkItem",
    "WorkItemContent",
    "WorkItemKind",
    "WorkItemStatus",
    "Workflow",
    "WorkflowVersion",
]
