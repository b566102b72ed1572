"""An attempt in a process of its own: whatever the agent does to its process, the outcome tells what it was."""

import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.agents import waiting
from orchestration.agents.found import Found
from orchestration.agents.outcome import Outcome
from orchestration.agents.runner import run

pytestmark = pytest.mark.slow
AgentThat = Callable[..., Found]
MORE = """
import os, sys

def into_every_pipe(chunk):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, chunk)
        except OSError:
            pass
"""
GOOD = "return AgentResult(output={'text': 'fine'})"


def attempt(found: Found, *, seconds: float = 60, **given: object) -> Outcome:
    defaults = {"input": {"first_name": "Ada"}, "config": {}, "idempotency_key": "run-1", "attempt": 2}
    return run(found, timeout=timedelta(seconds=seconds), isolate=True, **{**defaults, **given})  # type: ignore[arg-type]


def test_a_good_attempt_gives_what_it_gives_in_process(greeter: Found) -> None:
    isolated = attempt(greeter, config={"greeting": "Good day"})
    assert (isolated.status, isolated.output, isolated.confidence, isolated.summary, isolated.transcript) == (
        "succeeded",
        {"text": "Good day Ada"},
        1.0,
        "Greeted by first name",
        "",
    )
    assert isolated.duration > 0


ENDINGS = [
    # what run does, seconds it has, the kind of failure, the words of the error
    ("while True: pass", 2, "time-limit", "acme.greeter took longer than its 2 seconds and was stopped."),
    ("import time; time.sleep(600)", 2, "time-limit", "acme.greeter took longer than its 2 seconds and was stopped."),
    ("return sum(iter(int, 1))", 2, "time-limit", "acme.greeter took longer than its 2 seconds and was stopped."),
    ("return 9 ** 9 ** 9", 2, "time-limit", "acme.greeter took longer than its 2 seconds and was stopped."),
    (
        "import signal\nfor s in set(signal.Signals) - {9, 19}: signal.signal(s, signal.SIG_IGN)\nwhile True: pass",
        2,
        "time-limit",
        "acme.greeter took longer than its 2 seconds and was stopped.",
    ),
    ("os.kill(os.getpid(), 19)", 2, "time-limit", "acme.greeter took longer than its 2 seconds and was stopped."),
    ("sys.exit(3)", 60, "exited", "The agent tried to end its process with exit status 3."),
    ("os._exit(4)", 60, "exited", "acme.greeter ended its process with exit status 4, without an answer."),
    ("os._exit(0)", 60, "exited", "acme.greeter ended its process with exit status 0, without an answer."),
    (
        "os.kill(os.getpid(), 9)",
        60,
        "vanished",
        "The process of acme.greeter was killed by SIGKILL (by someone, or by a system short of memory) "
        "before it answered.",
    ),
    (
        "import ctypes; ctypes.string_at(0)",
        60,
        "vanished",
        "The process of acme.greeter was killed by SIGSEGV before it answered.",
    ),
    ("os.abort()", 60, "vanished", "The process of acme.greeter was killed by SIGABRT before it answered."),
    (
        "a = []\nwhile True: a.append('x' * 1_000_000)",
        60,
        "memory",
        "The agent needed more than its 1,024 MiB of memory.",
    ),
    ("return bytearray(3 * 2**30)", 60, "memory", "The agent needed more than its 1,024 MiB of memory."),
    ("raise ValueError('no')", 60, "exception", "ValueError: no"),
    ("raise AgentError('No such account')", 60, "agent", "No such account"),
    ("return 7", 60, "output", "acme.greeter returned a int, not an AgentResult."),
    (
        "return AgentResult(output={'text': 'x'}, confidence=float('nan'))",
        60,
        "output",
        "The confidence is nan, not None or a number from 0 to 1.",
    ),
    (
        "return AgentResult(output={'text': 'x' * 50_000_000})",
        60,
        "output",
        "The output is longer than 1,048,576 bytes: 50,000,011.",
    ),
    (
        "into_every_pipe(b'{\"status\": 1}\\n'); os._exit(0)",
        60,
        "output",
        "The process of acme.greeter gave an answer that cannot be read.",
    ),
    (
        "while True: into_every_pipe(b'x' * 65536)",
        60,
        "output",
        "The process of acme.greeter answered with more than 4,194,304 bytes.",
    ),
    (
        'into_every_pipe(b\'{"status": "succeeded", "output": {}, "confidence": NaN}\\n\'); os._exit(0)',
        60,
        "output",
        "The answer of acme.greeter is out of limits: is not a finite number.",
    ),
    (
        'into_every_pipe(b\'{"status": "succeeded", "output": {}, "confidence": 7}\\n\'); os._exit(0)',
        60,
        "output",
        "The answer of acme.greeter is out of limits: no confidence, cost or time can be so.",
    ),
    (
        'into_every_pipe(b\'{"status": "pending", "expires_in": 1e12}\\n\'); os._exit(0)',
        60,
        "output",
        "The answer of acme.greeter is out of limits: no confidence, cost or time can be so.",
    ),
]


@pytest.mark.parametrize(("body", "seconds", "kind", "words"), ENDINGS, ids=[body[:50] for body, *_ in ENDINGS])
def test_each_ending_is_told_apart(agent_that: AgentThat, body: str, seconds: float, kind: str, words: str) -> None:
    outcome = attempt(agent_that(body, more=MORE), seconds=seconds)
    assert (outcome.status, outcome.error_kind, outcome.error) == ("failed", kind, words)
    assert (outcome.permanent, outcome.output) == (False, None)


def test_texts_that_it_writes_past_us_are_bounded_and_fit_to_store(agent_that: AgentThat) -> None:
    line = '{"status": "succeeded", "output": {}, "summary": "s\\\\u0000%s", "evidence": [{"what": "%s"}]}\\n'
    forged = attempt(agent_that(f"x = b'x' * 100_000\ninto_every_pipe(b'{line}' % (x, x)); os._exit(0)", more=MORE))
    assert (forged.status, len(forged.summary), "\x00" in forged.summary) == ("succeeded", 1_000, False)
    assert forged.evidence == ({"what": "left out", "value": "1 entries too long or not storable"},)


@pytest.mark.parametrize("report", ["{}", "[]", '{"status": "", "over": 0, "clean": 0, "again": 0}'])
def test_an_import_that_forges_the_report_of_its_process_fails_its_run(agent_that: AgentThat, report: str) -> None:
    forging = f"""
if sys.argv[0].endswith("process.py"):
    os.write(int(sys.argv[1]), b'+{report}\\n')
"""
    assert attempt(agent_that(GOOD, more=MORE + forging)).error_kind in ("exited", "vanished")


def test_input_that_does_not_fit_is_a_permanent_failure_here_too(greeter: Found) -> None:
    outcome = attempt(greeter, input={})
    assert (outcome.error_kind, outcome.permanent) == ("input", True)
    assert outcome.error == "The input does not fit acme.greeter: first_name: Field required."
    assert attempt(greeter, input={"first_name": object()}).error_kind == "input"


def test_code_of_a_model_that_hangs_is_stopped_too(agent_that: AgentThat) -> None:
    found = agent_that(GOOD, more="import time")
    source = Path(sys.modules[found.cls.__module__].__file__ or "")
    looping = "first_name: str\n\n        def model_post_init(self, _):\n            time.sleep(600)\n"
    source.write_text(source.read_text().replace("first_name: str", looping))
    assert attempt(found, seconds=2).error_kind == "time-limit"


def test_a_small_memory_limit_is_kept(agent_that: AgentThat) -> None:
    found = agent_that(f"hold = bytearray(300 * 2**20)\n{GOOD}")
    assert attempt(found).status == "succeeded"
    assert attempt(found, memory=256 * 2**20).error == "The agent needed more than its 256 MiB of memory."


def test_prints_do_no_harm_and_end_in_the_transcript(agent_that: AgentThat) -> None:
    body = """
        print("first words")
        print("a warning", file=sys.stderr)
        os.write(1, b"below python\\n")
        subprocess.run(["sh", "-c", "echo from a child"])
        return AgentResult(output={"text": "fine"}, transcript="own words")
    """
    outcome = attempt(agent_that(body, more="import os, subprocess, sys"))
    assert outcome.output == {"text": "fine"}
    assert outcome.transcript == (
        "own words\n--- printed ---\nfirst words\nbelow python\nfrom a child\n--- printed as errors ---\na warning"
    )


def test_endless_printing_is_read_and_bounded(agent_that: AgentThat) -> None:
    body = f"print('start'); os.write(1, b'x' * 200_000_000); print('end')\n{GOOD}"
    outcome = attempt(agent_that(body, more="import os"))
    assert outcome.output == {"text": "fine"}
    assert outcome.transcript.startswith("--- printed ---\nstart\nxxx")
    assert outcome.transcript.endswith("xxxend")
    assert len(outcome.transcript) < 64_000
    assert "left out …]" in outcome.transcript


def test_what_was_printed_before_a_crash_is_kept(agent_that: AgentThat) -> None:
    outcome = attempt(agent_that("print('so far'); os.kill(os.getpid(), 9)", more="import os"))
    assert outcome.transcript == "--- printed ---\nso far"


def test_the_agent_reads_no_secret_and_no_input_of_ours(agent_that: AgentThat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "very-secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@db/x")
    monkeypatch.setenv("LC_TIME", "C")
    body = "return AgentResult(output={'text': ' '.join(sorted(os.environ)) + '|' + sys.stdin.read()})"
    outcome = attempt(agent_that(body, more="import os, sys"))
    assert outcome.output is not None
    names, read = outcome.output["text"].split("|")
    allowed = {
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "CONDUCTOR_ATTEMPT",
        "PYTHONPATH",
        "PATH",
        "HOME",
        "TMPDIR",
        "TZ",
        "LANG",
        "LANGUAGE",
    }
    assert {name for name in names.split() if not name.startswith("LC_")} <= allowed
    assert "LC_TIME" in names.split()
    assert read == ""


def test_only_the_one_plugin_is_imported(agent_that: AgentThat) -> None:
    body = (
        "return AgentResult(output={'text': ' '.join(sorted({m.split('.')[0] for m in sys.modules} & "
        "{'plugins', 'django', 'rest_framework', 'django_q', 'acme_greeter'}))})"
    )
    assert attempt(agent_that(body, more="import sys")).output == {"text": "acme_greeter"}


def test_an_import_that_needs_the_servers_environment_says_so(
    agent_that: AgentThat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_REGION", "eu")
    outcome = attempt(agent_that(GOOD, more="import os; os.environ['ACME_REGION']"))
    assert outcome.error_kind == "not-installed"
    assert outcome.error == (
        "acme_greeter:Greeter of acme-agents 1.2 cannot be imported in a process of its own "
        "(KeyError: 'ACME_REGION'). Its import must not need variables of the server's environment."
    )


def test_another_version_on_disk_than_the_one_found_is_not_run(greeter: Found) -> None:
    source = Path(sys.modules["acme_greeter"].__file__ or "")
    source.write_text(source.read_text().replace('"1.0"', '"1.10"'))
    outcome = attempt(greeter)
    assert (outcome.error_kind, outcome.error) == (
        "not-installed",
        "acme-agents 1.2 now holds acme.greeter 1.10, but this server found 1.0 when it started. Start it again.",
    )


def test_a_quarter_of_a_megabyte_goes_in_and_out(agent_that: AgentThat) -> None:
    found = agent_that("return AgentResult(output={'text': request.input.first_name[-50_000:]})")
    assert attempt(found, input={"first_name": "é" * 262_144}).error_kind == "output"  # 100,000 bytes in one string
    assert attempt(found, input={"first_name": "e" * 262_144}).output == {"text": "e" * 50_000}


def test_attempts_run_side_by_side_in_threads(agent_that: AgentThat) -> None:
    found = agent_that("return AgentResult(output={'text': request.input.first_name})")
    outputs: dict[str, object] = {}

    def work(name: str) -> None:
        outputs[name] = attempt(found, input={"first_name": name}).output

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outputs == {str(number): {"text": str(number)} for number in range(6)}


HOARDS = [
    # how it writes 30 MiB where 20 are allowed, and what is said of it
    ("open('one', 'wb').truncate(30 * 2**20)", "The agent wrote a file that grew too large."),
    ("signal.signal(signal.SIGXFSZ, signal.SIG_DFL); open('one', 'wb').truncate(30 * 2**20)",
     "The agent wrote a file that grew too large."),
    ("os.makedirs('a/b')\nfor n in range(30): open(f'a/b/{n}', 'wb').write(b'x' * 2**20)\ntime.sleep(60)",
     "acme.greeter wrote more than 1,024 MiB into its folder and was stopped."),
    ("subprocess.run([sys.executable, '-c', 'open(\"one\", \"wb\").truncate(30 * 2**20)'], check=True)", None),
]  # fmt: skip


@pytest.mark.parametrize(("body", "words"), HOARDS)
def test_an_agent_that_fills_the_disk_is_stopped(
    agent_that: AgentThat, monkeypatch: pytest.MonkeyPatch, body: str, words: str | None
) -> None:
    monkeypatch.setattr(waiting, "DISK", 20 * 2**20)
    outcome = attempt(agent_that(f"{body}\n{GOOD}", more="import os, signal, subprocess, sys, time"), seconds=60)
    if words is None:  # a program that it started is bound, too; what becomes of that is the agent's to say
        assert "File too large" in outcome.transcript
    else:
        assert (outcome.status, outcome.error_kind, outcome.error) == ("failed", "disk", words)


def test_what_an_agent_writes_within_its_limit_is_its_own(agent_that: AgentThat) -> None:
    found = agent_that(f"open('one', 'wb').write(b'x' * 30 * 2**20); time.sleep(0.7)\n{GOOD}", more="import time")
    assert attempt(found, seconds=60).status == "succeeded"
