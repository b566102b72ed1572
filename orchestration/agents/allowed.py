"""What a process of an agent's own is allowed."""

from collections.abc import Mapping
from typing import Final

MEMORY: Final = 1024 * 1024 * 1024
"""Bytes of address space each process may use unless told otherwise."""
PROCESSES: Final = 64
"""How many processes one piece of work may have at once; more are taken for a bomb."""
DISK: Final = 1024 * 1024 * 1024
"""Bytes that a single file may grow to, and that all files in the folder of one piece of work may take together."""
TOLD: Final[Mapping[str, str]] = {
    "processes": f"started more than {PROCESSES} processes at once and was stopped",
    "disk": f"wrote more than {DISK / 2**20:,.0f} MiB into its folder and was stopped",
}
"""What is said of work that was stopped since it went beyond a limit that is watched, by kind."""
