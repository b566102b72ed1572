"""The page that asks for a comparison opens, and so does what was found."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.urls import reverse

from orchestration.models import Case, Workflow
from orchestration.services.comparison_run import start_comparison
from tests.admin.conftest import text_of
from tests.doorbells import answer

pytestmark = pytest.mark.django_db


def test_a_comparison_opens_before_and_after_it_is_made(
    greeting: Workflow, post: Callable[..., Case], arnes: Browser
) -> None:
    post(reference="A-1")
    assert "greeting" in text_of(arnes.get(reverse("admin:orchestration_agent-compare", args=["test.echo"])))
    made = start_comparison(
        workflow=greeting, agent="test.echo", step="hear", candidate="test.apart", config={}, user=None
    )
    answer()
    page = text_of(arnes.get(reverse("admin:orchestration_agent-comparison", args=[made.pk])))
    assert "1 of 1 inputs" in page
