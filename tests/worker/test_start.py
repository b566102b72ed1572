"""What a process imports at its start: a worker no pages, whoever checks the site all of them."""

import subprocess
import sys

import pytest

from tests.worker.conftest import ROOT

WORKER = """
import sys
import django
django.setup()
from orchestration.tasks import import_services
import_services()
print(*sorted({"orchestration.services.round", "orchestration.admin", "openpyxl"} & sys.modules.keys()))
"""
CHECK = """
import sys
import django
django.setup()
from django.core.checks import run_checks
print(run_checks(tags=["admin"]), "orchestration.admin" in sys.modules)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("script", "printed"), [(WORKER, "orchestration.services.round"), (CHECK, "[] True")])
def test_a_process_imports_what_it_needs(script: str, printed: str) -> None:
    environment = {"DJANGO_SETTINGS_MODULE": "conductor_site.settings", "DEMO": "1", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == printed, done.stderr
