"""A web server on this machine that answers as a test tells it to, over real sockets."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. `body` bytes go out as they are. `hang`: no word until the test ends; `drip`: spaces after the
    body until then; `cut`: the line is dropped in the middle of the body."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    hang: bool = False
    drip: bool = False
    cut: bool = False


@dataclass
class Server:
    """What it was asked: parsed bodies and headers, in order. It answers from `answers`, the last one for ever."""

    url: str
    answers: list[Answer | Callable[[dict[str, Any]], Answer]]
    bodies: list[dict[str, Any]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def sent(self) -> str:
        """All that ever reached the endpoint, as one text."""
        return json.dumps([self.bodies, self.headers], ensure_ascii=False)


@contextmanager
def serving(*answers: Answer | Callable[[dict[str, Any]], Answer]) -> Iterator[Server]:
    class Line(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            endpoint.raw.append(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.loads(endpoint.raw[-1])
            endpoint.bodies.append(body)
            self._answer(body)

        def do_GET(self) -> None:
            self._answer({})

        def _answer(self, body: dict[str, Any]) -> None:
            endpoint.paths.append(f"{self.command} {self.path}")
            endpoint.headers.append({name.lower(): value for name, value in self.headers.items()})
            told = endpoint.answers.pop(0) if len(endpoint.answers) > 1 else endpoint.answers[0]
            answer = told if isinstance(told, Answer) else told(body)
            if answer.hang:
                endpoint.over.wait(60)
                self.close_connection = True
                return
            content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(content) + (1000 if answer.drip else 0)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                if answer.cut:
                    content, self.close_connection = content[: len(content) // 2], True
                self.wfile.write(content)
                while answer.drip and not endpoint.over.wait(0.05):
                    self.wfile.write(b" ")
            except OSError:
                self.close_connection = True  # the other side has had enough

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Line)
    server.daemon_threads = True
    endpoint = Server(f"http://127.0.0.1:{server.server_port}/v1", list(answers))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def nobody() -> str:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
