"""Tasks for the tests of the worker: each leaves lines in a file, so that a test sees what was done, and how often."""

import subprocess
import time
from pathlib import Path


def chime(folder: str, word: str, gate: str = "") -> None:
    """Write `begun`, wait until the gate is open if there is one, write `ended`."""
    with (Path(folder) / word).open("a") as file:
        file.write("begun\n")
        file.flush()
        while gate and not (Path(folder) / gate).exists():
            time.sleep(0.05)
        file.write("ended\n")


def leave_a_child(folder: str, word: str) -> None:
    """Start a program in a session of its own, note its process id, and wait for it."""
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    (Path(folder) / word).write_text(f"{child.pid}\n")
    child.wait()
