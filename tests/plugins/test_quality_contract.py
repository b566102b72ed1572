"""Every agent of the quality plugin keeps the promises of an agent."""

from typing import Any

import pytest

from orchestration.testing import promises
from plugins.quality.control_chart import ControlChartAgent
from plugins.quality.cost import CostAgent
from plugins.quality.measurements import MeasurementsAgent
from plugins.quality.supplier import SupplierAgent

from .test_quality_cost import LOT
from .test_quality_measurements import SHAFT
from .test_quality_supplier import STATED

CHART = {"characteristic": "Diameter", "characteristics": [SHAFT], "values": [20.0, 20.01, 19.99, 20.0] * 5}
MEASURED = {"characteristics": [SHAFT], "quantity": 9}
AGENTS: list[tuple[Any, list[dict[str, Any]], list[dict[str, Any]]]] = [
    (MeasurementsAgent, [MEASURED], [{**MEASURED, "characteristics": [{**SHAFT, "upper_deviation": -1}]}]),
    (ControlChartAgent, [CHART, {**CHART, "subgroup_size": 5}], [{**CHART, "subgroup_size": 3}]),
    (SupplierAgent, [STATED, {**STATED, "deliveries": []}], [{**STATED, "received_on": "yesterday"}]),
    (CostAgent, [LOT, {**LOT, "measured": 20, "rejected": 3}], [{**LOT, "measured": 101}]),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "promise",
    [
        pytest.param(promise, id=f"{agent.name}-{promise}")
        for agent, inputs, failing in AGENTS
        for promise in promises(agent, inputs=inputs, failing=failing)
    ],
)
def test_promise(promise: Any) -> None:
    promise()
