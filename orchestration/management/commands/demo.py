"""`manage.py demo`: everything on one machine, with sample cases coming in, until Ctrl-C."""

from __future__ import annotations

import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from orchestration.models import Case
from orchestration.services import demo, sample_stream
from orchestration.services.refusal import Refused

LONGEST_PAUSE: Final = 15.0
"""Seconds between two cases at the most, when they come faster than in real life."""

POSTED: Final = ("workflow", "reference", "payload", "priority")
TOLD_AT_ONCE: Final = "Sample data. The demo tells at once what would come later."


class NotTaken(CommandError):
    """A sample case could not be posted."""


class Command(BaseCommand):
    help = "Brings up web and worker with sample cases on this machine; Ctrl-C stops everything."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")), help="%(default)s")
        parser.add_argument(
            "--cases", type=_count, default=10, help="sample cases of each workflow posted at once (%(default)s)"
        )
        parser.add_argument(
            "--speed",
            type=_speed,
            default=20.0,
            help="how much faster than in a real day further ones come (%(default)s); 1: each at its hour",
        )
        parser.add_argument("--seed", type=int, default=1, help="of the sample cases (%(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        _refuse_port_in_use(options["port"])
        call_command("migrate", verbosity=0, interactive=False)
        try:
            demo.set_up()
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal
        signal.signal(signal.SIGTERM, _stop)
        base = f"http://127.0.0.1:{options['port']}"
        processes = [self._web(options["port"]), self._worker()]
        try:
            self._await_web(base, processes)
            now = timezone.now()
            start, rest = sample_stream.begun(
                sample_stream.installed(), now, seed=options["seed"] + Case.objects.count(), each=options["cases"]
            )
            for one in start:
                _post(base, one)
            self._say(base, len(start), options["speed"])
            self._stream(base, rest, now, options["speed"], processes)
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
        for _ in range(300):
            _all_alive(processes)
            try:
                urllib.request.urlopen(f"{base}/healthz", timeout=2).close()  # noqa: S310 - our own address
                return
            except OSError:
                time.sleep(0.2)
        raise CommandError(f"{base}/healthz does not answer; what the web says is above.")

    def _say(self, base: str, posted: int, speed: float) -> None:
        pace = "each at its hour of the day" if speed == 1 else f"{speed:g} times as fast as in a real day"
        self.stdout.write(f"\nConductor is up. {posted} sample cases posted at once; so far:\n")
        self._say_standings()
        self.stdout.write(
            f"\n  Admin     {base}/admin/    users {', '.join(demo.USERS)}; password {demo.PASSWORD}\n"
            f"  API       {base}/api/docs/    key {demo.API_KEY}\n"
            f"  More cases keep coming, {pace}. Ctrl-C stops everything.\n"
        )

    def _say_standings(self) -> None:
        for standing in demo.standings():
            self.stdout.write(f"  {standing}")

    def _stream(
        self,
        base: str,
        cases: Iterator[sample_stream.Arriving],
        now: datetime,
        speed: float,
        processes: list[subprocess.Popen[bytes]],
    ) -> None:
        """Post each case when it is due. Faster than in real life, quiet hours are cut short too."""
        at = time.monotonic()
        for number, one in enumerate(cases, 1):
            pause = max(0.0, (one.due - now).total_seconds()) / speed
            at += pause if speed == 1 else min(pause, LONGEST_PAUSE)
            now = max(now, one.due)
            while (left := at - time.monotonic()) > 0:
                _all_alive(processes)
                time.sleep(min(left, 0.2))
            try:
                _post(base, one)
            except NotTaken as failure:  # perhaps somebody has paused this workflow, or changed what it asks for
                self.stderr.write(str(failure))
            if number % 100 == 0:
                self.stdout.write(f"\n{number} more cases have come in; so far:")
                self._say_standings()


def _post(base: str, one: sample_stream.Arriving) -> None:
    """The case and, where it is decided at once, what really happened later as far as its sample knows it."""
    case = _send(f"{base}/api/v1/cases", {name: one.case[name] for name in POSTED})
    if value := one.feedback(case["outcome"]):
        with suppress(NotTaken):  # the published version may take none, or others
            _send(base + case["links"]["feedback"], {"value": value, "note": TOLD_AT_ONCE})


def _send(url: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - our own address
        url,
        data=json.dumps(body).encode(),
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
        raise NotTaken(f"Posting a sample case gave {error.code}: {error.read().decode()}") from error
    except OSError as error:
        raise NotTaken(f"Posting a sample case failed: {error}") from error


def _refuse_port_in_use(port: int) -> None:
    """Else another site would be found there and take the sample cases."""
    with socket.socket() as probe:
        probe.settimeout(2)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise CommandError(f"Something else answers at port {port}. PORT= chooses another.")


def _count(text: str) -> int:
    if (number := int(text)) < 0:
        raise ValueError
    return number


def _speed(text: str) -> float:
    if not 0 < (number := float(text)) < math.inf:
        raise ValueError
    return number


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
