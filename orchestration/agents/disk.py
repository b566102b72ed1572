"""How much an agent writes: a limit to each file by the kernel, and the sum over its folder, looked at now and then."""

from __future__ import annotations

import contextlib
import os
import resource
import time
from typing import Final

_EVERY: Final = 0.5
_SHARE: Final = 20


def limit_files(most: int) -> None:
    """No file that this process or one below it writes grows beyond so many bytes: writing fails with EFBIG."""
    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


class Folder:
    """Looked at every half second, or less often where there is so much in it that looking takes long."""

    def __init__(self, path: str, most: int) -> None:
        self._path, self._most = path, most
        self._next = time.monotonic() + _EVERY

    def is_full(self) -> bool:
        if (began := time.monotonic()) < self._next:
            return False
        full = taken(self._path) > self._most
        ended = time.monotonic()
        self._next = ended + max(_EVERY, _SHARE * (ended - began))
        return full


def taken(folder: str) -> int:
    """Bytes that all below the folder takes on the disk; what vanishes meanwhile counts for nothing."""
    total, places = 0, [folder]
    for place in places:
        with contextlib.suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        places.append(entry.path)
    return total
