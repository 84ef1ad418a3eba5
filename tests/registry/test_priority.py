"""Workers give way to the server."""

from __future__ import annotations

import subprocess
import sys

_TWICE = """
import os
from wheelyard_registry.priority import give_way

before = os.nice(0)
give_way(), give_way()
print(os.nice(0) == min(19, before + 10))
"""


def test_a_process_gives_way_once_however_often_it_is_told() -> None:
    done = subprocess.run([sys.executable, "-c", _TWICE], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
