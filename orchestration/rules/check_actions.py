"""Check of rules and their actions: steps, queues, outcomes, assignments, waits, child cases."""

from __future__ import annotations

from orchestration.rules.catalogue import setters, value_type
from orchestration.rules.check_conditions import check_condition
from orchestration.rules.check_operands import KINDS, number_operand, scaled_fact
from orchestration.rules.findings import Check
from orchestration.rules.language import (
    Action,
    Arithmetic,
    Decide,
    Escalate,
    FactRef,
    Literal,
    OpenCase,
    Operand,
    ParameterRef,
    Rule,
    Run,
    Set,
    SetOutput,
    Wait,
)
from orchestration.rules.operators import parse_duration
from orchestration.rules.reading import at


def check_rules(check: Check) -> None:
    """Every rule with its condition and actions; keys shared by two rules or tables."""
    seen: dict[str, str] = {}
    keys = [(f"/rules/{n}/key", rule.key, "rule") for n, rule in enumerate(check.content.rules)]
    keys += [(f"/tables/{n}/key", table.key, "table") for n, table in enumerate(check.content.tables)]
    for pointer, key, kind in keys:
        check.rule = key
        if key in seen:
            check.error(pointer, f"The key “{key}” is used twice; the other {seen[key]} has it too.")
        seen.setdefault(key, kind)
    for number, rule in enumerate(check.content.rules):
        check.rule = rule.key
        _check_rule(check, rule, f"/rules/{number}")
    check.rule = ""


def check_derived(check: Check) -> None:
    """A derived fact must have the same type wherever it is set, else nothing could be compared with it."""
    places: dict[str, list[tuple[str, str, str]]] = {}
    for path, rule, pointer, value in setters(check.content):
        places.setdefault(path, []).append((rule.key, pointer, value_type(value, check.content, check.catalogue)))
    for number, table in enumerate(check.content.tables):
        for place, output in enumerate(table.outputs):
            if isinstance(output, SetOutput):
                pointer = f"/tables/{number}/outputs/{place}"
                places.setdefault(output.fact, []).append((table.key, pointer, output.type))
    for path, found in places.items():
        spec = check.catalogue.get(path)
        first_rule, _, first_type = found[0]
        if spec is None or spec.type != "any" or first_type == "any":
            continue
        for rule_key, pointer, type_ in found[1:]:
            if type_ not in (first_type, "any"):
                check.rule = rule_key
                said = f"“{path}” is set to {KINDS[type_]} here, but “{first_rule}” sets it to {KINDS[first_type]}."
                check.error(pointer, said)
    check.rule = ""


def check_outcome(check: Check, outcome: str, pointer: str) -> None:
    if outcome not in check.content.outcomes:
        check.unknown(pointer, "outcome", outcome, check.content.outcomes)


def check_queue(check: Check, queue: str, pointer: str) -> None:
    if check.queues is not None and queue not in check.queues:
        check.unknown(pointer, "queue", queue, check.queues)


def _check_rule(check: Check, rule: Rule, pointer: str) -> None:
    check_condition(check, rule.when, f"{pointer}/when")
    if not rule.then:
        check.error(f"{pointer}/then", "The rule does nothing: “then” needs at least one action.")
    ended = ""
    for place, action in enumerate(rule.then):
        below = f"{pointer}/then/{place}"
        if ended:
            check.error(below, f"Nothing may follow “{ended}”: the case is out of the rule's hands then.")
        _check_action(check, action, below)
        if isinstance(action, Decide | Escalate):
            ended = ended or type(action).__name__.lower()


def _check_action(check: Check, action: Action, pointer: str) -> None:
    if isinstance(action, Run):
        for place, step in enumerate(action.steps):
            if step not in check.steps:
                check.unknown(f"{pointer}/run/{place}", "agent step", step, check.steps)
            elif step in action.steps[:place]:
                check.warning(f"{pointer}/run/{place}", f"The step “{step}” is named twice.")
    elif isinstance(action, Set):
        for path, value in action.assignments:
            _check_assignment(check, value, f"{pointer}/set/{path}")
    elif isinstance(action, Escalate):
        check_queue(check, action.queue, f"{pointer}/escalate/queue")
    elif isinstance(action, Decide):
        check_outcome(check, action.outcome, f"{pointer}/decide/outcome")
    elif isinstance(action, Wait):
        _check_wait(check, action, f"{pointer}/wait")
    elif isinstance(action, OpenCase):
        _check_open_case(check, action, f"{pointer}/open_case")


def _check_assignment(check: Check, value: Operand | Arithmetic, pointer: str) -> None:
    if isinstance(value, Arithmetic):
        for place, side in enumerate((value.left, value.right)):
            number_operand(check, side, f"{pointer}/{value.operator}/{place}", check.catalogue)
        if value.operator == "divide" and isinstance(value.right, Literal) and value.right.value == 0:
            check.error(f"{pointer}/divide/1", "Nothing can be divided by 0.")
    elif isinstance(value, FactRef):
        scaled_fact(check, value, pointer, check.catalogue)
    elif isinstance(value, ParameterRef):
        check.parameter(value.name, f"{pointer}/parameter")


def _check_wait(check: Check, action: Wait, pointer: str) -> None:
    if (action.for_ is None) == (action.until is None):
        check.error(pointer, "“wait” needs either “for” (such as 2d) or “until” (a date or datetime fact).")
    elif action.for_ is not None:
        try:
            parse_duration(action.for_)
        except ValueError as error:
            check.error(f"{pointer}/for", str(error))
    elif action.until is not None:
        spec = check.fact(action.until, f"{pointer}/until")
        if spec is not None and spec.type not in ("date", "datetime"):
            said = f"“until” needs a date or a date with time, but “{action.until}” is {KINDS[spec.type]}."
            check.error(f"{pointer}/until", said)


def _check_open_case(check: Check, action: OpenCase, pointer: str) -> None:
    if check.workflows is not None and action.workflow not in check.workflows:
        check.unknown(f"{pointer}/workflow", "workflow", action.workflow, check.workflows)
    for name, path in action.payload:
        check.fact(path, at(f"{pointer}/payload", name))
