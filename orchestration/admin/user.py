"""Users and groups in our look."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as PlainGroupAdmin
from django.contrib.auth.admin import UserAdmin as PlainUserAdmin
from django.contrib.auth.models import Group, User

from orchestration.admin.base import UNFOLD, ModelAdmin

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(PlainUserAdmin, ModelAdmin):
    change_form_template = "orchestration/admin/change_form.html"
    list_display = ("username", "first_name", "last_name", "email", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    filter_horizontal = ()
    empty_text = "Add people and give each one of the four groups."
    if UNFOLD:
        from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

        form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(PlainGroupAdmin, ModelAdmin):
    empty_text = "The four groups of Conductor are made by `manage.py migrate`."
