"""For authors of agents and workflow packs: try them as the product would, without a database.

with Conductor.of_pack("pack.yaml") as conductor:
    assert conductor.findings == ()
    assert all(one.passed for one in conductor.scenarios())
    assert conductor.run({"first_name": "Ada"}).outcome == "greeted"

check_agent(Greeter, inputs=[{"first_name": "Ada"}])
"""

from orchestration.testing.case import Awaited
from orchestration.testing.conductor import Conductor, PayloadMisfit
from orchestration.testing.contract import BrokenPromise, check_agent, promises
from orchestration.testing.installed import found_class
from orchestration.testing.recording import differences, record, recorded
from orchestration.testing.result import Result

__all__ = [
    "Awaited",
    "BrokenPromise",
    "Conductor",
    "PayloadMisfit",
    "Result",
    "check_agent",
    "differences",
    "found_class",
    "promises",
    "record",
    "recorded",
]
