"""Filters of lists that Django does not bring: by age, by whose work it is."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from orchestration.models import CaseStatus, Workflow
from orchestration.rules.language import VersionContent
from orchestration.services.rule_set import loaded


class Whose(admin.SimpleListFilter):
    """Work items: open ones unless asked for others."""

    title = "whose work"
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("mine", "Mine"), ("free", "Free to claim"), ("overdue", "Overdue"), ("done", "Closed"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first = {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": "Open",
        }
        yield first
        for lookup, title in self.lookup_choices:
            yield {
                "selected": self.value() == str(lookup),
                "query_string": changelist.get_query_string({self.parameter_name: lookup}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        opened = Q(status="open")
        wanted = {
            None: opened,
            "mine": opened & Q(claimed_by=request.user),
            "free": opened & Q(claimed_by=None),
            "overdue": opened & Q(due_at__lt=Now()),
            "done": ~opened,
            "all": Q(),
        }
        return queryset.filter(wanted.get(self.value(), opened))


class DecidedBy(admin.SimpleListFilter):
    """Rules or a person, without asking the database which there are."""

    title = "decided by"
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("rules", "Rules"), ("person", "A person")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        field = "source" if queryset.model.__name__ == "Decision" else "decided_by"
        return queryset.filter(**{field: self.value()}) if self.value() else queryset


class Later(admin.SimpleListFilter):
    """What happened later, by the newest feedback, without reading every case."""

    title = "what happened later"
    parameter_name = "later"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        values = sorted({value for content in _published() for value in content.feedback})
        told = [(f"is:{value}", value.replace("_", " ")) for value in values]
        return [*told, ("nothing", "Nothing told yet")] if told else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        kind, _, value = (self.value() or "").partition(":")
        if kind == "is":
            return queryset.filter(feedback__value=value, feedback__superseded_by=None)
        return queryset.filter(status=CaseStatus.DECIDED, feedback=None) if kind == "nothing" else queryset


class Outcome(admin.SimpleListFilter):
    """The outcomes of published versions, without reading every case."""

    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = {name for content in _published() for name in content.outcomes}
        return [(name, name.replace("_", " ")) for name in sorted(names)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(outcome=self.value()) if self.value() else queryset


def _published() -> list[VersionContent]:
    published = Workflow.objects.filter(published_version__isnull=False)
    return [loaded(pk).content for pk in published.values_list("published_version_id", flat=True)]
