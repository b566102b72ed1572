"""The page of one rule: written, checked and saved on its own, and nothing that was typed is ever lost."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client as Browser
from django.urls import reverse

from orchestration.models import Workflow, WorkflowVersion
from orchestration.rules.pack import load_yaml
from orchestration.services import version as versions
from orchestration.services.draft import change_part, discard, part_of
from orchestration.services.editing import to_wire
from tests.admin.conftest import browser_of, person, text_of
from tests.small_workflow import rules

pytestmark = pytest.mark.django_db
RUDE = rules()[0]
NEW = {"key": "loud", "title": "Loud ones", "when": "always", "then": [{"decide": {"outcome": "no"}}]}
YAML = "key: loud\ntitle: Loud ones\nwhen: always\nthen:\n  - {decide: {outcome: no}}\n"


@pytest.fixture
def draft(greeting: Workflow, ana: User) -> WorkflowVersion:
    return versions.new_draft(workflow=greeting, data=greeting.published_version.content, user=ana)


def url(draft: WorkflowVersion, key: str = "", verb: str = "") -> str:
    name = "orchestration_workflowversion_rule" + (f"-{verb}" if verb else "" if key else "-new")
    return reverse(f"admin:{name}", args=[draft.pk, *([key] if key else [])])


def seen(draft: WorkflowVersion, key: str) -> str:
    return part_of(draft, "rules", key).seen


def stored(draft: WorkflowVersion, key: str) -> Any:
    draft.refresh_from_db()
    return part_of(draft, "rules", key).value


def save(browser: Browser, draft: WorkflowVersion, key: str, rule: Any, **more: Any) -> Any:
    """Save as the editor does, or with `source` as YAML."""
    given = {"seen": seen(draft, key), "rule": json.dumps(to_wire(rule)) if rule is not None else "", **more}
    return browser.post(url(draft, key), given)


def ask(browser: Browser, draft: WorkflowVersion, **asked: Any) -> Any:
    body = json.dumps({"key": "rude", **asked})
    return browser.post(url(draft, verb="say"), body, content_type="application/json")


def document(answer: Any) -> Any:
    return answer.context["document"]


def test_the_page_shows_the_rule_and_its_yaml(draft: WorkflowVersion, anas: Browser) -> None:
    page = anas.get(url(draft, "rude"))
    assert document(page) == {"key": "rude", "rule": RUDE, "problems": [], "unsaved": False}
    assert load_yaml(page.context["source"]) == RUDE
    assert "When all of: rude is true; trusted is not true; escalate to people" in text_of(page)


def test_the_page_works_without_a_script_by_its_yaml(draft: WorkflowVersion, anas: Browser) -> None:
    page = text_of(anas.get(url(draft, "rude")))
    assert '<textarea class="c-code" id="rule-source" name="source"' in page
    assert "<div data-builder hidden>" in page
    saved = save(anas, draft, "rude", None, source=anas.get(url(draft, "rude")).context["source"] + "enabled: false\n")
    assert saved.status_code == 302
    assert stored(draft, "rude") == {**RUDE, "enabled": False}


def test_a_rule_is_saved_and_the_list_shows_it(draft: WorkflowVersion, ana: User, anas: Browser) -> None:
    saved = save(anas, draft, "rude", {**RUDE, "title": "Rude <b>texts</b>"})
    assert saved.headers["Location"].endswith(f"/workflowversion/{draft.pk}/change/#rude")
    assert stored(draft, "rude") == {**RUDE, "title": "Rude <b>texts</b>"}
    assert "Rude &lt;b&gt;texts&lt;/b&gt;" in text_of(anas.get(saved.headers["Location"]))


@pytest.mark.parametrize("given", [{"rule": json.dumps(NEW)}, {"source": YAML}, {"source": YAML.replace("\n", "\r\n")}])
def test_a_new_rule_is_added_at_the_end(given: dict[str, str], draft: WorkflowVersion, anas: Browser) -> None:
    assert "New rule" in text_of(anas.get(url(draft)))
    assert anas.post(url(draft), given).status_code == 302
    draft.refresh_from_db()
    assert draft.content["rules"][-1] == NEW


def test_a_copy_is_offered_under_a_free_key_and_stored_only_when_saved(draft: WorkflowVersion, anas: Browser) -> None:
    save(anas, draft, "", {**RUDE, "key": "rude-2"})
    page = anas.get(url(draft), {"from": "rude"})
    assert document(page)["rule"] == {**RUDE, "key": "rude-3", "title": "Rude texts go to a person (copy)"}
    assert stored(draft, "rude-3") is None


def test_a_rule_is_deleted(draft: WorkflowVersion, anas: Browser) -> None:
    anas.post(url(draft, "rude"), {"action": "delete", "seen": seen(draft, "rude")})
    assert stored(draft, "rude") is None


def test_a_rule_and_a_table_are_switched_off_and_on(draft: WorkflowVersion, ana: User, anas: Browser) -> None:
    answer = anas.post(url(draft, "rude", "switch"), {"enabled": "0"}, follow=True)
    assert "“Rude texts go to a person” is switched off." in text_of(answer)
    assert stored(draft, "rude") == {**RUDE, "enabled": False}
    anas.post(url(draft, "rude", "switch"), {"enabled": "1"})
    assert stored(draft, "rude") == RUDE
    table = {
        "key": "mood", "title": "Mood", "hit_policy": "first", "inputs": [{"fact": "case.rude"}],
        "outputs": [{"set": "derived.mood", "type": "string"}], "rows": [], "otherwise": ["good"],
    }  # fmt: skip
    change_part(version_id=draft.pk, section="tables", key="mood", value=table, seen="", user=ana, new=True)
    anas.post(url(draft, "mood", "switch"), {"enabled": "0", "section": "tables"})
    draft.refresh_from_db()
    assert draft.content["tables"][0]["enabled"] is False


def test_switching_off_what_others_need_says_why_not(draft: WorkflowVersion, ana: User, anas: Browser) -> None:
    gone = anas.post(url(draft, "none", "switch"), {"enabled": "0"}, follow=True)
    assert "Somebody deleted this meanwhile." in text_of(gone)


def test_errors_come_back_beside_their_field_and_nothing_is_stored(draft: WorkflowVersion, anas: Browser) -> None:
    wrong = {**RUDE, "when": {"all": [{"fact": "case.rud", "op": "eq", "value": True}]}}
    refused = save(anas, draft, "rude", wrong)
    assert refused.status_code == 400
    assert document(refused)["rule"] == wrong
    assert [one["pointer"] for one in document(refused)["problems"]] == ["/when/all/0/fact"]
    assert document(refused)["unsaved"] is True
    assert "when › all › number 1 › fact" in text_of(refused)
    assert stored(draft, "rude") == RUDE


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("key: [", "Line 1, column 7: this is not YAML"),  # broken
        ("key: a\nkey: b\n", "Line 2"),  # twice
        ("- a\n", "A rule has the entries key, title, when and then"),
        ("key: a\ntitle: t\n", "lacks the entry “when”"),
        ("<script>alert(1)</script>", "A rule has the entries"),
        ("key: <script>\ntitle: t\nwhen: always\nthen: []\n", "The key “&lt;script&gt;” is not possible"),
    ],
)
def test_broken_yaml_is_told_and_kept(source: str, told: str, draft: WorkflowVersion, anas: Browser) -> None:
    refused = save(anas, draft, "rude", None, source=source)
    assert refused.status_code == 400
    assert told in text_of(refused)
    assert refused.context["source"].strip() == source.strip()
    assert "<script>alert" not in text_of(refused)
    assert stored(draft, "rude") == RUDE


def test_deleting_what_others_need_names_the_place(draft: WorkflowVersion, ana: User, anas: Browser) -> None:
    set_mood = {**NEW, "then": [{"set": {"derived.mood": "good"}}]}
    reads = {**NEW, "key": "reads", "when": {"fact": "derived.mood", "op": "eq", "value": "good"}}
    for rule in (set_mood, reads):
        save(anas, draft, "", rule)
        draft.refresh_from_db()
    refused = anas.post(url(draft, "loud"), {"action": "delete", "seen": seen(draft, "loud")})
    assert refused.status_code == 400
    assert "rule 5 (reads) › when › fact" in text_of(refused)
    assert stored(draft, "loud") == set_mood


@pytest.fixture
def overtaken(draft: WorkflowVersion, anas: Browser) -> Any:
    """Ana saves a rule that an architect changed since she opened it."""
    before = seen(draft, "rude")
    other = browser_of(person("architect"))
    save(other, draft, "rude", {**RUDE, "title": "Theirs", "priority": 30})
    return save(anas, draft, "rude", {**RUDE, "title": "Mine"}, seen=before)


def test_of_two_on_one_rule_the_second_sees_both_and_keeps_theirs(overtaken: Any, draft: WorkflowVersion) -> None:
    assert overtaken.status_code == 409
    assert [(one.what, one.stored, one.mine) for one in overtaken.context["differences"]] == [
        ("Title", "Theirs", "Mine"),
        ("Priority", "30", "20"),
    ]
    assert document(overtaken)["rule"] == {**RUDE, "title": "Mine"}
    assert stored(draft, "rude")["title"] == "Theirs"


def test_saving_again_is_refused_unless_it_is_meant(overtaken: Any, draft: WorkflowVersion, anas: Browser) -> None:
    again = save(anas, draft, "rude", {**RUDE, "title": "Mine"}, seen=overtaken.context["seen"])
    assert again.status_code == 409
    meant = save(anas, draft, "rude", {**RUDE, "title": "Mine"}, over=overtaken.context["over"])
    assert meant.status_code == 302
    assert stored(draft, "rude")["title"] == "Mine"


def test_a_rule_deleted_meanwhile_can_be_added_again(draft: WorkflowVersion, ana: User, anas: Browser) -> None:
    before = seen(draft, "rude")
    change_part(version_id=draft.pk, section="rules", key="rude", value=None, seen=before, user=ana)
    told = save(anas, draft, "rude", {**RUDE, "title": "Mine"}, seen=before)
    assert (told.status_code, told.context["over"]) == (409, "")
    assert "Add mine again" in text_of(told)
    save(anas, draft, "rude", {**RUDE, "title": "Mine"}, seen=before, action="again")
    assert stored(draft, "rude")["title"] == "Mine"


def test_two_rules_are_saved_side_by_side(draft: WorkflowVersion, ana: User, anas: Browser) -> None:
    before = seen(draft, "yes")
    save(browser_of(person("architect")), draft, "rude", {**RUDE, "title": "Theirs"})
    save(anas, draft, "yes", {**rules()[3], "title": "Mine"}, seen=before)
    assert (stored(draft, "rude")["title"], stored(draft, "yes")["title"]) == ("Theirs", "Mine")


def test_a_draft_deleted_meanwhile_gives_the_text_back(draft: WorkflowVersion, anas: Browser) -> None:
    target, given = url(draft, "rude"), {"rule": json.dumps({**RUDE, "title": "Mine"}), "seen": seen(draft, "rude")}
    discard(version_id=draft.pk)
    gone = anas.post(target, given)
    assert gone.status_code == 410
    assert "This draft was deleted by somebody." in text_of(gone)
    assert load_yaml(gone.context["text"]) == {**RUDE, "title": "Mine"}


def test_a_permission_taken_away_gives_the_text_back(draft: WorkflowVersion, ana: User, anas: Browser) -> None:
    ana.groups.clear()
    ana.user_permissions.add(Permission.objects.get(codename="view_workflowversion"))
    refused = save(anas, draft, "rude", {**RUDE, "title": "Mine"})
    assert refused.status_code == 403
    assert load_yaml(refused.context["text"]) == {**RUDE, "title": "Mine"}
    assert stored(draft, "rude") == RUDE


def test_a_version_that_left_drafting_gives_the_text_back(draft: WorkflowVersion, anas: Browser) -> None:
    versions.publish(version_id=draft.pk, user=None)
    refused = save(anas, draft, "rude", {**RUDE, "title": "Mine"})
    assert (refused.status_code, load_yaml(refused.context["text"])["title"]) == (409, "Mine")
    assert "never changes" in text_of(refused)
    assert "never changes" in text_of(anas.get(url(draft, "rude"), follow=True))
    assert "never changes" in text_of(anas.post(url(draft, "rude", "switch"), {"enabled": "0"}, follow=True))
    assert stored(draft, "rude") == RUDE


@pytest.mark.parametrize("role", ["specialist", "nobody"])
def test_who_may_not_draft_neither_edits_nor_sees_the_buttons(role: str, draft: WorkflowVersion) -> None:
    other = browser_of(person(role))
    assert other.get(url(draft, "rude")).status_code == 403
    assert other.get(url(draft)).status_code == 403
    assert save(other, draft, "rude", {**RUDE, "title": "Mine"}).status_code == 403
    assert other.post(url(draft, "rude", "switch"), {"enabled": "0"}).status_code == 403
    assert ask(other, draft, rule=RUDE).status_code == 403
    assert stored(draft, "rude") == RUDE
    shown = other.get(reverse("admin:orchestration_workflowversion_change", args=[draft.pk]))
    assert "Add a rule" not in text_of(shown)


def test_nobody_signed_in_is_asked_to(draft: WorkflowVersion) -> None:
    assert "/login/" in Browser().get(url(draft, "rude")).headers["Location"]
    assert "/login/" in ask(Browser(), draft, rule=RUDE).headers["Location"]


def test_the_list_of_a_draft_offers_what_can_be_done(draft: WorkflowVersion, greeting: Workflow, anas: Browser) -> None:
    def page(version: WorkflowVersion) -> str:
        return text_of(anas.get(reverse("admin:orchestration_workflowversion_change", args=[version.pk])))

    for part in (url(draft), url(draft, "rude"), f"{url(draft)}?from=rude", url(draft, "rude", "switch")):
        assert f'"{part}"' in page(draft)
    assert url(greeting.published_version, "rude") not in page(greeting.published_version)


def test_a_rule_with_the_key_new_has_its_page(draft: WorkflowVersion, anas: Browser) -> None:
    save(anas, draft, "", {**NEW, "key": "new"})
    page = text_of(anas.get(reverse("admin:orchestration_workflowversion_change", args=[draft.pk])))
    assert f'"{url(draft, "~new")}"' in page
    assert document(anas.get(url(draft, "~new")))["rule"] == {**NEW, "key": "new"}
    anas.post(url(draft, "new", "switch"), {"enabled": "0"})
    assert stored(draft, "new")["enabled"] is False


def test_a_rule_that_is_not_there_is_not_found(draft: WorkflowVersion, anas: Browser) -> None:
    assert anas.get(url(draft, "none")).status_code == 404
    assert anas.get(reverse("admin:orchestration_workflowversion_rule", args=[10**9, "rude"])).status_code == 404
