"""The non-conformance pack run on sample reports, for the tests of its figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.rules import pack as packs
from orchestration.testing import Conductor, Result
from plugins import quality
from plugins.quality.control_chart import ControlChartAgent
from plugins.quality.cost import CostAgent
from plugins.quality.measurements import MeasurementsAgent
from plugins.quality.sample_report import Report
from plugins.quality.samples import sample_report
from plugins.quality.supplier import SupplierAgent

FOLDER = Path(quality.__file__).parent
TEXT = (FOLDER / "pack.yaml").read_text(encoding="utf-8")
AGENTS = (MeasurementsAgent, ControlChartAgent, SupplierAgent, CostAgent)
PACK = packs.load(TEXT)
TODAY, NOW = date(2026, 3, 2), "2026-03-02T12:00:00+00:00"


@dataclass(frozen=True)
class Sampled:
    report: Report
    truth: str
    payload: dict[str, Any]
    result: Result


def sample(conductor: Conductor, seed: int, count: int) -> list[Sampled]:
    found = []
    for number in range(count):
        case, report = sample_report(seed, number, TODAY)
        found.append(Sampled(report, case["truth"], case["payload"], conductor.run(case["payload"], now=NOW)))
    return found
