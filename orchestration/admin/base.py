"""The base classes of our admin pages: on Unfold's look or on Django's own, as ADMIN_LOOK says."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.functional import cached_property

from orchestration.admin.label import moment

UNFOLD: Final = settings.ADMIN_LOOK == "unfold"

if UNFOLD:
    from unfold.admin import ModelAdmin as LookModelAdmin
    from unfold.admin import TabularInline as LookTabularInline
    from unfold.views import ChangeList as LookChangeList
else:
    LookModelAdmin, LookTabularInline, LookChangeList = admin.ModelAdmin, admin.TabularInline, ChangeList

COUNTED: Final = 10_000
"""A list counts no further than this: nobody pages so far, and counting millions of rows takes seconds."""


class BoundedPaginator(Paginator):
    """Pages through the first rows of a list, however long it is."""

    @cached_property
    def count(self) -> int:
        return min(self.object_list.order_by()[: COUNTED + 1].count(), COUNTED)


class List(LookChangeList):
    """A list that says how many rows it found, and does not count all rows besides."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.query and not self.has_active_filters:
            self.full_result_count = self.result_count


class ModelAdmin(LookModelAdmin):
    """`empty_title` and `empty_text` tell, on an empty list, what to do next."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    actions: Any = None
    empty_title = "Nothing here yet"
    empty_text = ""
    change_list_template = "orchestration/admin/change_list.html"
    change_form_template = "orchestration/admin/change_form.html"
    list_before: str | None = None  # a template shown above the list

    class Media:
        css = {"all": ("orchestration/conductor.css",)}
        js = ("orchestration/conductor.js",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return List

    def page(self, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
        """A page of ours in the admin's frame."""
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        status = context.pop("status", 200)
        return TemplateResponse(
            request,
            f"orchestration/admin/{template}",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": title,
                "media": self.media,
                "unfold": UNFOLD,
                **context,
            },
            status=status,
        )


def moment_column(name: str, title: str) -> Any:
    """A column with a moment, written as on every page."""

    @admin.display(description=title, ordering=name, empty_value="—")
    def shown(self: Any, row: Any) -> str | None:
        return moment(getattr(row, name)) or None

    return shown


class ReadOnlyAdmin(ModelAdmin):
    """Rows that are part of the record: a list, perhaps a page, and no route that adds, changes or deletes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        unwanted = tuple(f"{self.opts.app_label}_{self.opts.model_name}_{route}" for route in ("add", "delete"))
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) not in unwanted]


class TabularInline(LookTabularInline):
    extra = 0


def text_area(rows: int = 4, **attributes: Any) -> forms.Textarea:
    return forms.Textarea({"rows": rows, "class": "c-input", **attributes})
