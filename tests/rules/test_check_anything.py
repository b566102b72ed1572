"""Whatever can be read can be checked: no version, however odd, makes the check itself fail."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from orchestration.rules.catalogue import catalogue_of
from orchestration.rules.check import check
from orchestration.rules.explain import rule_text
from orchestration.rules.parse import version_from, version_to
from tests.rules.contents import content
from tests.rules.strategies import rules_, steps, tables_, versions, words

ODD = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@ODD
@given(versions)
def test_any_version_can_be_checked_and_explained(data):
    found = version_from(data)
    for finding in check(found, queues=["desk"], workflows=[]):
        assert finding.severity in ("error", "warning")
        assert finding.message.endswith((".", "?"))
        assert finding.pointer == "" or finding.pointer.startswith("/")
    for rule in found.rules:
        assert rule_text(rule, found)


def test_every_pointer_of_a_finding_leads_into_the_document():
    @ODD
    @given(rules_, tables_, words, steps)
    def lead(rule, table, name, step):
        found = content(rules=[rule], tables=[table], agents={name: step})
        document = version_to(found)
        for finding in check(found):
            below = document
            parts = finding.pointer.split("/")[1:]
            for place, part in enumerate(parts):
                part = part.replace("~1", "/").replace("~0", "~")
                last = place == len(parts) - 1
                if isinstance(below, list):
                    below = below[int(part)]
                elif isinstance(below, dict) and part in below:
                    below = below[part]
                else:
                    assert last, finding  # an entry that is left out because it has its default
                    break

    lead()


def test_the_catalogue_of_a_version_is_made_once():
    found = content()
    assert catalogue_of(found) is catalogue_of(found)
    assert catalogue_of(content()) is not catalogue_of(found)
