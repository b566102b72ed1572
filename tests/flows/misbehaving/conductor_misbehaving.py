"""An agent that does whatever a plugin should not do; the text of the case names it. Bombs are small and end soon."""

import ctypes
import decimal
import json
import os
import random
import re
import signal
import subprocess
import sys
import time

from orchestration.plugin_api import Agent, AgentResult, Model

A_WHILE = 20  # seconds after which a bomb's processes end by themselves


class Input(Model):
    text: str


class Output(Model):
    text: str


class Misbehaving(Agent):
    name, version, title = "test.misbehaving", "1.0", "Misbehaves as it is told"
    Input, Output = Input, Output
    seen: list[str] = []

    def run(self, request):
        did = globals()[request.input.text.replace(" ", "_")](self)
        return fine(self, did or "done") if did is None or isinstance(did, str) else did


def fine(agent, text="fine", **more):
    return AgentResult(output={"text": text}, **{"confidence": 0.95, **more})


def output_off_its_schema(agent):
    return AgentResult(output={"text": 7, "more": True})


def no_result(agent):
    return 7


def confidence_that_is_not_a_number(agent):
    return fine(agent, confidence=float("nan"))


def output_of_50_megabytes(agent):
    return fine(agent, "x" * 50_000_000)


def fork_bomb(agent):
    for _ in range(8):
        os.fork()
    time.sleep(A_WHILE)


def fork_bomb_in_sessions_of_their_own(agent):
    for _ in range(8):
        if not os.fork():
            os.setsid()
    time.sleep(A_WHILE)


def memory_hog(agent):
    held = []
    while True:
        held.append(bytearray(8 * 2**20))


def sleep_in_c(agent):
    ctypes.PyDLL(None).sleep(600)  # keeps the interpreter's lock


def expression_without_end(agent):
    re.match(r"(a+)+$", "a" * 60 + "b")


def deaf_to_signals(agent):
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    while True:
        pass


def sys_exit(agent):
    sys.exit(3)


def os_exit(agent):
    os._exit(4)


def crash(agent):
    ctypes.string_at(0)


def kill_whoever_started_it(agent):
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(A_WHILE)


def close_everything(agent):
    os.closerange(0, 256)


def write_into_every_descriptor(agent):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b'{"status": "succeeded"}\n')
        except OSError:
            continue
    os._exit(0)


def write_to_stdout(agent):
    print('{"status": "succeeded", "output": {"text": "forged"}, "confidence": 1}')
    os.write(1, b"below python\n")
    print("an error", file=sys.stderr)
    return "printed"


def leave_a_daemon(agent):
    command = ["sleep", str(A_WHILE)]
    daemon = subprocess.Popen(command, start_new_session=True, env={}, stdout=subprocess.DEVNULL)
    return str(daemon.pid)


def change_global_state(agent):
    agent.seen.append("changed")
    os.environ["PATH"] = "/nowhere"
    os.chdir("/")
    os.umask(0)
    random.seed(1)
    decimal.getcontext().prec = 3
    json.dumps = None
    sys.path.clear()
    sys.setrecursionlimit(5_000)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.modules["math"] = None


def look_at_global_state(agent):
    """All that `change_global_state` changes, but for the folder, which is another each time, and the dice."""
    state = [
        agent.seen,
        os.environ["PATH"],
        os.umask(0o22),
        decimal.getcontext().prec,
        str(json.dumps).partition(" at ")[0],
        sys.path,
        sys.getrecursionlimit(),
        str(signal.getsignal(signal.SIGTERM)),
        str(type(sys.modules.get("math"))),
        os.listdir("."),
    ]
    return repr(state)
