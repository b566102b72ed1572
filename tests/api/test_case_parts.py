"""A case's history, explanation and cancelling."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from orchestration.models import Case, CaseStatus, Evaluation, Workflow, WorkItem
from orchestration.services import work_item as items
from tests.api.conftest import Call
from tests.doorbells import answer


@pytest.fixture
def sam(db: Any) -> User:
    return User.objects.create_user("sam")


def claimed(user: User) -> int:
    item = WorkItem.objects.get(status="open")
    items.claim(work_item_id=item.pk, user=user)
    return item.pk


# --- Events -----------------------------------------------------------------------------------------


def test_the_history_is_told_in_order(api: APIClient, post: Call, greeting: Workflow) -> None:
    case = post()
    answered = api.get(case["Location"] + "/events")
    told = [(row["number"], row["name"], row["actor"]) for row in answered.json()["results"]]
    assert told == [
        (1, "case.received", "client: bank"),
        (2, "agent_run.finished", "agent: test.echo"),
        (3, "case.decided", "rules"),
    ]
    last = answered.json()["results"][-1]
    assert (last["about"], last["at"].endswith("Z")) == ({"outcome": "yes", "by": "rules"}, True)
    assert answered.json()["next"] is None


def test_who_of_the_people_did_it_stays_inside(api: APIClient, post: Call, greeting: Workflow, sam: User) -> None:
    case = post(rude=True)
    items.decide(work_item_id=claimed(sam), user=sam, outcome="no", note="secret words")
    answered = api.get(case["Location"] + "/events")
    assert {row["actor"] for row in answered.json()["results"]} == {"client: bank", "rules", "person"}
    everything = answered.content + api.get(case["Location"]).content
    assert b"sam" not in everything
    assert b"secret words" not in everything


def test_the_history_is_read_on_from_a_number(api: APIClient, post: Call, greeting: Workflow) -> None:
    address: str | None = post()["Location"] + "/events?limit=1&after=1"
    seen = []
    while address:
        answered = api.get(address).json()
        seen.append([row["number"] for row in answered["results"]])
        address = answered["next"]
    assert seen == [[2], [3]]


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=99999999999999999999", "limit=0", "cursor=1"])
def test_a_bad_parameter_is_400(api: APIClient, post: Call, greeting: Workflow, query: str) -> None:
    assert api.get(f"{post()['Location']}/events?{query}").status_code == 400


@pytest.mark.parametrize("rude", [True, False])
def test_the_history_costs_three_queries(
    api: APIClient, post: Call, greeting: Workflow, django_assert_num_queries: Any, rude: bool
) -> None:
    case = post(rude=rude)
    with django_assert_num_queries(3):
        assert len(api.get(case["Location"] + "/events").json()["results"]) == (2 if rude else 3)


# --- Explanation ------------------------------------------------------------------------------------


def test_a_decision_is_explained_rule_by_rule(api: APIClient, post: Call, greeting: Workflow) -> None:
    case = post(text="Hello")
    found = api.get(case["Location"] + "/explanation").json()
    assert (found["case"], found["status"], found["decision"]) == (
        case.json()["id"],
        "decided",
        case.json()["decision"],
    )
    assert (found["exact"], found["round"], found["step"]["kind"], found["step"]["outcome"]) == (
        True,
        2,
        "decide",
        "yes",
    )
    assert found["matched"] == ["hear", "yes"]
    assert [(rule["rule"], rule["matched"]) for rule in found["rules"]] == [
        ("rude", False),
        ("hear", True),
        ("doubt", False),
        ("yes", True),
    ]
    rude, _, doubt, _ = found["rules"]
    assert rude["kept_out_by"]["seen"] == {"case.rude": None}
    assert doubt["kept_out_by"]["seen"] == {"agents.hear.confidence": 0.9}
    assert doubt["kind"] == "guard"


def test_an_escalation_is_explained_too(api: APIClient, post: Call, greeting: Workflow) -> None:
    found = api.get(post(rude=True)["Location"] + "/explanation").json()
    assert (found["decision"], found["step"]["kind"], found["step"]["reason"], found["exact"]) == (
        None,
        "escalate",
        "The text is rude",
        True,
    )


def test_a_case_that_was_not_evaluated_yet_has_an_empty_explanation(
    api: APIClient, post: Call, greeting: Workflow
) -> None:
    found = api.get(post(wait=None)["Location"] + "/explanation").json()
    assert (found["step"], found["rules"], found["exact"], found["status"]) == (None, [], None, "received")


def test_a_case_that_waits_for_an_agent_is_explained_without_its_result(
    api: APIClient, post: Call, later: Workflow
) -> None:
    """Also when the result came before the explanation was asked for."""
    case = post(workflow="later", wait=None)
    answer(at_most=2)  # the round that asks for the run, and the run
    assert Case.objects.get().runs.get().status == "succeeded"
    found = api.get(case["Location"] + "/explanation").json()
    assert (found["step"]["kind"], found["exact"], found["matched"]) == ("run", True, ["hear", "doubt", "yes"])
    answer()
    found = api.get(case["Location"] + "/explanation").json()
    assert (found["step"]["kind"], found["exact"], found["status"]) == ("decide", True, "decided")


def test_a_round_after_a_correction_is_explained_exactly(
    api: APIClient, post: Call, greeting: Workflow, sam: User
) -> None:
    case = post(rude=True)
    items.send_back(work_item_id=claimed(sam), user=sam, corrections={"rude": False}, human={}, note="")
    answer()
    found = api.get(case["Location"] + "/explanation").json()
    assert (found["status"], found["exact"], found["step"]["outcome"]) == ("decided", True, "yes")
    assert found["rules"][0]["kept_out_by"]["seen"] == {"case.rude": False}


def test_what_has_changed_since_the_round_shows(api: APIClient, post: Call, greeting: Workflow, sam: User) -> None:
    case = post(rude=True)
    items.send_back(work_item_id=claimed(sam), user=sam, corrections={"rude": False}, human={}, note="")
    found = api.get(case["Location"] + "/explanation").json()  # the next round has not been yet
    assert (found["exact"], found["step"]["kind"]) == (False, "escalate")


def test_a_persons_decision_comes_with_the_last_round(
    api: APIClient, post: Call, greeting: Workflow, sam: User
) -> None:
    case = post(rude=True)
    items.decide(work_item_id=claimed(sam), user=sam, outcome="no", note="too rude")
    found = api.get(case["Location"] + "/explanation").json()
    assert (found["decision"]["outcome"], found["step"]["kind"], found["exact"]) == ("no", "escalate", True)


def test_explaining_stores_nothing(api: APIClient, post: Call, greeting: Workflow) -> None:
    case = post()
    before = Evaluation.objects.count()
    api.get(case["Location"] + "/explanation")
    assert Evaluation.objects.count() == before == 2


# --- Cancelling -------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [{"wait": None}, {"rude": True}])
def test_an_undecided_case_is_cancelled_once(
    api: APIClient, post: Call, greeting: Workflow, given: dict[str, Any]
) -> None:
    case = post(**given)
    first, second = (api.post(case.json()["links"]["cancel"]) for _ in range(2))
    assert (first.status_code, second.status_code, first.json()) == (200, 200, second.json())
    assert (first.json()["status"], first.json()["work_item"]) == ("cancelled", None)
    names = [row["name"] for row in api.get(case["Location"] + "/events").json()["results"]]
    assert names.count("case.cancelled") == 1
    answer()
    assert Case.objects.get().status == CaseStatus.CANCELLED


def test_a_decided_case_is_not_cancelled(api: APIClient, post: Call, greeting: Workflow) -> None:
    case = post()
    answered = api.post(case["Location"] + "/cancel")
    assert (answered.status_code, answered.json()["type"]) == (409, "urn:conductor:problem:case-decided")
    assert Case.objects.get().status == CaseStatus.DECIDED


@pytest.mark.parametrize(("body", "status"), [("{}", 200), ('{"reason": "x"}', 422), ("{", 400)])
def test_a_body_may_be_sent_when_it_is_empty(
    api: APIClient, post: Call, greeting: Workflow, body: str, status: int
) -> None:
    case = post(wait=None)
    answered = api.generic("POST", case["Location"] + "/cancel", body, content_type="application/json")
    assert answered.status_code == status
