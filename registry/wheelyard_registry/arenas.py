"""How the C library keeps memory that was freed."""

from __future__ import annotations

import ctypes

ARENAS = 2

_M_ARENA_MAX = -8


def few_arenas() -> bool:
    """Let all threads that are yet to start take memory from the same few arenas; whether the C library can do that.

    glibc gives each thread an arena of its own, up to eight a processor, and each keeps what was freed in it: fifty
    threads that have parsed large pages held twice the memory that was in use. Python's threads run one at a time, so
    that they seldom wait for each other's arena. Source: mallopt(3).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_M_ARENA_MAX, ARENAS) == 1
