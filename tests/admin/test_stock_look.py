"""Every page also opens on Django's own admin, so that the look can be changed or dropped."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_every_page_opens_on_the_stock_look(tmp_path: Path) -> None:
    """The tests of routes, pages and lists once more in a process of its own, with ADMIN_LOOK=stock, on SQLite."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "DATABASE_URL"))
    }
    environment |= {"ADMIN_LOOK": "stock", "VAR_DIR": str(tmp_path), "DEMO": "1"}
    files = sorted(str(path) for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    assert " passed" in run.stdout
