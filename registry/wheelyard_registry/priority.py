"""Who goes first where processors are few: the server before the processes that work for it."""

from __future__ import annotations

import os
from functools import cache


@cache
def give_way() -> None:
    """Let the server go first, as somebody waits for a page; a process does so once, however often it is told."""
    os.nice(10)
