"""What the page of an agent step asks while one writes: what is wrong, whether the agent can work so, a new secret."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.debug import sensitive_variables

from orchestration.admin.draft_part import CHANGE, NOT_ALLOWED, asked_of, shown
from orchestration.models import Secret
from orchestration.services.agent_config import as_stored, say_step
from orchestration.services.agent_state import check_agent
from orchestration.services.draft import part_of
from orchestration.services.editing import Remark, content_of, read_source, source_of
from orchestration.services.refusal import Refused
from orchestration.services.secret import set_secret

if TYPE_CHECKING:
    from orchestration.admin.version import VersionAdmin

MANAGE: Final = "orchestration.manage_agents"

from_source = partial(
    read_source, noun="step", entries="use and, if you like, config, input, timeout, attempts and on_failure"
)


def say_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """JSON `{key, name, step}` or `{key, name, source}` → `{step, source, problems}`. Nothing is stored."""
    version, asked = admin.version(request, pk), asked_of(request)
    if not request.user.has_perm(CHANGE):
        return JsonResponse({"problems": [shown(Remark("error", "", NOT_ALLOWED))]}, status=403)
    if asked is None:
        return JsonResponse({"problems": [shown(Remark("error", "", "The step could not be read."))]}, status=400)
    key = str(asked.get("key", ""))
    data, remarks = asked.get("step"), ()
    if isinstance(asked.get("source"), str):
        data, remarks = from_source(asked["source"].replace("\r\n", "\n"))
    if remarks:
        return JsonResponse({"step": None, "source": None, "problems": [shown(one) for one in remarks]})
    data = as_stored(data, part_of(version, "agents", key).value)
    said = say_step(content_of(version), str(asked.get("name", "")), data, key=key)
    return JsonResponse(
        {
            "step": said.step,
            "source": source_of(data),
            "problems": [shown(one) for one in said.remarks],
        }
    )


def check_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """JSON `{key, name, step}` → `{ok, message}`, as the agent answers. Nothing is stored.

    The agent is given the secrets that the step names, and a draft may send them anywhere: so only those may ask who
    may set secrets.
    """
    version, asked = admin.version(request, pk), asked_of(request)
    if not request.user.has_perms((CHANGE, MANAGE)):
        return JsonResponse({"ok": False, "message": "Ask an Orchestration Architect to check it."}, status=403)
    if asked is None:
        return JsonResponse({"ok": False, "message": "The step could not be read."}, status=400)
    step = asked.get("step")
    said = say_step(content_of(version), str(asked.get("name", "")), step, key=str(asked.get("key", "")))
    config_is_wrong = any(
        one.severity == "error" and one.pointer.startswith(("/config", "/use")) for one in said.remarks
    )
    if said.step is None or config_is_wrong:
        return JsonResponse({"ok": False, "message": "Correct what is marked above, then check it again."})
    health = check_agent(agent=said.step["use"], config=said.step.get("config") or {})
    otherwise = "The agent can work so." if health.ok else "The agent cannot work so, and did not say why."
    return JsonResponse({"ok": health.ok, "message": health.message or otherwise})


@sensitive_variables("asked")
def secret_view(admin: VersionAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """JSON `{name, value, note}` → `{secrets: [{name, note}]}` or `{problem}`. The value goes in and never out."""
    admin.version(request, pk)
    asked = asked_of(request)
    if not request.user.has_perm(MANAGE):
        return JsonResponse({"problem": "You may not set secrets. Ask an Orchestration Architect."}, status=403)
    if asked is None or not all(isinstance(asked.get(key, ""), str) for key in ("name", "value", "note")):
        return JsonResponse({"problem": "The secret could not be read."}, status=400)
    name = asked.get("name", "")
    if Secret.objects.filter(name=name).exists():
        said = f"There is a secret “{name}” already. Choose it from the list, or take another name."
        return JsonResponse({"problem": said}, status=409)
    try:
        set_secret(name=name, value=asked.get("value", ""), note=asked.get("note", ""), user=request.user)
    except Refused as refused:
        return JsonResponse({"problem": refused.message}, status=400)
    return JsonResponse({"secrets": named_secrets()})


def named_secrets() -> list[dict[str, str]]:
    return list(Secret.objects.order_by("name").values("name", "note"))
