"""Started by the watchdog as `python -m orchestration.management.worker FD PROCESSES`: one cluster."""

import sys

from orchestration.management.worker.cluster import run

if __name__ == "__main__":
    run(progress_fd=int(sys.argv[1]), processes=int(sys.argv[2]), watchdog_pid=int(sys.argv[3]))
