"""Secrets: sealed at rest, in place only while an agent runs, and in no table, log or text in plain."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from orchestration.agents.registry import registry
from orchestration.models import AgentEvent, AgentRun, Client, Secret, WorkflowVersion, WorkItem
from orchestration.rules.parse import version_from
from orchestration.services import secret as secrets
from orchestration.services import version as versions
from orchestration.services.pack import export_pack
from orchestration.services.refusal import Refused
from orchestration.services.secret import Unresolved, delete_secret, references, resolve, seal_anew, set_secret
from tests.doorbells import answer
from tests.factories import UserFactory
from tests.services.posting import post
from tests.small_workflow import publish, publish_again
from tests.submitting import draft_of

pytestmark = pytest.mark.django_db

FIRST, SECOND = "correct-horse-battery", "staple.of.the.trade"
CONFIG = {
    "password": {"secret": "door"},
    "accounts": [{"name": "a", "token": {"secret": "gate"}}, {"name": "b"}],
    "expected": f"{FIRST}|{SECOND}"[::-1],
}


@pytest.fixture
def client() -> Client:
    return Client.objects.create(name="bank")


@pytest.fixture
def _both(db: Any) -> None:
    set_secret(name="door", value=FIRST, note="of the front", user=None)
    set_secret(name="gate", value=SECOND, note="", user=None)


def everything_stored() -> str:
    """Every value of every table, as text."""
    with connection.cursor() as cursor:
        texts = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            texts += [str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(texts)


# --- In use -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_both")
@pytest.mark.parametrize("use", ["test.keeper", "test.inline_keeper"], ids=["apart", "inline"])
@pytest.mark.parametrize(
    "text", ["say nothing", "print", "raise", "refuse", "summary", "transcript", "evidence", "output"]
)
def test_the_agent_has_its_secrets_and_nobody_else(
    client: Client, caplog: pytest.LogCaptureFixture, use: str, text: str
) -> None:
    caplog.set_level(logging.DEBUG)
    case = post(publish(use=use, config=CONFIG, attempts=1), client, text=text)
    answer()
    case.refresh_from_db()
    run = AgentRun.objects.get()
    failing = {"raise": "exception", "refuse": "agent", "output": "output"}
    assert (run.status, run.error_kind) == (("failed", failing[text]) if text in failing else ("succeeded", ""))
    if text not in failing:
        assert run.content.output["right"] is True
        assert case.status == "decided"
    if text == "evidence":
        assert run.content.evidence == [{"what": "kept"}]
    stored = everything_stored()
    assert CONFIG["expected"] in stored  # what is configured in plain is there, so the search finds things
    for value in (FIRST, SECOND):
        assert value not in stored
        assert value not in caplog.text


@pytest.mark.usefixtures("_both")
def test_runs_are_told_apart_by_the_names_of_secrets_not_by_their_values(client: Client) -> None:
    workflow = publish(use="test.inline_keeper", config=CONFIG)
    post(workflow, client)
    set_secret(name="door", value="another-horse", note="", user=None)
    post(workflow, client)
    set_secret(name="back_door", value=FIRST, note="", user=None)
    publish_again(workflow, use="test.inline_keeper", config={**CONFIG, "password": {"secret": "back_door"}})
    workflow.refresh_from_db()
    post(workflow, client)
    first, second, third = AgentRun.objects.order_by("id")
    assert first.config_digest == second.config_digest != third.config_digest
    assert [run.content.output["right"] for run in (first, second, third)] == [True, False, True]


def test_a_secret_that_is_not_there_is_a_clear_and_permanent_failure(client: Client) -> None:
    set_secret(name="door", value=FIRST, note="", user=None)
    case = post(publish(use="test.inline_keeper", config=CONFIG, attempts=3), client)
    run, item = AgentRun.objects.get(), WorkItem.objects.get(case=case)
    assert (run.status, run.error_kind, run.attempts) == ("failed", "config", 1)
    assert "names the secret “gate” at /accounts/0/token, but there is none. Set it." in item.content.detail


@pytest.mark.usefixtures("_both")
def test_names_outside_of_password_fields_are_left_alone() -> None:
    schema = registry().agents["test.keeper"].config_schema
    config = {"password": {"secret": "door"}, "expected": {"secret": "door"}, "accounts": [{"name": {"secret": "x"}}]}
    assert resolve(config, schema) == {**config, "password": FIRST}


def test_a_configuration_without_references_costs_no_query(django_assert_num_queries: Any) -> None:
    schema = registry().agents["test.keeper"].config_schema
    with django_assert_num_queries(0):
        assert resolve({"password": "in plain"}, schema) == {"password": "in plain"}


# --- In a version -----------------------------------------------------------------------------------


def test_a_pack_names_secrets_and_goes_out_as_it_came_in() -> None:
    workflow = publish(use="test.keeper", config=CONFIG)
    text = export_pack(workflow=workflow)
    assert "secret: door" in text
    assert references(workflow.published_version.content) == {"door": ("hear",), "gate": ("hear",)}
    assert references(version_from(workflow.published_version.content)) == {"door": ("hear",), "gate": ("hear",)}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"password": "in plain"}, [("/agents/hear/config/password", "A secret is written out here")]),
        ({"password": {"secret": "door"}, "accounts": [{"token": "in plain"}]},
         [("/agents/hear/config/accounts/0/token", "A secret is written out here")]),
        ({"password": {"secret": "nobody"}}, [("/agents/hear/config/password", "no secret named “nobody” yet")]),
        ({"password": {"secret": "door"}}, []),
    ],
    ids=["in plain", "in plain, deeper", "not set yet", "as it should be"],
)  # fmt: skip
def test_doubtful_secrets_are_warnings(config: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    set_secret(name="door", value=FIRST, note="", user=None)
    workflow = publish(use="test.keeper", config=config)
    content = version_from(workflow.published_version.content)
    found = [one for one in versions.findings(content, workflow) if "/config" in one.pointer]
    assert [(one.severity, one.pointer) for one in found] == [("warning", pointer) for pointer, _ in expected]
    assert all(said in one.message for one, (_, said) in zip(found, expected, strict=True))


# --- Kept -------------------------------------------------------------------------------------------


def test_setting_replacing_and_deleting_are_on_record_without_the_value() -> None:
    arne = UserFactory(first_name="Arne", last_name="Holm")
    set_secret(name="door", value=FIRST, note=" of the front ", user=arne)
    kept = set_secret(name="door", value=SECOND, note="of the back", user=None)
    assert (kept.note, kept.changed_by, str(kept), SECOND in repr(vars(kept))) == ("of the back", None, "door", False)
    assert secrets.names() == ["door"]
    delete_secret(name="door", user=arne)
    assert list(AgentEvent.objects.order_by("id").values_list("kind", "actor", "about")) == [
        ("secret.created", "Arne Holm", {"secret": "door"}),
        ("secret.changed", "command line", {"secret": "door"}),
        ("secret.deleted", "Arne Holm", {"secret": "door"}),
    ]
    assert secrets.names() == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("Front door", "long enough", "small letters"),
        ("a" * 81, "long enough", "up to 80"),
        ("door", "short", "6 to 16,384"),
        ("door", "x" * 16_385, "6 to 16,384"),
        ("door", "nul \x00 within", "copied whole"),
        ("door", "half \ud800 a sign", "copied whole"),
    ],
    ids=["spaces", "long name", "short value", "long value", "NUL", "lone surrogate"],
)
def test_a_secret_that_cannot_be_kept_is_refused(name: str, value: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        set_secret(name=name, value=value, note="", user=None)
    assert said in refused.value.message
    assert (Secret.objects.count(), AgentEvent.objects.count()) == (0, 0)


def test_a_secret_in_use_is_not_deleted_and_the_refusal_names_the_place(client: Client) -> None:
    set_secret(name="door", value=FIRST, note="", user=None)
    workflow = publish(use="test.keeper", config={"password": {"secret": "door"}})
    case = post(workflow, client)
    retired = workflow.published_version
    publish_again(workflow, use="test.echo")
    assert WorkflowVersion.objects.get(pk=retired.pk).status == "retired"
    with pytest.raises(Refused) as refused:  # a case of the retired version is not decided yet
        delete_secret(name="door", user=None)
    assert refused.value.message == (
        "“door” is in use: Greeting · version 1, step hear. Take it out of these steps first."
    )
    answer()
    case.refresh_from_db()
    assert case.status == "decided"
    delete_secret(name="door", user=None)
    with pytest.raises(Refused):
        delete_secret(name="door", user=None)


def test_a_draft_uses_a_secret_too() -> None:
    set_secret(name="door", value=FIRST, note="", user=None)
    workflow = publish(use="test.echo")
    agents = {
        "hear": {"use": "test.keeper", "config": {"password": {"secret": "door"}}, "input": {"text": "case.text"}}
    }
    draft = draft_of(workflow, agents=agents)
    assert [(use.version, use.step) for use in secrets.uses()["door"]] == [(draft, "hear")]


# --- Keys -------------------------------------------------------------------------------------------


def opened(name: str = "door") -> str:
    schema = registry().agents["test.keeper"].config_schema
    return str(resolve({"password": {"secret": name}}, schema)["password"])


def with_keys(settings: Any, *keys: str) -> None:
    settings.CONDUCTOR = {**settings.CONDUCTOR, "secrets_key": ", ".join(keys)}


def test_keys_rotate_without_a_secret_being_lost(settings: Any) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    with_keys(settings, old)
    set_secret(name="door", value=FIRST, note="", user=None)
    with_keys(settings, new, old)
    assert opened() == FIRST
    before = Secret.objects.get().sealed
    assert seal_anew() == 1
    assert Secret.objects.get().sealed != before
    with_keys(settings, new)
    assert opened() == FIRST
    with_keys(settings, old)
    with pytest.raises(Unresolved, match="“door” cannot be opened"):
        opened()
    with pytest.raises(Unresolved):
        seal_anew()


def test_without_a_key_of_its_own_secret_key_and_its_fallbacks_do(settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "one" * 20, []
    set_secret(name="door", value=FIRST, note="", user=None)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "two" * 20, ["one" * 20]
    assert opened() == FIRST
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(Unresolved):
        opened()


def test_one_secret_cannot_be_put_in_anothers_place() -> None:
    set_secret(name="door", value=FIRST, note="", user=None)
    set_secret(name="gate", value=SECOND, note="", user=None)
    Secret.objects.filter(name="door").update(sealed=Secret.objects.get(name="gate").sealed)
    with pytest.raises(Unresolved, match="sealed as “gate”"):
        opened()


def test_a_key_that_is_none_is_named(settings: Any, client: Client) -> None:
    set_secret(name="door", value=FIRST, note="", user=None)
    with_keys(settings, "password123")
    with pytest.raises(Unresolved, match="CONDUCTOR_SECRETS_KEY holds something that is no key"):
        opened()


# --- The command ------------------------------------------------------------------------------------


def test_the_command_sets_lists_seals_and_deletes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    publish(use="test.keeper", config=CONFIG)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{FIRST}\n"))
    call_command("secrets", "set", "door", "--note", "of the front")
    call_command("secrets", "seal-anew")
    call_command("secrets", "list")
    out = capsys.readouterr().out
    assert "door  Greeting · version 1, step hear" in out
    assert "gate  NOT SET  Greeting · version 1, step hear" in out
    assert FIRST not in out
    assert opened() == FIRST
    with pytest.raises(CommandError, match="is in use"):
        call_command("secrets", "delete", "door")
    call_command("secrets", "key")
    Fernet(capsys.readouterr().out.strip())
