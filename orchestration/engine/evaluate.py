"""One pass: which conditions of a version are true of these facts, by the rule engine."""

from __future__ import annotations

from orchestration.engine.compile import RuleSet
from orchestration.facts import Facts


def evaluate(rule_set: RuleSet, facts: Facts) -> frozenset[str]:
    """Keys of the rules ("rule") and table rows ("table/row") whose condition is true, in one pass."""
    scope = rule_set.scope(facts)
    entries = rule_set.entries
    return frozenset([entries[number].key for number in rule_set.fixed.true(scope) | rule_set.moving.true(scope)])
