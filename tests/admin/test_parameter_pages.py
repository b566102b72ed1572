"""The page of a version's parameters: their uses and history, changed in place, one by one or all together."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orchestration.models import Workflow, WorkflowVersion
from orchestration.services import version as versions
from orchestration.services.draft import change_part, part_of
from tests.admin.conftest import browser_of, person, text_of
from tests.admin.test_table_pages import TABLE

pytestmark = pytest.mark.django_db
PARAMETERS = {
    "sure": {"type": "number", "value": 0.8, "label": "Sure enough", "minimum": 0, "maximum": 1},
    "nice": {"type": "list", "value": ["hi", "hello, you"], "label": "Nice words", "help": "Said <b>often</b>"},
    "spare": {"type": "integer", "value": 3, "unit": "days"},
    "on": {"type": "boolean", "value": True},
    "score": {"type": "number", "value": 1.0},
}
WITH_NICE = {**TABLE, "rows": [{"key": "nice", "when": ["-", "in {nice}"], "then": ["good"]}]}


@pytest.fixture
def draft(greeting: Workflow, ana: User) -> WorkflowVersion:
    content = {**greeting.published_version.content, "parameters": PARAMETERS, "tables": [WITH_NICE]}
    return versions.new_draft(workflow=greeting, data=content, note="a draft", user=ana)


def url(version: WorkflowVersion) -> str:
    return reverse("admin:orchestration_workflowversion_parameters", args=[version.pk])


def shown(browser: Browser, version: WorkflowVersion) -> dict[str, str]:
    """The fields of the page as a browser would send them."""
    context = browser.get(url(version)).context
    fields: dict[str, str] = {}
    for form, _, _ in context["rows"]:
        fields |= {f"p:{form.name}:{key}": text for key, text in form.texts.items()}
        fields |= {f"seen:{form.name}": form.seen, f"was:{form.name}": form.was}
    fields |= {f"new:{key}": text for key, text in context["new"].texts.items()}
    return {**fields, "new:name": "", "action": "save"}


def stored(version: WorkflowVersion) -> dict[str, Any]:
    version.refresh_from_db()
    return version.content["parameters"]


def errors(answer: Any) -> dict[str, dict[str, str]]:
    return {form.name: form.errors for form, _, _ in answer.context["rows"] if form.errors}


def test_each_parameter_is_shown_with_its_uses_and_history(draft: WorkflowVersion, anas: Browser) -> None:
    rows = {
        form.name: (history, [use.title for use in uses])
        for form, history, uses in anas.get(url(draft)).context["rows"]
    }
    assert rows == {
        "sure": ("0.8 since version 1.", ["Doubtful ones go to a person"]),
        "nice": ("New in this version.", ["How kind is it"]),
        "spare": ("New in this version.", []),
        "on": ("New in this version.", []),
        "score": ("New in this version.", []),
    }
    page = text_of(anas.get(url(draft)))
    assert "Said &lt;b&gt;often&lt;/b&gt;" in page
    assert "not used" in page


def test_the_history_tells_since_which_version_a_value_holds(greeting: Workflow, ana: User, anas: Browser) -> None:
    content = greeting.published_version.content
    versions_made = []
    for value in (0.8, 0.7, 0.7, 0.9):
        parameters = {"sure": {**content["parameters"]["sure"], "value": value}}
        made = versions.new_draft(workflow=greeting, data={**content, "parameters": parameters}, user=ana)
        versions_made.append(made)
        if value != 0.9:
            WorkflowVersion.objects.filter(pk=made.pk).update(published_at="2026-01-01T00:00Z")
    second, third, _, last = versions_made
    told = [anas.get(url(version)).context["rows"][0][1] for version in (second, third, last)]
    assert told == [
        "0.8 since version 1.",
        "0.7 since this version, 0.8 before.",
        "0.9 since this version, 0.7 since version 3, 0.8 before.",
    ]


def test_saving_what_was_shown_changes_nothing(draft: WorkflowVersion, anas: Browser) -> None:
    answer = anas.post(url(draft), shown(anas, draft), follow=True)
    assert "Nothing was changed." in text_of(answer)
    draft.refresh_from_db()
    assert (draft.revision, repr(draft.content["parameters"]["score"]["value"])) == (1, "1.0")


def test_all_that_was_changed_is_saved_together(draft: WorkflowVersion, anas: Browser) -> None:
    changed = {
        "p:sure:value": "0.85", "p:nice:value": '"hi", "hello, you", "5"', "p:on:value": "false", "p:spare:unit": "",
        "p:spare:maximum": "9", "p:sure:label": "Certain enough",
    }  # fmt: skip
    answer = anas.post(url(draft), {**shown(anas, draft), **changed}, follow=True)
    assert "Saved:" in text_of(answer)
    assert stored(draft) == {
        "sure": {**PARAMETERS["sure"], "value": 0.85, "label": "Certain enough"},
        "nice": {**PARAMETERS["nice"], "value": ["hi", "hello, you", "5"]},
        "spare": {"type": "integer", "value": 3, "maximum": 9},
        "on": {"type": "boolean", "value": False},
        "score": PARAMETERS["score"],
    }


def test_one_parameter_is_saved_on_its_own(draft: WorkflowVersion, anas: Browser) -> None:
    changed = {"p:sure:value": "0.85", "p:spare:value": "4", "action": "save-one:spare"}
    anas.post(url(draft), {**shown(anas, draft), **changed})
    assert (stored(draft)["spare"]["value"], stored(draft)["sure"]["value"]) == (4, 0.8)


WRONG = [
    # (field, text, parameter, told)
    ("p:sure:value", "0,9", "sure", "Write the decimal point as “.”."),
    ("p:sure:value", "much", "sure", "Write a number such as 0.85."),
    ("p:sure:value", "1.5", "sure", "The value 1.5 is above the maximum 1."),
    ("p:sure:minimum", "2", "sure", "is below the minimum 2"),
    ("p:spare:value", "2.5", "spare", "Write a whole number such as 18."),
    ("p:spare:value", "", "spare", "Write a whole number such as 18."),
    ("p:spare:type", "colour", "spare", "Choose a type."),
    ("p:nice:value", "hi, 5", "nice", "All values of a list must be of one type"),
    # a type that the rules which read it cannot use: they are named
    ("p:sure:type", "string", "sure", "Elsewhere, rule 3 (doubt)"),
]


@pytest.mark.parametrize(("field", "text", "name", "told"), WRONG)
def test_an_error_stands_at_its_parameter_and_nothing_is_saved(
    field: str, text: str, name: str, told: str, draft: WorkflowVersion, anas: Browser
) -> None:
    changed = {**shown(anas, draft), "p:on:value": "false", field: text}
    if field.endswith(":type") and text == "string":
        changed |= {"p:sure:minimum": "", "p:sure:maximum": ""}
    refused = anas.post(url(draft), changed)
    assert refused.status_code == 400
    assert list(errors(refused)) == [name]
    assert told in " ".join(errors(refused)[name].values())
    kept = {form.name: form.texts for form, _, _ in refused.context["rows"]}
    assert (kept[name][field.rpartition(":")[2]], kept["on"]["value"]) == (text, "false")
    assert stored(draft) == PARAMETERS


def test_a_parameter_is_added(draft: WorkflowVersion, anas: Browser) -> None:
    new = {"new:name": "limit", "new:type": "duration", "new:value": "30d", "new:label": "Limit", "action": "add"}
    anas.post(url(draft), {**shown(anas, draft), **new})
    assert stored(draft)["limit"] == {"type": "duration", "value": "30d", "label": "Limit"}


@pytest.mark.parametrize(
    ("name", "told"),
    [("", "starts with a letter"), ("a b", "starts with a letter"), ("sure", "There is a parameter “sure” already.")],
)
def test_a_name_that_cannot_be_is_told(name: str, told: str, draft: WorkflowVersion, anas: Browser) -> None:
    refused = anas.post(url(draft), {**shown(anas, draft), "new:name": name, "new:value": "1", "action": "add"})
    assert refused.status_code == 400
    assert told in " ".join(refused.context["new"].errors.values())
    assert stored(draft) == PARAMETERS


def test_only_a_parameter_that_nothing_uses_is_deleted(draft: WorkflowVersion, anas: Browser) -> None:
    refused = anas.post(url(draft), {**shown(anas, draft), "action": "delete:sure"})
    assert "“sure” is still used by “Doubtful ones go to a person”." in text_of(refused)
    refused = anas.post(url(draft), {**shown(anas, draft), "action": "delete:nice"})
    assert "“nice” is still used by “How kind is it”." in text_of(refused)
    anas.post(url(draft), {**shown(anas, draft), "action": "delete:spare"})
    assert sorted(stored(draft)) == ["nice", "on", "score", "sure"]


def test_two_who_change_different_parameters_do_not_disturb_each_other(draft: WorkflowVersion, anas: Browser) -> None:
    mine = {**shown(anas, draft), "p:sure:value": "0.9"}
    value = {**PARAMETERS["spare"], "value": 5}
    seen = part_of(draft, "parameters", "spare").seen
    change_part(
        version_id=draft.pk, section="parameters", key="spare", value=value, seen=seen, user=person("architect")
    )
    anas.post(url(draft), mine)
    assert (stored(draft)["sure"]["value"], stored(draft)["spare"]["value"]) == (0.9, 5)


def test_of_two_who_change_the_same_the_second_is_told_and_may_save_again(
    draft: WorkflowVersion, anas: Browser
) -> None:
    mine = {**shown(anas, draft), "p:sure:value": "0.9", "p:spare:value": "4"}
    value = {**PARAMETERS["sure"], "value": 0.7}
    seen = part_of(draft, "parameters", "sure").seen
    change_part(version_id=draft.pk, section="parameters", key="sure", value=value, seen=seen, user=person("architect"))
    second = anas.post(url(draft), mine)
    assert second.status_code == 409
    assert "Somebody else changed this meanwhile: it is 0.7 now." in errors(second)["sure"][""]
    assert (stored(draft)["sure"]["value"], stored(draft)["spare"]["value"]) == (0.7, 3)
    again = next(form for form, _, _ in second.context["rows"] if form.name == "sure")
    anas.post(url(draft), {**mine, "seen:sure": again.seen})
    assert (stored(draft)["sure"]["value"], stored(draft)["spare"]["value"]) == (0.9, 4)


def test_a_version_that_is_no_draft_is_only_read(draft: WorkflowVersion, anas: Browser) -> None:
    mine = {**shown(anas, draft), "p:sure:value": "0.9"}
    WorkflowVersion.objects.filter(pk=draft.pk).update(status="submitted")
    page = text_of(anas.get(url(draft)))
    assert ("Sure enough" in page, "Save all" in page, 'name="p:' in page) == (True, False, False)
    refused = anas.post(url(draft), mine)
    assert (refused.status_code, "never changes" in text_of(refused), "0.9" in text_of(refused)) == (409, True, True)
    assert stored(draft) == PARAMETERS


def test_who_may_only_read_changes_nothing(draft: WorkflowVersion, anas: Browser) -> None:
    mine = {**shown(anas, draft), "p:sure:value": "0.9"}
    sams = browser_of(person("specialist"))
    assert "Save all" not in text_of(sams.get(url(draft)))
    assert sams.post(url(draft), mine).status_code == 403
    assert browser_of(person("nobody")).get(url(draft)).status_code == 403
    assert stored(draft) == PARAMETERS


def test_a_draft_that_is_gone_keeps_what_was_typed(draft: WorkflowVersion, anas: Browser) -> None:
    mine = {**shown(anas, draft), "p:sure:value": "0.876"}
    there = url(draft)
    draft.delete()
    gone = anas.post(there, mine)
    assert (gone.status_code, "0.876" in text_of(gone)) == (410, True)


def test_the_page_needs_as_many_queries_for_one_parameter_as_for_many(
    greeting: Workflow, draft: WorkflowVersion, anas: Browser
) -> None:
    counts = []
    for version in (greeting.published_version, draft, draft):
        with CaptureQueriesContext(connection) as queries:
            anas.get(url(version))
        counts.append(len(queries))
    assert counts[0] == counts[2] <= 12
