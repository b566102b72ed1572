"""The agents that call out keep the promises of an agent."""

from __future__ import annotations

import pytest

from orchestration.testing import check_agent
from plugins.http.call import CallAgent
from plugins.llm.prompt import PromptAgent

from .asking import GOOD, LETTER, LOAN, SORTED, service_config
from .chat_endpoint import completion
from .local_server import Answer, serving

pytestmark = pytest.mark.slow


def test_the_agent_that_asks_a_model_keeps_every_promise() -> None:
    with serving(completion(GOOD)) as server:
        config = {"base_url": server.url, "model": "small", "prompt": "{{ message }}", "output_schema": SORTED}
        check_agent(PromptAgent, inputs=[LETTER], failing=[{}, {"a b": 1}], config=config)


def test_the_agent_that_calls_a_service_keeps_every_promise() -> None:
    with serving(Answer({"output": {"score": 7}})) as server:
        keys = server.headers
        check_agent(
            CallAgent,
            inputs=[LOAN],
            config=service_config(server),
            effects=lambda: len({headers["webhook-id"] for headers in keys}),  # a service does its work once a key
        )
