"""The circuit of a step against a small model of it, over all orders of beginnings, ends, time and people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from orchestration.agents.outcome import failed
from orchestration.models import AgentEvent, AgentRun, Client, HeldRun, StepState, Workflow
from orchestration.services.step_state import OutOfPatience, admit, set_circuit, settle
from tests.services.stepping import GOOD, Clock, waiting
from tests.small_workflow import publish

OF, WINDOW, PAUSE, LONGEST, PATIENCE = 4, 60.0, 10.0, 40.0, 100.0
LOST = 20.0 + 20.0  # the step's time limit, and the grace
RUNS = 5
OUTCOMES = {
    "good": GOOD,
    "bad": failed("exception", "no route"),
    "busy": failed("agent", "busy"),
    "refused": failed("agent", "no such account", permanent=True),
    "unreached": failed("not-installed", "gone", permanent=True),
}
BAD = ("bad", "busy")


@dataclass
class Model:
    """The rules as they are written down, by looking back over all that happened."""

    now: float = 0.0
    state: str = "closed"
    until: float | None = None
    held: bool = False
    openings: int = 0
    probe: int | None = None
    history: list[tuple[float, bool]] = field(default_factory=list)  # since it last closed
    changes: int = 0
    kept_since: dict[int, float] = field(default_factory=dict)

    def turn(self, state: str, until: float | None = None) -> None:
        self.changes += state != self.state
        self.state, self.until = state, until
        if state == "closed":
            self.openings, self.history, self.probe = 0, [], None

    def asks(self, run: int) -> str:
        if self.state == "closed":
            self.kept_since.pop(run, None)
            return "begins"
        if not self.held and self.until is not None and self.now >= self.until:
            self.turn("half_open", self.now + LOST)
            self.probe = run
            self.kept_since.pop(run, None)
            return "begins"
        since = self.kept_since.setdefault(run, self.now)
        if self.now - since >= PATIENCE:
            del self.kept_since[run]
            return "fails"
        return "waits"

    def ended(self, run: int, what: str) -> None:
        if self.state == "closed" and what != "unreached":
            self.history.append((self.now, what in BAD))
            last = [bad for moment, bad in self.history[-OF:] if moment > self.now - WINDOW]
            if 2 * sum(last) >= OF:
                self.open()
        elif self.state == "half_open" and run == self.probe:
            self.probe = None
            if what in BAD:
                self.open()
            elif what == "unreached":
                self.until = self.now
            else:
                self.turn("closed")

    def open(self) -> None:
        self.turn("open", self.now + min(PAUSE * 2**self.openings, LONGEST))
        self.openings += 1


class Machine(RuleBasedStateMachine):
    workflow: Workflow
    runs: list[AgentRun]
    clock: Clock

    def __init__(self) -> None:
        super().__init__()
        StepState.objects.all().delete()
        self.model, self.running, self.begin = Model(), set[int](), self.clock.now
        self.events = AgentEvent.objects.count()

    @rule(seconds=st.sampled_from([0.5, 5.0, 10.0, 20.0, 39.5, 61.0, 100.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.go(seconds)
        self.model.now += seconds

    @rule(number=st.integers(0, RUNS - 1))
    def asks(self, number: int) -> None:
        if number in self.running:
            return
        try:
            found = "begins" if (until := admit(self.runs[number])) is None else "waits"
            assert until is None or until >= self.clock.now
        except OutOfPatience:
            found = "fails"
        assert found == self.model.asks(number)
        if found == "begins":
            self.running.add(number)

    @rule(number=st.integers(0, RUNS - 1), what=st.sampled_from(sorted(OUTCOMES)))
    def ends(self, number: int, what: str) -> None:
        if number in self.running:
            self.running.remove(number)
            settle(self.runs[number], OUTCOMES[what])
            self.model.ended(number, what)

    @rule(number=st.integers(0, RUNS - 1), what=st.sampled_from(BAD))
    def fails_at_once(self, number: int, what: str) -> None:
        self.asks(number)
        self.ends(number, what)

    @rule(state=st.sampled_from(["closed", "open", "half_open"]))
    def person_sets(self, state: str) -> None:
        set_circuit(workflow=self.workflow, step="hear", state=state, user=None, reason="a person")
        model = self.model
        model.changes += model.held != (state == "open") and state == model.state
        model.held, model.probe = state == "open", None
        model.turn(state, model.now if state == "half_open" else None)
        if state == "open":
            model.openings = 0
        if state != "half_open":
            model.history = []

    @invariant()
    def they_agree(self) -> None:
        state, model = StepState.objects.filter(workflow=self.workflow).first() or StepState(), self.model
        until = state.circuit_until and (state.circuit_until - self.begin).total_seconds()
        assert (state.circuit, state.circuit_held, until) == (model.state, model.held, model.until)
        probe = None if model.probe is None else self.runs[model.probe].pk
        assert (state.probe_id, state.openings) == (probe, model.openings)
        line = {self.runs.index(AgentRun(pk=run_id)) for run_id in HeldRun.objects.values_list("run_id", flat=True)}
        assert line == set(model.kept_since)
        assert AgentEvent.objects.count() - self.events == model.changes


@pytest.mark.slow
@pytest.mark.django_db
def test_the_circuit_does_what_its_rules_say(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CONDUCTOR = {
        **settings.CONDUCTOR, "circuit_attempts": OF, "circuit_window": WINDOW, "circuit_pause": PAUSE,
        "circuit_longest": LONGEST, "circuit_patience": PATIENCE,
    }  # fmt: skip
    workflow = publish(use="test.apart")
    ids = waiting(workflow, Client.objects.create(name="bank"), RUNS)
    Machine.workflow, Machine.clock = workflow, Clock().put_in(monkeypatch)
    Machine.runs = list(AgentRun.objects.filter(pk__in=ids).select_related("case").order_by("pk"))
    run_state_machine_as_test(Machine, settings=_SETTINGS)


_SETTINGS = settings(
    max_examples=60, stateful_step_count=40, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
