"""Workflows: settings in plain fields, autonomy through its service, packs imported; agents listed."""

from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse

from orchestration.models import Case, Queue, Workflow, WorkflowVersion
from orchestration.rules.pack import dump_yaml
from tests.admin.conftest import browser_of, person, text_of
from tests.small_workflow import document

pytestmark = pytest.mark.django_db
IMPORT = "/admin/orchestration/workflow/import/"


def url(workflow: Workflow, action: str = "change") -> str:
    return reverse(f"admin:orchestration_workflow_{action}", args=[workflow.pk])


def settings_of(workflow: Workflow, **changed: Any) -> dict[str, Any]:
    return {
        "title": workflow.title, "objective": workflow.objective, "qa_sample_rate": "0.5", "escalation_level": "4h",
        "review_level": "", "minutes_per_case": "", "cases_per_person_day": "", "queues-TOTAL_FORMS": 0,
        "queues-INITIAL_FORMS": 0, **changed,
    }  # fmt: skip


def test_the_list_shows_what_is_published_and_the_figures(
    greeting: Workflow, post: Callable[..., Case], sams: Browser
) -> None:
    post(rude=True), post()
    page = text_of(sams.get(reverse("admin:orchestration_workflow_changelist")))
    assert "Version 1</a>" in page
    assert f'case__workflow__id__exact={greeting.pk}">1</a>' in page
    assert ">Automatic<" in page


def test_settings_are_saved_in_their_places(greeting: Workflow, arnes: Browser) -> None:
    Workflow.objects.update(service_levels={"escalation": "4h", "other": "1d"})
    given = settings_of(greeting, review_level="3d", minutes_per_case="12.5", title="Greetings")
    assert arnes.post(url(greeting), given).status_code == 302
    greeting.refresh_from_db()
    assert greeting.service_levels == {"escalation": "4h", "other": "1d", "review": "3d"}
    assert (greeting.baseline, greeting.title) == ({"minutes_per_case": 12.5}, "Greetings")


@pytest.mark.parametrize("level", ["soon", "4", "4 h", "-1h"])
def test_a_deadline_that_is_no_duration_is_refused(level: str, greeting: Workflow, arnes: Browser) -> None:
    refused = arnes.post(url(greeting), settings_of(greeting, escalation_level=level))
    assert "is not a duration such as 30m, 4h or 2d" in text_of(refused)
    greeting.refresh_from_db()
    assert greeting.service_levels == {"escalation": "4h"}


def test_the_slugs_of_workflow_and_queues_cannot_change(greeting: Workflow, arnes: Browser) -> None:
    queue = Queue.objects.get()
    inline = {
        "queues-TOTAL_FORMS": 1, "queues-INITIAL_FORMS": 1, "queues-0-id": queue.pk, "queues-0-workflow": greeting.pk,
        "queues-0-title": "Nice people", "queues-0-slug": "other", "queues-0-position": 0,
    }  # fmt: skip
    assert arnes.post(url(greeting), settings_of(greeting, slug="other", **inline)).status_code == 302
    queue.refresh_from_db()
    greeting.refresh_from_db()
    assert (queue.title, queue.slug, greeting.slug) == ("Nice people", "people", "greeting")


def test_autonomy_changes_and_paused_cases_go_on(greeting: Workflow, post: Callable[..., Case], arnes: Browser) -> None:
    assert "paused from now on" in text_of(arnes.post(url(greeting, "autonomy"), {"autonomy": "paused"}, follow=True))
    post(workflow=Workflow.objects.get())
    assert Case.objects.get().status == "held"
    told = text_of(arnes.post(url(greeting, "autonomy"), {"autonomy": "automatic"}, follow=True))
    assert "1 held case went on." in told
    assert Case.objects.get().status == "received"


def test_autonomy_is_not_everybodys(greeting: Workflow, sams: Browser) -> None:
    assert "Change autonomy" not in text_of(sams.get(url(greeting)))
    told = text_of(sams.post(url(greeting, "autonomy"), {"autonomy": "manual"}, follow=True))
    assert "Ask an Orchestration Architect." in told
    greeting.refresh_from_db()
    assert greeting.autonomy == "automatic"


@pytest.mark.parametrize("as_file", [True, False])
def test_a_pack_is_imported_as_a_draft(as_file: bool, arnes: Browser) -> None:
    text = dump_yaml(document())
    given = (
        {"file": SimpleUploadedFile("pack.yaml", text.encode())} if as_file else {"text": text.replace("\n", "\r\n")}
    )
    told = text_of(arnes.post(IMPORT, given, follow=True))
    assert "is imported as your draft." in told
    version = WorkflowVersion.objects.get()
    assert (version.workflow.slug, version.status, version.author.username) == ("greeting", "draft", "architect")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "Choose a file or paste the pack."),
        ({"text": "conductor: 1\nworkflow: {slug: x}\n"}, "title"),  # what is missing is named
        ({"text": "a: 1\na: 2\n"}, "Line 2"),  # no YAML of ours: the line is named
        ({"file": SimpleUploadedFile("x.png", b"\xff\xfe\x00")}, "The file is not a text in UTF-8."),
        ({"file": SimpleUploadedFile("x.yaml", b"")}, "The file is empty."),
    ],
)
def test_a_bad_pack_is_refused_with_the_place_and_the_text_stays(given: Any, told: str, arnes: Browser) -> None:
    refused = arnes.post(IMPORT, given)
    assert refused.status_code == 400
    assert told in text_of(refused)
    assert given.get("text", "") in text_of(refused)
    assert not Workflow.objects.exists()


def test_agents_are_listed_with_their_users_and_failures(greeting: Workflow, sams: Browser) -> None:
    page = text_of(sams.get(reverse("admin:orchestration_agents")))
    assert "test.echo" in page
    assert "Greeting · version 1</a>" in page
    assert "kyc.identity" in page


def test_an_agent_that_went_away_is_named_with_its_reason(greeting: Workflow, sams: Browser, monkeypatch: Any) -> None:
    from orchestration.agents import registry as agents

    agents.reset()
    broken = EntryPoint("test.echo", "no.such:Thing", agents.AGENTS)
    real = agents.declared

    def declared(groups: Any) -> Any:
        plugins, faults = real(groups)
        changed = [
            one.__class__(**{**{name: getattr(one, name) for name in one.__dataclass_fields__}, "value": broken.value})
            if one.name == "test.echo" else one
            for one in plugins
        ]  # fmt: skip
        return changed, faults

    monkeypatch.setattr(agents, "declared", declared)
    try:
        page = text_of(sams.get(reverse("admin:orchestration_agents")))
        assert "test.echo is needed, but not installed" in page
        assert "Could not be loaded" in page
    finally:
        agents.reset()


def test_a_workflow_is_added_with_its_first_queue(arnes: Browser) -> None:
    given = {
        "slug": "loans", "title": "Loans", "objective": "", "qa_sample_rate": "0.1", "queues-TOTAL_FORMS": 1,
        "queues-INITIAL_FORMS": 0, "queues-0-title": "Desk", "queues-0-slug": "desk", "queues-0-position": 0,
    }  # fmt: skip
    assert arnes.post(reverse("admin:orchestration_workflow_add"), given).status_code == 302
    workflow = Workflow.objects.get()
    assert (workflow.slug, workflow.queues.get().slug, workflow.service_levels) == ("loans", "desk", {})
    assert "Nothing is published yet" in text_of(browser_of(person("head")).get(url(workflow)))
