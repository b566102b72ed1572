"""An analyst, an architect, and a draft of the analyst's, for tests of versions on their way."""

import pytest
from django.contrib.auth.models import User

from orchestration.models import Workflow, WorkflowVersion
from tests.small_workflow import rules
from tests.submitting import ANALYST, draft_of, somebody


@pytest.fixture
def ana(db: None) -> User:
    return somebody(ANALYST, first_name="Ana", last_name="Lima")


@pytest.fixture
def arne(db: None) -> User:
    return somebody(first_name="Arne", last_name="Holm")


@pytest.fixture
def draft(greeting: Workflow, ana: User) -> WorkflowVersion:
    return draft_of(greeting, ana, rules=rules()[1:], scenarios=[])
