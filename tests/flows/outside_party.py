"""An outside party as a process of its own: `python tests/flows/outside_party.py PORT`. It is asked by agents over HTTP
and answers later, when it is told to, by posting to the callback that it was given first.

`POST /ask` takes what an agent tells; texts that start with `hold` keep the first caller waiting, `quick` ones are
answered before the agent is. `GET /asked` lists what was told. `POST /answer` with a text answers it, and gives the
status code that came back.
"""

import json
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

asked: list[dict[str, Any]] = []
ended = threading.Event()


class Party(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.reply(asked)

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/answer":
            first = next(one for one in asked if one["text"] == given["text"])
            self.reply(answer(first))
            return
        asked.append(given)
        if given["text"].startswith("hold") and given["attempt"] == 1:
            ended.wait(60)
        if given["text"].startswith("quick"):
            given["status"] = answer(given)
        self.reply(True)

    def reply(self, document: Any) -> None:
        try:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())
        except OSError:
            return  # whoever asked is gone

    def log_message(self, *_: Any) -> None:
        return


def answer(told: dict[str, Any]) -> int:
    """Post the result of what was told to its callback; the status code."""
    text, callback = told["text"], told["callback"]
    result = {"output": {"text": text, "length": len(text)}, "confidence": 0.9, "summary": "From the register"}
    headers = {"Authorization": f"Bearer {callback['token']}", "Content-Type": "application/json"}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(callback["url"], json.dumps(result).encode(), headers)
        ) as done:
            return int(done.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Party).serve_forever()
