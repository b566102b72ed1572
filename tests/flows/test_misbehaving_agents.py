"""An agent may do to its process what it likes: each kind is told apart, recorded and shown, and costs no case."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Iterator
from decimal import getcontext
from pathlib import Path

import pytest
from django.test import Client as Browser
from django.urls import reverse

from orchestration.agents.registry import reset
from orchestration.agents.waiting import end_waiting
from orchestration.models import AgentAttempt, AgentRun, Case, Client, Workflow, WorkItem
from orchestration.services.agent_condition import ERROR_WORDS
from orchestration.services.agent_state import set_isolation
from tests.doorbells import answer
from tests.factories import UserFactory
from tests.services.posting import post
from tests.small_workflow import publish

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

STOPPED = "test.misbehaving took longer than its 2 seconds and was stopped."
BOMB = "test.misbehaving started more than 64 processes at once and was stopped."
KILLED = "The process of test.misbehaving was killed by"
FAILURES = [
    # what it does, the kind of failure, what the person is told
    ("output off its schema", "output", "The output does not fit test.misbehaving: text: Input should be a valid"),
    ("no result", "output", "test.misbehaving returned a int, not an AgentResult."),
    ("confidence that is not a number", "output", "The confidence is nan, not None or a number from 0 to 1."),
    ("output of 50 megabytes", "output", "The output is longer than 1,048,576 bytes: 50,000,011."),
    ("fork bomb", "processes", BOMB),
    ("fork bomb in sessions of their own", "processes", BOMB),
    ("memory hog", "memory", "The agent needed more than its 256 MiB of memory."),
    ("sleep in c", "time-limit", STOPPED),
    ("expression without end", "time-limit", STOPPED),
    ("deaf to signals", "time-limit", STOPPED),
    ("sys exit", "exited", "The agent tried to end its process with exit status 3."),
    ("os exit", "exited", "test.misbehaving ended its process with exit status 4, without an answer."),
    ("close everything", "exited", "test.misbehaving ended its process with exit status 1, without an answer."),
    ("crash", "vanished", f"{KILLED} SIGSEGV before it answered."),
    ("kill whoever started it", "vanished", f"{KILLED} SIGKILL (by someone, or by a system short of memory)"),
    ("write into every descriptor", "output", "The process of test.misbehaving gave an answer without output."),
]


@pytest.fixture(scope="module", autouse=True)
def installed() -> Iterator[None]:
    """The agent's distribution on the path; its waiting process serves all tests."""
    place = str(Path(__file__).with_name("misbehaving"))
    sys.path.insert(0, place)
    reset()
    yield
    sys.path.remove(place)
    reset()
    end_waiting()


@pytest.fixture
def workflow() -> Workflow:
    return publish(use="test.misbehaving", attempts=1, timeout="60s")


@pytest.fixture
def client() -> Client:
    return Client.objects.create(name="bank")


def done(workflow: Workflow, client: Client, text: str) -> Case:
    """The case when its doorbells are answered, as a worker would."""
    case = post(workflow, client, text=text)
    answer()
    case.refresh_from_db()
    return case


def ran(case: Case) -> AgentRun:
    return AgentRun.objects.select_related("content").get(case=case)


def told(workflow: Workflow, client: Client, text: str) -> str:
    output = ran(done(workflow, client, text)).content.output
    assert output is not None
    return str(output["text"])


@pytest.mark.parametrize(("does", "kind", "words"), FAILURES, ids=[does for does, *_ in FAILURES])
def test_a_failure_is_told_apart_and_its_case_is_with_a_person(
    workflow: Workflow, client: Client, does: str, kind: str, words: str
) -> None:
    assert done(workflow, client, "fine").outcome == "yes"  # its process waits ready now
    if kind == "time-limit":
        workflow = publish(slug="impatient", use="test.misbehaving", attempts=1, timeout="2s")
    if kind == "memory":
        set_isolation(agent="test.misbehaving", isolation="", memory_mib=256, user=None)
    case = done(workflow, client, does)
    item = WorkItem.objects.get(case=case)
    assert (case.status, item.reason) == ("escalated", "agent-failed")
    assert item.content.detail.startswith(f"agent step hear failed: {words}")
    attempt = AgentAttempt.objects.get(run__case=case)
    assert (ran(case).error_kind, attempt.error_kind, attempt.isolated) == (kind, kind, True)
    (error,) = ran(case).content.errors
    assert (error["kind"], error["text"][: len(words)]) == (kind, words)
    browser = Browser()
    browser.force_login(UserFactory(is_staff=True, is_superuser=True))
    page = browser.get(reverse("admin:orchestration_case_change", args=[case.pk])).content.decode()
    assert words in page
    assert ERROR_WORDS[kind].lower() in page.lower()
    assert processes_with("conductor_misbehaving", besides="orchestration.agents.process") == []


def test_what_it_writes_to_stdout_is_kept_apart_from_its_answer(workflow: Workflow, client: Client) -> None:
    case = done(workflow, client, "write to stdout")
    content = ran(case).content
    assert (case.outcome, content.output) == ("yes", {"text": "printed"})
    assert content.transcript.endswith("below python\n--- printed as errors ---\nan error")
    assert '"forged"' in content.transcript


def test_a_daemon_that_it_leaves_does_not_outlive_the_run(workflow: Workflow, client: Client) -> None:
    daemon = told(workflow, client, "leave a daemon")
    assert not Path(f"/proc/{daemon}").exists()


def test_what_a_run_changes_no_other_run_and_no_server_sees(workflow: Workflow, client: Client) -> None:
    def state() -> list[object]:
        terminating = signal.getsignal(signal.SIGTERM)
        return [
            dict(os.environ),
            Path.cwd(),
            random.getstate(),
            getcontext().prec,
            json.dumps,
            [*sys.path],
            terminating,
        ]

    before, seen = state(), told(workflow, client, "look at global state")
    assert told(workflow, client, "change global state") == "done"
    assert told(workflow, client, "look at global state") == seen
    assert state() == before


def processes_with(word: str, *, besides: str) -> list[str]:
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = place.read_bytes().decode().replace("\0", " ")
        except OSError:
            continue
        if word in line and besides not in line:
            found.append(line)
    return found
