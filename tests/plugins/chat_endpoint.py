"""Answers as a chat-completions endpoint gives them, for a server on this machine."""

from __future__ import annotations

import json
from typing import Any

from .local_server import Answer, serving

__all__ = ["completion", "fault", "serving"]


def completion(content: Any, *, finish: str = "stop", usage: Any = (12, 5), **message: Any) -> Answer:
    """A chat completion with this text (or document, as JSON)."""
    text = content if isinstance(content, str) or content is None else json.dumps(content, ensure_ascii=False)
    logprobs = message.pop("logprobs", None)
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, **message},
        "finish_reason": finish,
        "logprobs": logprobs,
    }
    counts = {"prompt_tokens": usage[0], "completion_tokens": usage[1]} if usage else None
    return Answer({"id": "c1", "object": "chat.completion", "model": "small-1", "choices": [choice], "usage": counts})


def fault(status: int, message: str = "no", code: str | None = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer({"error": {"message": message, "code": code}}, status, named)
