"""What the pages of a draft's parts share: what somebody wrote of one part, and what hinders saving it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from orchestration.admin.draft_sections import place_in_words
from orchestration.admin.label import status_label
from orchestration.admin.staying import stays
from orchestration.facts import digest
from orchestration.models import VersionStatus, WorkflowVersion
from orchestration.rules.parse import RuleError
from orchestration.rules.reading import NAME_LENGTH
from orchestration.services.draft import GONE, Overtaken, PartError, change_part, part_of
from orchestration.services.editing import Remark, from_wire, source_of
from orchestration.services.refusal import Refused

if TYPE_CHECKING:
    from orchestration.admin.version import VersionAdmin

CHANGE: Final = "orchestration.change_workflowversion"
NOT_ALLOWED: Final = "You may not change versions any more. Ask an Orchestration Architect."
MAX_BODY: Final = 2_500_000

Read = Callable[[str], tuple[Any, tuple[Remark, ...]]]
"""YAML to plain JSON, or what is wrong with the text."""


@dataclass(frozen=True, slots=True)
class DraftPart:
    """One part of a draft under somebody's hands.

    `key` is that of the stored one, "" where it is new, `seen` its digest when they saw it. `data` and `text` are how
    they want it, as JSON and as YAML, `faults` why it is no JSON; `to_copy` is the text where there is no editor.
    """

    admin: VersionAdmin
    request: HttpRequest
    noun: str
    version: WorkflowVersion
    key: str
    seen: str
    data: Any
    text: str = ""
    to_copy: str = ""
    faults: tuple[Remark, ...] = ()

    @property
    def action(self) -> str:
        return self.request.POST.get("action", "")

    @property
    def new(self) -> bool:
        """To be added, also in place of one that somebody else deleted meanwhile."""
        return self.action == "again" or not self.key

    def page(
        self,
        template: str,
        title: str,
        *,
        document: dict[str, Any],
        remarks: tuple[Remark, ...] = (),
        place: Callable[[str, Any], str] = place_in_words,
        overtaken: Overtaken | None = None,
        status: int = 200,
        **context: Any,
    ) -> HttpResponse:
        """The editor with what was written, and why it is not saved if so."""
        now = overtaken.now if overtaken else None
        common = {
            "version": self.version,
            "status_label": status_label(VersionStatus(self.version.status)),
            "noun": self.noun,
            "key": self.key,
            "seen": self.seen,
            "source": self.text or source_of(self.data),
            "remarks": [(place(one.pointer, self.data), one.detail) for one in remarks if one.severity == "error"],
            "overtaken": overtaken,
            "over": digest(now) if now is not None else "",
            "stored": source_of(now) if now is not None else "",
            "document": {"key": self.key, "unsaved": status != 200, **document},
        }
        return self.admin.page(self.request, template, title, status=status, **common | context)

    def kept(self, reason: str, status: int = 409) -> HttpResponse:
        return kept(self.admin, self.request, self.version, self.noun, self.to_copy, reason, status)

    def unreadable(self, error: RuleError) -> HttpResponse:
        return self.kept(f"This version cannot be read: {error.problems[0].detail}")

    def refused(self, act: Callable[[], Any], page: Callable[..., HttpResponse]) -> HttpResponse | None:
        """None once `act` has stored it, else the answer with what was written; `page` shows it in its editor."""
        try:
            act()
        except PartError as error:
            own, others = _split(error)
            return page(self, remarks=own, others=others, status=400)
        except Overtaken as overtaken:
            return page(self, overtaken=overtaken, status=409)
        except Refused as refused:
            return self.kept(refused.message)
        return None

    def saved(self, section: str, page: Callable[..., HttpResponse]) -> HttpResponse:
        """Store, add or delete a rule or table, which holds its key itself."""
        deleting = self.action == "delete"
        if self.faults and not deleting:
            return page(self, remarks=self.faults, status=400)
        given = {"section": section, "key": self.key, "seen": self.seen, "user": self.request.user}
        how = {"value": None} if deleting else {"value": self.data, "new": self.new}
        answer = self.refused(partial(change_part, version_id=self.version.pk, **given, **how), page)
        if answer is not None:
            return answer
        written = self.data if isinstance(self.data, dict) else {}
        title = written.get("title", self.key)
        messages.success(self.request, f"The {self.noun} “{title}” is {'deleted' if deleting else 'saved'}.")
        return to_version(self.version.pk, "" if deleting else str(written.get("key", "")))


def posted(
    admin: VersionAdmin,
    request: HttpRequest,
    pk: int,
    key: str,
    noun: str,
    read: Read,
    *,
    wire: Callable[[Any], Any] = from_wire,
    to_show: Callable[[Any], Any] = lambda data: data,
) -> DraftPart | HttpResponse:
    """What the page sent, or the answer that nothing can be saved. `to_show`: what of it the text to copy holds."""
    data, text, faults = _written(request, noun, read, wire)
    to_copy = text if data is None else source_of(to_show(data))
    version = standing(admin, request, pk, noun, to_copy)
    if isinstance(version, HttpResponse):
        return version
    seen = request.POST.get("over") or request.POST.get("seen", "")
    return DraftPart(admin, request, noun, version, key, seen, data, text, to_copy, faults)


def _written(
    request: HttpRequest, noun: str, read: Read, wire: Callable[[Any], Any]
) -> tuple[Any, str, tuple[Remark, ...]]:
    """JSON from the editor, or YAML where there is no JavaScript or the source was open; and the YAML of either."""
    source = request.POST.get("source", "")
    given = request.POST.get(noun.rpartition(" ")[2], "")  # an “agent step” comes as `step`
    if not given:
        data, faults = read(source.replace("\r\n", "\n"))
        return data, source, faults
    try:
        data = wire(json_of(given))
    except (ValueError, RecursionError):
        data = None
    if isinstance(data, dict):
        return data, source_of(data), ()
    return None, source, (Remark("error", "", f"The {noun} could not be read. Reload the page and try again."),)


def standing(
    admin: VersionAdmin, request: HttpRequest, pk: int, noun: str, text: str
) -> WorkflowVersion | HttpResponse:
    """The draft to save into; or why it is none any more, with the text to copy."""
    version = WorkflowVersion.objects.select_related("workflow").filter(pk=pk).first()
    if not request.user.has_perm(CHANGE) or not admin.has_view_permission(request):
        return kept(admin, request, version, noun, text, NOT_ALLOWED, 403)
    if version is None:
        return kept(admin, request, None, noun, text, GONE, 410)
    if version.status != VersionStatus.DRAFT:
        said = f"Version {version.number} is {version.get_status_display().lower()} and never changes."
        return kept(admin, request, version, noun, text, said, 409)
    return version


def kept(
    admin: VersionAdmin,
    request: HttpRequest,
    version: WorkflowVersion | None,
    noun: str,
    text: str,
    reason: str,
    status: int,
) -> HttpResponse:
    """Nothing can be saved at all: the reason, and the text to copy."""
    context = {"version": version, "noun": noun, "text": text, "reason": reason, "status": status}
    return admin.page(request, "part_kept.html", "Not saved", **context)


def draft_to_change(admin: VersionAdmin, request: HttpRequest, pk: int) -> WorkflowVersion | HttpResponse:
    version = admin.version(request, pk)
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied
    if version.status != VersionStatus.DRAFT:
        messages.error(request, f"Version {version.number} never changes. Make a new draft from it instead.")
        return to_version(pk)
    return version


def copy_of(version: WorkflowVersion, section: str, key: str) -> dict[str, Any] | None:
    """The rule or table under a free key, to be stored as a new one."""
    value = part_of(version, section, key).value
    if value is None:
        return None
    return {**value, "key": free_key(version, value["key"]), "title": f"{value['title']} (copy)"[:300]}


def free_key(version: WorkflowVersion, key: str) -> str:
    taken = {one["key"] for section in ("rules", "tables") for one in version.content.get(section, [])}
    start = key[: NAME_LENGTH - 5]
    return next(f"{start}-{number}" for number in range(2, len(taken) + 3) if f"{start}-{number}" not in taken)


def json_of(text: str | bytes) -> Any:
    """Plain JSON, without the NaN and Infinity that Python would let through. Raises ValueError."""

    def refuse(word: str) -> Any:
        raise ValueError(word)

    return json.loads(text, parse_constant=refuse)


def asked_of(request: HttpRequest) -> dict[str, Any] | None:
    """The JSON that a page's script asks with; None where it cannot be read."""
    try:
        asked = json_of(request.body) if len(request.body) <= MAX_BODY else None
    except (ValueError, RecursionError, RequestDataTooBig):
        return None
    return asked if isinstance(asked, dict) else None


def shown(remark: Remark) -> dict[str, Any]:
    return {"severity": remark.severity, "pointer": remark.pointer, "detail": remark.detail}


def part_view(admin: VersionAdmin, view: Any, *, post: bool = False, **fixed: Any) -> Any:
    called = stays(partial(view, admin, **fixed))
    return admin.admin_site.admin_view(require_POST(called) if post else called)


def to_version(pk: int, place: str = "") -> HttpResponse:
    url = reverse("admin:orchestration_workflowversion_change", args=[pk])
    return HttpResponseRedirect(f"{url}#{place}" if place else url)


def _split(error: PartError) -> tuple[tuple[Remark, ...], tuple[tuple[str, str], ...]]:
    """The part's own problems, and those that the change would make elsewhere, each with its place in words."""
    prefix = error.place
    own = [one for one in error.problems if prefix and (one.pointer == prefix or one.pointer.startswith(f"{prefix}/"))]
    others = [(place_in_words(one.pointer, error.document), one.detail) for one in error.problems if one not in own]
    return tuple(Remark("error", one.pointer.removeprefix(prefix), one.detail) for one in own), tuple(others)
