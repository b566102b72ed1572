"""What a process of an agent's own is allowed."""

from typing import Final

MEMORY: Final = 1024 * 1024 * 1024
"""Bytes of address space each process may use unless told otherwise."""
PROCESSES: Final = 64
"""How many processes one piece of work may have at once; more are taken for a bomb."""
