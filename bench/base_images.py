"""How long writing the files of a proposal takes, once it is solved: Dockerfiles, locks, SBOMs, bake file and the rest.

The proposal is made up, in the size of a real fleet of forty models: three bases of 140 packages, 37 models. Run it
with ``make bench-images``; the budget is one second.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import tempfile
import time
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelyard_cli.images.write import write_proposal
from wheelyard_resolver.model import ModelPackage, RequirementLine
from wheelyard_resolver.page import DistributionFile
from wheelyard_resolver.proposal import Base, LockedPackage, Proposal
from wheelyard_resolver.target import Target

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


def main() -> None:
    """Measure, and print the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    found = proposal(bases=3, packages=140, models=37)
    times, busy, count = [], [], 0
    for _ in range(parser.parse_args().rounds):
        with tempfile.TemporaryDirectory() as directory:
            started, used = time.perf_counter(), time.process_time()
            count = len(write_proposal(found, Path(directory)))
            times.append(time.perf_counter() - started)
            busy.append(time.process_time() - used)
    median, processor = statistics.median(times), statistics.median(busy)
    print(f"{count} files: median {median:.2f} s, of the processor {processor:.2f} s, worst {max(times):.2f} s")


if __name__ == "__main__":
    main()
