"""How long base images take: the files of a proposal, and the packages of a base. ``make bench-images``.

    python bench/base_images.py [--rounds 3] [--write FILE]

Files: Dockerfiles, locks, SBOMs, bake file and the rest of a proposal, once it is solved; it is made up, in the size of
the fleet energy-40.

Packages: the image of a real base, each layer built anew by buildah, beside `pip install` of the same lock into a new
environment: the same pip, wheels from a registry on this machine, everything cached. The image has each heavy wheel in
a layer of its own, runs `pip check`, gives every file one time, and has no bytecode. For that there is no budget.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from alternating import alternating
from install_layers import PACKAGES, NotHere, installing
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from result_page import Page, Row, arguments, notes_of

from wheelyard_cli.images.write import write_proposal
from wheelyard_resolver.model import ModelPackage, RequirementLine
from wheelyard_resolver.page import DistributionFile
from wheelyard_resolver.proposal import Base, LockedPackage, Proposal
from wheelyard_resolver.target import Target

LIMIT = 1.0
"""Seconds in which all files are to be written."""

TARGET = Target.parse("3.11", "manylinux_2_28_x86_64")


def package(number: int, base: int) -> LockedPackage:
    """A package that needs the one before it; every twentieth is heavy."""
    name, filename = canonicalize_name(f"package-{number}"), f"package_{number}-1.{base}-py3-none-any.whl"
    wheel = DistributionFile(
        filename,
        f"https://index.example/files/{filename}",
        sha256=hashlib.sha256(filename.encode()).hexdigest(),
        size=50_000_000 if number % 20 == 0 else 300_000,
    )
    before = (canonicalize_name(f"package-{number - 1}"),) if number else ()
    return LockedPackage(name, Version(f"1.{base}"), wheel, before, "https://index.example/simple/")


def proposal(bases: int, packages: int, models: int) -> Proposal:
    """A proposal of that size."""
    keys = [f"model-{number}" for number in range(models)]
    lines = {key: (RequirementLine(Requirement(f"package-{packages - 1}"), key),) for key in keys}
    return Proposal(
        fleet="bench",
        stage="prod",
        snapshot="sha256:" + "0" * 64,
        minimal=True,
        lower_bound=bases,
        bases=tuple(
            Base(f"base-{base}", TARGET, tuple(keys[base::bases]), tuple(package(at, base) for at in range(packages)))
            for base in range(bases)
        ),
        conflicts=(),
        unplaceable=(),
        models=tuple(ModelPackage(canonicalize_name(key), Version("1"), TARGET, lines[key]) for key in keys),
    )


def writing(clock: Callable[[], float], _: int) -> float:
    """Seconds to write all files, by a clock."""
    found = proposal(bases=3, packages=140, models=37)
    with tempfile.TemporaryDirectory() as directory:
        started = clock()
        write_proposal(found, Path(directory))
        return clock() - started


def written() -> Row:
    """The row about writing."""
    clocks = {"writing": time.perf_counter, "of the processor": time.process_time}
    rounds = alternating(7, {name: partial(writing, clock) for name, clock in clocks.items()})
    taken, busy = map(rounds.median, clocks)
    what = "write all files of 3 bases of 140 packages and 37 models"
    ours = f"{taken:.2f} s, of the processor {busy:.2f} s"
    return Row(what, ours, "", "at most 1 s", taken <= LIMIT, rounds.loads)


def installed(work: Path, rounds: int) -> list[Row]:
    """The rows about installing; none, and a word on stderr, where images cannot be made."""
    try:
        with installing(work) as found:
            for warm in (found.image, found.pip):
                warm()
            measured = alternating(
                rounds,
                {
                    "image": lambda _: found.image(),
                    "pip": lambda _: found.pip(),
                    "pip without bytecode": lambda _: found.pip("--no-compile"),
                },
            )
            layers = found.heavy + 1
    except NotHere as reason:
        print(f"  not measured: {reason}", file=sys.stderr)
        return []
    image = f"{measured.median('image'):.1f} s"
    return [
        Row(
            f"build the image of a base of {PACKAGES} packages, {layers} layers",
            image,
            f"{peer} {measured.median(name):.1f} s",
            f"{measured.ratio('image', name):.2f}",
            met=True,
            loads=measured.loads,
        )
        for name, peer in (("pip", "pip install"), ("pip without bytecode", "pip install --no-compile"))
    ]


def main() -> None:
    """Measure, and print the page."""
    given = arguments(__doc__ or "", rounds=3).parse_args()
    rows = [written(), *installed(Path(".bench/images").resolve(), given.rounds)]
    page = Page(
        title="Base images: writing them, and installing into them",
        target="bench-images",
        made=f"medians of 7 and of {given.rounds} alternating rounds",
        notes=notes_of(__doc__ or ""),
        heads=["what", "wheelyard", "peer", "ratio", "met", "load before each round"],
        rows=[row.cells for row in rows],
    )
    page.deliver(given.write, met=all(row.met for row in rows))


if __name__ == "__main__":
    main()
