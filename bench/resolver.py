"""How fast fleets are judged, against uv and against size. Run it with ``make bench-resolver``.

The first run records a snapshot of PyPI into ``.bench/``, which takes minutes; what is measured reads nothing from the
network, and neither does uv (``--offline``, warm cache). Whole processes are timed from outside, medians of five.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import combinations
from pathlib import Path

from generated_fleet import ENERGY_40
from result_page import Page, arguments, load

from wheelyard_cli.compiled_cache import CompiledCache
from wheelyard_cli.fleet_file import read_fleet
from wheelyard_cli.routing import Routing
from wheelyard_cli.simple_client import SimpleClient
from wheelyard_cli.snapshot_file import SnapshotFile
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import Fleet, ModelPackage
from wheelyard_resolver.plan import TargetPlan, plan_target
from wheelyard_resolver.released_models import resolve_packages
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.verdict import Solution

HERE = Path(__file__).resolve().parent
KEPT = HERE.parent / ".bench"
SNAPSHOT = KEPT / "resolver.snapshot"
CACHE = KEPT / "resolver-cache"
COMMANDS = Path(sys.executable).parent
ROUNDS = 5
GROUP = 23
SEEDS = range(1, 11)
UV_PAIRS = 60


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, against what, and whether that reaches the figure wanted."""

    work: str
    ours: str
    peer: str
    figure: str
    met: bool

    @property
    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        return (self.work, self.ours, self.peer, self.figure, "yes" if self.met else "NO")


# -- the work that is measured ----------------------------------------------------------------------------------------


class Energy:
    """The fleet of forty, planned: the engine is warm."""

    def __init__(self, open_things: ExitStack, *, online: bool) -> None:
        network: Index | None = open_things.enter_context(SimpleClient(Routing())) if online else None
        self._snapshot = open_things.enter_context(SnapshotFile(SNAPSHOT, network, Routing()))
        self._memo = open_things.enter_context(CompiledCache(CACHE / "compiled.sqlite"))
        self.fleet: Fleet = resolve_packages(read_fleet(ENERGY_40), Recording(self._snapshot))

    def plan(self) -> TargetPlan:
        """The plan of the fleet, from nothing."""
        return plan_target(self.fleet, Recording(self._snapshot), self.fleet.target, memo=self._memo)


def all_pairs(plan: TargetPlan, fleet: Fleet) -> float:
    """Seconds for the verdict on each pair of models."""
    start = time.perf_counter()
    for pair in combinations(fleet.models, 2):
        plan.engine.together(pair)
    return time.perf_counter() - start


def candidates(fleet: Fleet) -> list[ModelPackage]:
    """New releases of the models: each wants what it wants, but of its last project what another model wants."""
    chance = random.Random(40)
    found = []
    for model in fleet.models:
        other = chance.choice([item for item in fleet.models if item is not model])
        found.append(replace(model, lines=(*model.lines[:-1], replace(other.lines[0], model=model.key))))
    return found


def joins(plan: TargetPlan, fleet: Fleet) -> list[float]:
    """Seconds to tell of each candidate which of the bases it can join."""
    seconds = []
    for candidate in candidates(fleet):
        start = time.perf_counter()
        for group in plan.groups():
            others = [model for model in group if model.key != candidate.key]
            isinstance(plan.engine.together([candidate, *others]), Solution)
        seconds.append(time.perf_counter() - start)
    return seconds


# -- whole processes --------------------------------------------------------------------------------------------------


def seconds_of(command: Sequence[str | Path], *, may_fail: bool = False) -> float:
    """How long a whole process takes; its output is not shown unless it fails."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_", "WHEELYARD_"))
    }
    start = time.perf_counter()
    done = subprocess.run(
        command, env={**environment, "WHEELYARD_CACHE_DIR": str(CACHE)}, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode not in ((0, 1) if may_fail else (0,)):
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stderr[-2000:]}")
    return seconds


def alternately(*works: Callable[[], float]) -> list[float]:
    """The medians of several things measured in turn."""
    rounds = [[work() for work in works] for _ in range(ROUNDS)]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def uv_compile(
    models: Iterable[ModelPackage], fleet: Fleet, place: Path, python: str, *, again: bool
) -> Callable[[], float]:
    """uv resolving the requirements of models from nothing; its cache is filled by a first run, unless that was done
    before."""
    wanted = place / f"{len(list(place.iterdir()))}.in"
    wanted.write_text("".join(f"{line.requirement}\n" for model in models for line in model.lines))
    limit = fleet.policy.exclude_newer
    command: list[str | Path] = [
        COMMANDS / "uv", "pip", "compile", "--no-config", "--quiet", "--no-header", wanted,
        "--python-version", python, "--python-platform", "x86_64-manylinux_2_28",
        "--only-binary", ":all:", "--output-file", wanted.with_suffix(".txt"),
        *(() if limit is None else ("--exclude-newer", limit.isoformat())),
    ]  # fmt: skip
    if not again:
        seconds_of(command, may_fail=True)

    def compiled() -> float:
        wanted.with_suffix(".txt").unlink(missing_ok=True)  # its versions would be taken over
        return seconds_of([*command, "--offline"], may_fail=True)

    return compiled


def propose(fleet_file: Path, *options: str | Path) -> float:
    """``bases propose``, a whole process."""
    command: list[str | Path] = [COMMANDS / "wheelyard", "bases", "propose", "--fleet", fleet_file]
    return seconds_of([*command, "--snapshot", SNAPSHOT, *options], may_fail=True)


def generated(*options: str) -> dict[str, float]:
    """The figures of :mod:`generated_fleet`, in a process of its own."""
    places = (HERE / "generated_fleet.py", SNAPSHOT, CACHE / "compiled.sqlite")
    command = [sys.executable, *map(str, places), *options]
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    figures = json.loads(output)
    assert isinstance(figures, dict)
    print(f"  {figures}", file=sys.stderr, flush=True)
    return figures


def group_file(models: Sequence[ModelPackage], place: Path) -> Path:
    """A fleet file of these models of energy-40."""
    names = {model.name for model in models}
    head, *tables = ENERGY_40.read_text().split("[[model]]")
    kept = [table for table in tables if any(f'name = "{name}"' in table for name in names)]
    place.write_text(head + "".join(f"[[model]]{table}" for table in kept))
    return place


# -- rows -------------------------------------------------------------------------------------------------------------


def record() -> None:
    """Fill snapshot, compiled form and uv's cache, so that nothing that is measured needs the network."""
    KEPT.mkdir(exist_ok=True)
    with ExitStack() as open_things, tempfile.TemporaryDirectory() as place:
        print("recording energy-40 ...", file=sys.stderr, flush=True)
        propose(ENERGY_40, "-o", Path(place, "out"))
        energy = Energy(open_things, online=True)
        plan = energy.plan()
        all_pairs(plan, energy.fleet)
        joins(energy.plan(), energy.fleet)
        group = group_file(max(plan.groups(), key=len)[:GROUP], Path(place, "group.toml"))
        propose(group, "-o", Path(place, "group"))


def beside(ours: float, exact: float, minor: float) -> str:
    """The two times of uv, with what ours are in them."""
    return f"{exact:.2f} s, x {ours / exact:.1f} ({minor:.2f} s for the minor version, x {ours / minor:.0f})"


def small_rows(place: Path, *, again: bool) -> list[Row]:
    """The rows about energy-40."""
    with ExitStack() as open_things:
        energy = Energy(open_things, online=False)
        plan = energy.plan()
        fleet, largest = energy.fleet, max(plan.groups(), key=len)
        pairs = statistics.median(all_pairs(energy.plan(), fleet) for _ in range(ROUNDS))
        join = statistics.median(seconds for _ in range(ROUNDS) for seconds in joins(energy.plan(), fleet))
    every = list(combinations(fleet.models, 2))
    sample = random.Random(780).sample(every, UV_PAIRS)
    exact, minor = fleet.target.python, ".".join(fleet.target.python.split(".")[:2])
    uv_pairs = sum(uv_compile(pair, fleet, place, minor, again=again)() for pair in sample) * len(every) / UV_PAIRS
    group = group_file(largest[:GROUP], place / "group.toml")
    whole, uv_whole, uv_whole_minor = alternately(
        lambda: propose(ENERGY_40, "--offline", "-o", place / "out"),
        uv_compile(largest, fleet, place, exact, again=again),
        uv_compile(largest, fleet, place, minor, again=again),
    )
    part, uv_part, uv_part_minor, written = alternately(
        lambda: propose(group, "--offline", "--format", "json"),
        uv_compile(largest[:GROUP], fleet, place, exact, again=again),
        uv_compile(largest[:GROUP], fleet, place, minor, again=again),
        lambda: propose(group, "--offline", "-o", place / "group"),
    )
    start_up, click = alternately(
        lambda: seconds_of([COMMANDS / "wheelyard", "--help"]),
        lambda: seconds_of([sys.executable, "-c", "import click"]),
    )
    return [
        Row(f"all {len(every)} pairs, warm engine", f"{pairs:.2f} s", f"uv {uv_pairs:.0f} s ({UV_PAIRS} measured): "
            f"1/{uv_pairs / pairs:.0f} of it", "at most 1 s", pairs <= 1),
        Row("`bases propose -o`, whole process", f"{whole:.2f} s", f"uv, its largest group of {len(largest)}: "
            f"{beside(whole, uv_whole, uv_whole_minor)}", "at most x 8", whole <= 8 * uv_whole),
        Row(f"a group of {GROUP} resolved and locked (`--format json`), whole process",
            f"{part:.2f} s; {written:.2f} s with certificate and image files", f"uv "
            f"{beside(part, uv_part, uv_part_minor)}", "at most x 1.5", part <= 1.5 * uv_part),
        Row("may a candidate join any of the bases, warm engine", f"{join * 1000:.1f} ms", "", "at most 50 ms",
            join <= 0.05),
        Row("`wheelyard --help`, whole process", f"{start_up:.3f} s", f"`import click` {click:.3f} s, "
            f"x {start_up / click:.2f}", "at most x 1.5", start_up <= 1.5 * click),
    ]  # fmt: skip


def large_rows(*, again: bool) -> list[Row]:
    """The rows about generated fleets."""
    thousands = [("--models", "1000", "--seed", str(seed)) for seed in SEEDS]
    huge_options = ("--models", "10000", "--distinct", "1200")
    for options in () if again else (*thousands, huge_options):
        generated(*options, "--online")
    found = [generated(*options) for options in thousands]
    seconds = [item["seconds"] for item in found]
    megabytes = max(item["megabytes"] for item in found)
    loose = sum(not item["clique_is_enough"] for item in found)
    proved = all(item["proved"] for item in found) and all(item["distinct"] >= 900 for item in found) and loose >= 3
    median, worst = statistics.median(seconds), max(seconds)
    bases = [item["bases"] for item in found]
    huge = generated(*huge_options)
    return [
        Row("1,000 models, 10 seeds", f"median {median:.0f} s, worst {worst:.0f} s, {megabytes:.0f} MB",
            f"{min(bases):.0f} to {max(bases):.0f} bases; no clique as large was found in {loose}",
            "proved, median 60 s, worst 180 s, 1 GiB",
            proved and median <= 60 and worst <= 180 and megabytes < 1024),
        Row(f"10,000 models, {huge['distinct']:.0f} distinct", f"{huge['seconds']:.0f} s, {huge['megabytes']:.0f} MB",
            f"{huge['bases']:.0f} bases", "proved, 180 s, 2 GiB",
            bool(huge["proved"]) and huge["seconds"] <= 180 and huge["megabytes"] < 2048 and huge["distinct"] >= 1000),
    ]  # fmt: skip


def compile_time() -> str:
    """How long the compiled form of the snapshot takes to make, for the fleet of forty."""
    with tempfile.TemporaryDirectory() as place, ExitStack() as open_things:
        snapshot = open_things.enter_context(SnapshotFile(SNAPSHOT, None, Routing()))
        fleet = resolve_packages(read_fleet(ENERGY_40), Recording(snapshot))
        memo = open_things.enter_context(CompiledCache(Path(place, "compiled.sqlite")))
        seconds = []
        for _ in range(2):
            start = time.perf_counter()
            plan_target(fleet, Recording(snapshot), fleet.target, memo=memo)
            seconds.append(time.perf_counter() - start)
    return (
        f"The plan of energy-40 takes {seconds[0]:.1f} s from the snapshot alone, which leaves its compiled form, "
        f"and {seconds[1]:.2f} s with it."
    )


def main() -> None:
    """Measure, print, and write the page if asked to; exit with 1 if a figure is missed."""
    parser = arguments(__doc__)
    parser.add_argument("--only", choices=["small", "large"], help="a part")
    parser.add_argument("--again", action="store_true", help="all was recorded by an earlier run: use no network")
    given = parser.parse_args()
    if not given.again:
        record()
    before = load()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as place:
        rows += small_rows(Path(place), again=given.again) if given.only in (None, "small") else []
    rows += large_rows(again=given.again) if given.only in (None, "large") else []
    page = Page(
        title="Verdicts and bases, against uv and against size",
        target="bench-resolver",
        made=f"uv {version('uv')}, python-sat {version('python-sat')}; load {before} before",
        notes=NOTES,
        heads=("work", "wheelyard", "beside it", "figure wanted", "met"),
        rows=[row.cells for row in rows],
        remarks=(compile_time(), "![Time against models and projects](resolver.svg)"),
    )
    page.deliver(given.write, met=all(row.met for row in rows))


NOTES = """\
Medians of five, alternating with the peer where there is one. The fleet of
forty is `bench/energy-40.toml`; larger ones are drawn from the real releases of the projects that it names
(`bench/generated_fleet.py`), the same for the same seed. Everything is read from a snapshot, uv's from its warm cache
with `--offline`. uv compiles one set of requirements; it neither groups models nor proves anything. A fleet's target
is a Python with its patch version. Asked for that (`--python-version 3.11.18`), as the ratios of the figures have it,
uv spends most of its time looking for such an interpreter on the machine; asked for the minor version, which is
installed, it takes what stands in brackets, and so it is for the pairs."""


if __name__ == "__main__":
    main()
