"""`manage.py demo`: everything on one machine, with sample cases coming in, until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from orchestration.agents.registry import registry
from orchestration.models import Case
from orchestration.services import demo
from orchestration.services.refusal import Refused


class Command(BaseCommand):
    help = "Brings up web and worker with sample cases on this machine; Ctrl-C stops everything."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")), help="%(default)s")
        parser.add_argument("--cases", type=int, default=40, help="sample cases posted at once (%(default)s)")
        parser.add_argument("--every", type=float, default=5.0, help="seconds between further ones (%(default)s)")
        parser.add_argument("--seed", type=int, default=1, help="of the sample cases (%(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        try:
            workflows = demo.set_up()
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
        signal.signal(signal.SIGTERM, _stop)
        base = f"http://127.0.0.1:{options['port']}"
        processes = [self._web(options["port"]), self._worker()]
        try:
            self._await_web(base, processes)
            samples = self._samples(options)
            first = [_post(base, sample) for sample in samples[: options["cases"]]]
            self._say(base, [workflow.title for workflow in workflows], first)
            self._stream(base, samples[options["cases"] :], options["every"], processes)
        except KeyboardInterrupt:
            self.stdout.write("\nStopping …")
        finally:
            _end(processes)

    def _web(self, port: int) -> subprocess.Popen[bytes]:
        command = ["gunicorn", "conductor_site.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
        return _start([sys.executable, "-m", *command, "--log-level", "warning"])

    def _worker(self) -> subprocess.Popen[bytes]:
        return _start([sys.executable, sys.argv[0], "worker"])

    def _await_web(self, base: str, processes: list[subprocess.Popen[bytes]]) -> None:
        for _ in range(150):
            _all_alive(processes)
            try:
                urllib.request.urlopen(f"{base}/healthz", timeout=2).close()  # noqa: S310 - our own address
                return
            except OSError:
                time.sleep(0.2)
        raise CommandError(f"{base}/healthz does not answer. Is the port in use? PORT= chooses another.")

    def _samples(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        seen = Case.objects.count()
        return [
            sample
            for found in registry().workflows.values()
            for sample in demo.samples(found.name, seed=options["seed"] + seen, count=2_000)
        ]

    def _say(self, base: str, titles: list[str], first: list[dict[str, Any]]) -> None:
        decided = sum(case["status"] == "decided" for case in first)
        waiting = sum(case["status"] == "escalated" for case in first)
        users = ", ".join(demo.USERS)
        self.stdout.write(
            f"\nConductor is up: {', '.join(titles)}.\n"
            f"  {len(first)} sample cases posted: {decided} decided by rules, {waiting} with a person.\n\n"
            f"  Admin     {base}/admin/    users {users}; password {demo.PASSWORD}\n"
            f"  API       {base}/api/docs/    key {demo.API_KEY}\n"
            "  More cases keep coming. Ctrl-C stops everything.\n"
        )

    def _stream(
        self, base: str, samples: list[dict[str, Any]], every: float, processes: list[subprocess.Popen[bytes]]
    ) -> None:
        for sample in samples:
            pause = time.monotonic() + every
            while time.monotonic() < pause:
                _all_alive(processes)
                time.sleep(0.2)
            _post(base, sample)
        while True:
            _all_alive(processes)
            time.sleep(1)


def _post(base: str, sample: dict[str, Any]) -> dict[str, Any]:
    body = {"workflow": sample["workflow"], "reference": sample["reference"], "payload": sample["payload"]}
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{base}/api/v1/cases",
        data=json.dumps({**body, "priority": sample["priority"]}).encode(),
        headers={
            "Authorization": f"Bearer {demo.API_KEY}",
            "Content-Type": "application/json",
            "Prefer": "wait=5",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            case: dict[str, Any] = json.load(answer)
            return case
    except urllib.error.HTTPError as error:
        raise CommandError(f"Posting a sample case gave {error.code}: {error.read().decode()}") from error


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    """In a session of its own, so that Ctrl-C reaches only this command, which then ends the others in order."""
    return subprocess.Popen(command, start_new_session=True)  # noqa: S603 - our own commands


def _all_alive(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is not None:
            raise CommandError(f"{process.args!r} ended with exit code {process.returncode}; its output is above.")


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _stop(*_: object) -> None:
    raise KeyboardInterrupt
