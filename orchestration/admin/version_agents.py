"""The page of one agent step of a draft: its agent, configuration, input and limits; written in a form or as YAML."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path

from orchestration.admin.draft_part import DraftPart, draft_to_change, part_view, posted, shown, to_version
from orchestration.admin.version_agent_answers import (
    MANAGE,
    check_view,
    from_source,
    named_secrets,
    say_view,
    secret_view,
)
from orchestration.rules.parse import RuleError
from orchestration.services.agent_condition import conditions
from orchestration.services.agent_config import (
    StepInUse,
    as_stored,
    offered,
    plain_step,
    remove_step,
    save_step,
    say_step,
    step_to_show,
)
from orchestration.services.agent_use import agents_in_use
from orchestration.services.draft import Overtaken, part_of
from orchestration.services.editing import Remark, content_of, source_of
from orchestration.services.examples import recent_facts
from orchestration.services.refusal import Refused
from orchestration.services.secret import settings as secret_settings
from orchestration.services.step_names import step_uses
from orchestration.services.vocabulary import fact_groups

if TYPE_CHECKING:
    from orchestration.admin.version import VersionAdmin

NEW: Final[dict[str, Any]] = {"use": ""}
NOUN: Final = "agent step"


def urls(admin: VersionAdmin) -> list[URLPattern]:
    """Names of steps begin with a letter, so `~new`, `~say`, `~secret` and `~check` are none."""
    name = "orchestration_workflowversion_agent"
    return [
        path("<int:pk>/agents/~new/", part_view(admin, step_view, key=""), name=f"{name}-new"),
        path("<int:pk>/agents/~say/", part_view(admin, say_view, post=True), name=f"{name}-say"),
        path("<int:pk>/agents/~secret/", part_view(admin, secret_view, post=True), name=f"{name}-secret"),
        path("<int:pk>/agents/~check/", part_view(admin, check_view, post=True), name=f"{name}-check"),
        path("<int:pk>/agents/<str:key>/", part_view(admin, step_view), name=name),
    ]


def step_view(admin: VersionAdmin, request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """One step: shown, saved, renamed or removed. Without a key it is a new one."""
    if request.method == "POST":
        part = posted(admin, request, pk, key, NOUN, from_source, wire=lambda data: data, to_show=step_to_show)
        return part if isinstance(part, HttpResponse) else _removed(part) if part.action == "delete" else _saved(part)
    version = draft_to_change(admin, request, pk)
    if isinstance(version, HttpResponse):
        return version
    stored = part_of(version, "agents", key)
    if key and stored.value is None:
        raise Http404("This version has no such step.")
    step = NEW if stored.value is None else plain_step(stored.value)
    return _page(DraftPart(admin, request, NOUN, version, key, stored.seen, step))


def _saved(part: DraftPart) -> HttpResponse:
    if part.faults:
        return _page(part, remarks=part.faults, status=400)
    name = _name(part)
    part = replace(part, data=as_stored(part.data, part_of(part.version, "agents", part.key).value))
    told: list[str] = []

    def save() -> None:
        told[:] = save_step(
            version_id=part.version.pk, key=part.key, name=name, value=part.data, seen=part.seen,
            user=part.request.user, new=part.new,
        )  # fmt: skip

    if answer := part.refused(save, _page):
        return answer
    also = f" Its new name also stands in {_listed(told)} now." if told else ""
    after = "" if part.key else " Now let a rule run it."
    messages.success(part.request, f"The step “{name}” is saved.{also}{after}")
    return to_version(part.version.pk, f"step-{name}")


def _removed(part: DraftPart) -> HttpResponse:
    stored = part_of(part.version, "agents", part.key)
    step = NEW if stored.value is None else plain_step(stored.value)
    try:
        remove_step(version_id=part.version.pk, name=part.key, seen=part.seen, user=part.request.user)
    except (StepInUse, Overtaken) as refused:
        note = (Remark("error", "", refused.message),)
        return _page(replace(part, data=step, text="", seen=stored.seen), remarks=note, status=409)
    except Refused as refused:
        return part.kept(refused.message)
    messages.success(part.request, f"The step “{part.key}” is removed.")
    return to_version(part.version.pk)


def _page(
    part: DraftPart,
    *,
    remarks: tuple[Remark, ...] = (),
    overtaken: Overtaken | None = None,
    status: int = 200,
    **why: Any,
) -> HttpResponse:
    version, step, key, user = part.version, part.data, part.key, part.request.user
    name = _name(part)
    try:
        content = content_of(version)
    except RuleError as error:
        return part.unreadable(error)
    use = str(step.get("use", "")) if isinstance(step, dict) else ""
    told = remarks or (say_step(content, name, step, key=key).remarks if step and step is not NEW else ())
    recent = recent_facts(version.workflow) if user.has_perm("orchestration.view_case") else []
    now = overtaken.now if overtaken else None
    return part.page(
        "agent_step.html",
        f"Agent step “{key}”" if key else "New agent step",
        remarks=remarks,
        overtaken=overtaken,
        status=status,
        stored=source_of(step_to_show(plain_step(now))) if now is not None else "",
        name=name,
        uses=step_uses(version.content, key) if key else (),
        step_agent=use,
        said=conditions(agents_in_use()).get(use, ()) if use else (),
        secret_settings=secret_settings(),
        document={"step": step, "problems": [shown(one) for one in told]},
        vocabulary={
            "agents": offered(),
            "facts": fact_groups(content, recent),
            "secrets": named_secrets(),
            "may_set_secrets": user.has_perm(MANAGE),
        },
        **why,
    )


def _name(part: DraftPart) -> str:
    return part.request.POST.get("name", part.key).strip()


def _listed(titles: list[str]) -> str:
    return ", ".join(f"“{title}”" for title in titles[:5]) + (f" and {len(titles) - 5} more" if len(titles) > 5 else "")
