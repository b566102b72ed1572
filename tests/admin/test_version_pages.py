"""Versions: read in plain words, drafted without losing a word, published by somebody else."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client as Browser
from django.urls import reverse

from orchestration.models import Workflow, WorkflowVersion
from orchestration.services.pack import export_pack
from tests.admin.conftest import text_of
from tests.small_workflow import document
from tests.submitting import draft_of, submitted

pytestmark = pytest.mark.django_db
TABLE = {
    "key": "mood", "title": "How kind is it", "hit_policy": "first", "inputs": [{"fact": "case.rude", "title": "Rude"}],
    "outputs": [{"set": "derived.mood", "type": "string", "values": ["bad", "good"]}],
    "rows": [{"key": "rude", "when": ["true"], "then": ["bad"]}], "otherwise": ["good"],
}  # fmt: skip
RUDE = {"case": {"text": "hi", "rude": True}}
HOLDS = {"title": "A rude text is escalated", "given": RUDE, "expect": {"escalate": "The text is rude"}}
FAILS = {"title": "A rude text is fine", "given": RUDE, "expect": {"outcome": "yes"}}


def url(version: WorkflowVersion, action: str = "change") -> str:
    return reverse(f"admin:orchestration_workflowversion_{action}", args=[version.pk])


def test_a_version_reads_in_plain_words(greeting: Workflow, anas: Browser) -> None:
    version = draft_of(greeting, tables=[TABLE], scenarios=[HOLDS, FAILS])
    page = text_of(anas.get(url(version)))
    for told in (
        "Rude texts go to a person",  # titles in walk order, with condition and action
        "escalate to people because “The text is rude”",
        '<span class="c-label c-warning">guard</span>',
        '<th scope="col" title="case.rude">Rude</th>',  # the decision table as a table
        '<td class="c-result">bad</td>',
        "Sure enough",  # the parameter
        "test.echo",  # the agent step
        '<li class="c-tick">A rude text is escalated',  # scenarios, run just now
        '<li class="c-cross">A rude text is fine<p class="c-error">expected outcome yes, but the rules escalate',
        "1 of 2 fail",
    ):
        assert told in page
    assert page.index("Rude texts go to a person") < page.index("Listen first") < page.index("Heard well")


def test_what_a_version_says_shows_as_text(greeting: Workflow, anas: Browser) -> None:
    rules = [
        {"key": "x", "title": "<script>alert(1)</script>", "when": "always", "then": [{"decide": {"outcome": "yes"}}]}
    ]
    page = text_of(anas.get(url(draft_of(greeting, rules=rules))))
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_a_draft_is_edited_section_by_section(greeting: Workflow, ana: User, anas: Browser) -> None:
    draft = draft_of(greeting, ana)
    form = anas.get(url(draft, "edit")).context
    texts = {section.name: section.text for section in form["sections"]}
    assert "agent_version" not in texts["agents"]
    texts["rules"] = texts["rules"].replace("Rude texts go to a person", "Rude ones go to Ida")
    saved = anas.post(url(draft, "edit"), {**texts, "note": "names Ida", "revision": form["revision"]}, follow=True)
    assert "is saved." in text_of(saved)
    draft.refresh_from_db()
    assert (draft.content["rules"][0]["title"], draft.note, draft.revision) == ("Rude ones go to Ida", "names Ida", 2)
    assert draft.content["agents"] == greeting.published_version.content["agents"]


def test_saving_what_was_shown_changes_nothing_in_the_content(greeting: Workflow, ana: User, anas: Browser) -> None:
    draft = draft_of(greeting, ana, tables=[TABLE], scenarios=[HOLDS])
    form = anas.get(url(draft, "edit")).context
    texts = {section.name: section.text for section in form["sections"]}
    anas.post(url(draft, "edit"), {**texts, "note": "", "revision": form["revision"]})
    before = draft.content
    draft.refresh_from_db()
    assert (draft.content, draft.revision) == (before, 2)


@pytest.mark.parametrize(
    ("section", "old", "new", "place", "told"),
    [
        # not YAML: the line is named
        ("rules", "- key: rude", "- key: [rude", "", "Line 2"),
        # a fact that is not there: the rule is named, and the nearest fact suggested
        ("rules", "fact: case.rude", "fact: case.rud", "rule 1 (rude)", "case.rude"),
        # a value out of its kind
        ("parameters", "type: number", "type: colour", "parameter sure", "colour"),
        # an agent that is not installed
        ("agents", "use: test.echo", "use: test.ecko", "step hear", "test.ecko"),
        # a key that the frame does not have
        ("frame", "outcomes:", "outcome:", "", "Possible are outcomes"),
    ],
)
def test_an_error_is_told_beside_its_section_and_no_text_is_lost(
    section: str, old: str, new: str, place: str, told: str, greeting: Workflow, ana: User, anas: Browser
) -> None:
    draft = draft_of(greeting, ana)
    form = anas.get(url(draft, "edit")).context
    texts = {one.name: one.text for one in form["sections"]}
    assert old in texts[section]
    texts[section] = texts[section].replace(old, new, 1)
    refused = anas.post(url(draft, "edit"), {**texts, "note": "my note", "revision": form["revision"]})
    assert refused.status_code == 400
    wrong = {one.name: one.errors for one in refused.context["sections"] if one.errors}
    assert list(wrong) == [section]
    assert any(place in where and told in what for where, what in wrong[section]), wrong
    assert {one.name: one.text for one in refused.context["sections"]} == texts
    assert refused.context["note"] == "my note"
    draft.refresh_from_db()
    assert draft.revision == 1


def test_of_two_who_edit_the_second_is_told_and_keeps_the_text(
    greeting: Workflow, ana: User, anas: Browser, arnes: Browser
) -> None:
    draft = draft_of(greeting, ana)
    form = anas.get(url(draft, "edit")).context
    texts = {one.name: one.text for one in form["sections"]}
    given = {**texts, "note": "first", "revision": form["revision"]}
    arnes.post(url(draft, "edit"), given)
    second = anas.post(url(draft, "edit"), {**given, "rules": texts["rules"] + "# mine\n", "note": "second"})
    assert second.status_code == 409
    assert "Somebody else saved this draft while you edited it." in text_of(second)
    assert "# mine" in text_of(second)
    draft.refresh_from_db()
    assert draft.note == "first"


def test_of_a_draft_discarded_meanwhile_the_text_is_kept_and_saved_anew(
    greeting: Workflow, ana: User, anas: Browser, arnes: Browser
) -> None:
    draft = draft_of(greeting, ana)
    form = anas.get(url(draft, "edit")).context
    given = {section.name: section.text for section in form["sections"]}
    given |= {"rules": given["rules"] + "# mine\n", "note": "my note", "revision": form["revision"]}
    arnes.post(url(draft, "discard"))
    lost = anas.post(url(draft, "edit"), given)
    assert lost.status_code == 410
    for told in ("Arne Holm discarded this draft", "# mine", "my note", "Save as a new draft"):
        assert told in text_of(lost)
    assert "Version 3 is saved." in text_of(anas.post(url(draft, "edit"), {**given, "as_new": "1"}, follow=True))
    again = WorkflowVersion.objects.get(number=3)
    assert (again.note, again.author, again.digest) == ("my note", ana, draft.digest)


def test_of_a_draft_submitted_meanwhile_the_text_is_kept(greeting: Workflow, ana: User, anas: Browser) -> None:
    draft = draft_of(greeting, ana)
    form = anas.get(url(draft, "edit")).context
    given = {section.name: section.text for section in form["sections"]}
    submitted(draft)
    refused = anas.post(url(draft, "edit"), {**given, "note": "mine", "revision": form["revision"]})
    assert (refused.status_code, refused.context["note"]) == (409, "mine")
    assert "is submitted by now and never changes" in text_of(refused)
    draft.refresh_from_db()
    assert (draft.note, draft.status) == ("a draft", "submitted")


def test_with_the_permission_gone_meanwhile_nothing_is_saved_and_nothing_lost(
    greeting: Workflow, ana: User, anas: Browser
) -> None:
    draft = draft_of(greeting, ana)
    form = anas.get(url(draft, "edit")).context
    given = {section.name: section.text for section in form["sections"]}
    ana.groups.set(Group.objects.filter(name="Workflow Specialist"))
    refused = anas.post(url(draft, "edit"), {**given, "note": "mine", "revision": form["revision"]})
    assert (refused.status_code, refused.context["note"]) == (403, "mine")
    assert "You may not change drafts any more" in text_of(refused)
    assert "Save as a new draft" not in text_of(refused)
    draft.refresh_from_db()
    assert draft.revision == 1


def test_a_published_version_has_no_editor(greeting: Workflow, arnes: Browser) -> None:
    version = greeting.published_version
    assert "never changes" in text_of(arnes.get(url(version, "edit"), follow=True))
    assert ">Edit <" not in text_of(arnes.get(url(version)))
    before = version.content
    arnes.post(url(version, "edit"), {"rules": "[]", "revision": version.revision})
    version.refresh_from_db()
    assert version.content == before


def test_an_emergency_is_in_red_until_it_is_reviewed(greeting: Workflow, arnes: Browser, sams: Browser) -> None:
    version = greeting.published_version
    assert "Emergency publication, not reviewed yet" in text_of(arnes.get(url(version)))
    assert "I have reviewed it" not in text_of(sams.get(url(version)))
    sams.post(url(version, "reviewed"))
    version.refresh_from_db()
    assert version.reviewed_at is None
    done = text_of(arnes.post(url(version, "reviewed"), follow=True))
    assert "is marked as reviewed" in done
    assert "not reviewed yet" not in done


def test_a_new_draft_begins_as_a_copy_of_its_author(greeting: Workflow, ana: User, anas: Browser) -> None:
    made = anas.post(url(greeting.published_version, "new-draft"), follow=True)
    draft = WorkflowVersion.objects.get(status="draft")
    assert "Version 2 is your draft." in text_of(made)
    assert (draft.author, draft.content) == (ana, greeting.published_version.content)


def test_discarding_asks_first_and_spares_what_is_published(greeting: Workflow, ana: User, anas: Browser) -> None:
    draft = draft_of(greeting, ana)
    assert "Discard draft 2" in text_of(anas.get(url(draft, "discard")))
    assert "Draft 2 is discarded." in text_of(anas.post(url(draft, "discard"), follow=True))
    refused = anas.post(url(greeting.published_version, "discard"), follow=True)
    assert "is never deleted" in text_of(refused)
    assert [version.number for version in WorkflowVersion.objects.all()] == [1]


def test_the_export_is_the_pack_and_imports_as_the_same(greeting: Workflow, arnes: Browser) -> None:
    export = arnes.get(url(greeting.published_version, "export"))
    assert export.headers["Content-Disposition"] == 'attachment; filename="greeting-1.yaml"'
    assert text_of(export) == export_pack(workflow=greeting)
    again = arnes.post(reverse("admin:orchestration_workflow_import"), {"text": text_of(export)}, follow=True)
    assert "has the same content; nothing new was made." in text_of(again)
    assert document()["workflow"]["title"] in text_of(again)
