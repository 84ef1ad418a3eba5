"""What a hundred times as many files cost those who read."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from comparison import Comparison, Wish
from registry_corpus import FILES_EACH, read_token
from registry_peers import Running, Wheelyard, basic, running
from request_rates import Request, rate
from result_page import Row

FEW, MANY = 200, 20_000
"""Projects of ten files."""

PAGE = "/simple/project-00007/"
WHEEL = "/files/project-00007/project_00007-1.3-py3-none-any.whl"

_ANEW = """
math.randomseed(os.time())
local number = os.time() * 1000
request = function()
  number = number + 1
  -- An answer is held for the next who sends the same header, so that each of these is made anew.
  wrk.headers["Accept"] = string.format("application/vnd.pypi.simple.v1+json;q=0.%.0f", number)
  local path = string.gsub("{path}", "00007", string.format("%05d", math.random(0, {projects} - 1)))
  return wrk.format("GET", path)
end
"""


@contextmanager
def made_in_background(work: Path) -> Iterator[tuple[Path, Path]]:
    """The data directories with few and with many files; they are there at the end of the block."""
    program, places = Path(__file__).with_name("large_registry.py"), (work / "few", work / "many")
    making = [
        subprocess.Popen([sys.executable, str(program), str(place), str(projects)])
        for place, projects in zip(places, (FEW, MANY), strict=True)
    ]
    yield places
    if any(process.wait() for process in making):
        raise RuntimeError("the large registry could not be made")


def growth(comparison: Comparison, places: tuple[Path, Path], seconds: float) -> list[Row]:
    """The rates at many files, held against those at few."""
    with running(Wheelyard(places[0])) as few, running(Wheelyard(places[1])) as many:
        rows = []
        for what, path in (("page", PAGE), ("small wheel", WHEEL)):
            for how, anew in (("held", False), ("made anew, of any project", True)):
                of_many, of_few = (
                    partial(_rate, server, path, seconds, _script(place, path, projects) if anew else None)
                    for server, place, projects in ((many, places[1], MANY), (few, places[0], FEW))
                )
                sizes = f"at {MANY * FILES_EACH:,} files, against {FEW * FILES_EACH:,}"
                rows.append(comparison.row(f"{what} {how}, {sizes}", of_many, of_few, Wish(0.8)))
        return rows


def _rate(server: Running, path: str, seconds: float, script: Path | None) -> float:
    token = read_token(server, ["project-*"])
    headers = ("Accept: application/vnd.pypi.simple.v1+json", f"Authorization: {basic('__token__', token)}")
    return rate(Request(f"http://127.0.0.1:{server.port}{path}", headers), seconds, script=script)


def _script(place: Path, path: str, projects: int) -> Path:
    script = place.parent / f"{place.name}-{len(path)}.lua"
    script.write_text(_ANEW.replace("{path}", path).replace("{projects}", str(projects)))
    return script
