"""DocumentField gives back exactly what was stored."""

import pytest

from orchestration.models import Case, CaseContent, Client, Workflow, WorkflowVersion

# what jsonb or a lax encoder would change
DOCUMENTS = [
    {"b": 1, "a": 2},  # order of keys
    {"n": 1.0, "m": 1, "t": True},  # kinds of numbers
    {"z": -0.0, "e": 1e-7},
    {"s": 'nul \x00 quote " slash / umlaut ü and 😀'},
    {"deep": [[[[[{}]]]]]},
]


@pytest.mark.django_db
@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_comes_back_as_it_was(document: dict[str, object]) -> None:
    workflow = Workflow.objects.create(slug="w", title="W")
    version = WorkflowVersion.objects.create(workflow=workflow, number=1, digest="d")
    case = Case.objects.create(workflow=workflow, version=version, client=Client.objects.create(name="c"))
    CaseContent.objects.create(case=case, payload=document)
    assert repr(CaseContent.objects.get(case=case).payload) == repr(document)
