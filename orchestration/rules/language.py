"""The rule language as immutable values: one class for each thing a version can say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

LANGUAGE: Final = 1
"""Number of the rule language; stored with every version."""

# --- Operands ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the rule: string, integer, float or boolean (dates are ISO strings)."""

    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class ParameterRef:
    """`{parameter: name}`: the version's value of that parameter."""

    name: str


@dataclass(frozen=True, slots=True)
class FactRef:
    """`{fact: path, times: 4.5, plus: 1000}`: another fact, as number scaled and shifted in decimal."""

    path: str
    times: int | float | None = None
    plus: int | float | None = None


Operand = Literal | ParameterRef | FactRef

# --- Conditions -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Always:
    """`always`: true on every case."""


@dataclass(frozen=True, slots=True)
class AllOf:
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition


@dataclass(frozen=True, slots=True)
class Compare:
    """`{fact, op, value, ignore_case}`; `value` is None for operators that take none, a tuple for lists."""

    fact: str
    op: str
    value: Operand | tuple[Operand, ...] | None = None
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Quantified:
    """`{some|every|none: fact, where: condition}` over the elements of an array."""

    quantifier: str
    fact: str
    where: Condition


Condition = Always | AllOf | AnyOf | Not | Compare | Quantified

# --- Actions ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Run:
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`{add|subtract|multiply|divide: [a, b]}`, computed in decimal."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Set:
    """`set: {derived.x: value}`, in the order written."""

    assignments: tuple[tuple[str, Operand | Arithmetic], ...]


@dataclass(frozen=True, slots=True)
class Escalate:
    queue: str
    reason: str
    priority: str | None = None


@dataclass(frozen=True, slots=True)
class Decide:
    outcome: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Prioritise:
    priority: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Exactly one of `for_` (a duration such as `2d`) and `until` (path of a date or datetime fact)."""

    for_: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True)
class OpenCase:
    workflow: str
    as_: str
    payload: tuple[tuple[str, str], ...] = ()
    wait: bool = False


@dataclass(frozen=True, slots=True)
class Notify:
    name: str


Action = Run | Set | Escalate | Decide | Prioritise | Wait | OpenCase | Notify

# --- What a version is made of ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    key: str
    title: str
    when: Condition
    then: tuple[Action, ...]
    kind: str = "rule"  # or "guard"
    priority: int = 0
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class TableInput:
    fact: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class SetOutput:
    """A column whose cells are values of a derived fact; `values` lists them in priority order."""

    fact: str
    type: str
    values: tuple[str | int | float | bool, ...] = ()


@dataclass(frozen=True, slots=True)
class DecideOutput:
    """A column whose cells are outcomes; `values` lists them in priority order."""

    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EscalateOutput:
    """A column whose cells are reasons, all to one queue."""

    queue: str
    values: tuple[str, ...] = ()


TableOutput = SetOutput | DecideOutput | EscalateOutput


@dataclass(frozen=True, slots=True)
class TableRow:
    key: str
    when: tuple[str, ...]
    then: tuple[str | int | float | bool | None, ...]


@dataclass(frozen=True, slots=True)
class DecisionTable:
    key: str
    title: str
    hit_policy: str
    inputs: tuple[TableInput, ...]
    outputs: tuple[TableOutput, ...]
    rows: tuple[TableRow, ...]
    otherwise: tuple[str | int | float | bool | None, ...] | None = None
    priority: int = 0
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    type: str  # number integer string boolean date duration list
    value: Any
    minimum: Any = None
    maximum: Any = None
    label: str = ""
    help: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class AgentStep:
    """How a version uses an agent. `agent_version`, `output_schema` and `inline` are frozen when saved."""

    name: str
    use: str
    config: Mapping[str, Any] = field(default_factory=dict)
    input: Mapping[str, str] = field(default_factory=dict)  # input field -> fact path
    timeout: str = "20s"
    attempts: int = 3
    on_failure: str = "escalate"  # or "continue"
    agent_version: str = ""
    input_schema: Mapping[str, Any] = field(default_factory=dict)
    output_schema: Mapping[str, Any] = field(default_factory=dict)
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    title: str
    given: Mapping[str, Any]
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class VersionContent:
    """Everything a version needs to decide a case, self-contained: evaluating it imports no plugin."""

    outcomes: tuple[str, ...]
    input_schema: Mapping[str, Any]
    feedback: tuple[str, ...] = ()  # what can be told later of what really happened
    human_fields: Mapping[str, Any] = field(default_factory=dict)
    time_zone: str = "UTC"
    budget: float | None = None
    parameters: tuple[Parameter, ...] = ()
    agents: tuple[AgentStep, ...] = ()
    rules: tuple[Rule, ...] = ()
    tables: tuple[DecisionTable, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    language: int = LANGUAGE
