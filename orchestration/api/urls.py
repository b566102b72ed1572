"""Addresses of the REST interface."""

from typing import Any

urlpatterns: list[Any] = []
