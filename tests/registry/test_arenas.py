"""Memory that threads have freed is not kept once for each of them."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from wheelyard_registry.arenas import ARENAS

_COUNT = """
import ctypes, sys, threading
from wheelyard_registry.arenas import few_arenas

few = sys.argv[2] == "few"
assert not few or few_arenas()
barrier = threading.Barrier(6)

def use():
    kept = bytes(50_000)
    barrier.wait()

threads = [threading.Thread(target=use) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
stream = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, stream)
libc.fclose(stream)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_threads_share_the_arenas(tmp_path: Path) -> None:
    def arenas(wish: str) -> int:
        told = tmp_path / wish
        subprocess.run([sys.executable, "-c", _COUNT, told, wish], check=True)
        return told.read_text().count("<heap nr=")

    assert arenas("few") == ARENAS < arenas("many")
