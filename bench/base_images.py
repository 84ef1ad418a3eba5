"""How long base images take: the files of a proposal, and the packages of a base. ``make bench-images``.

    python bench/base_images.py [--rounds 3] [--write FILE]

Files: all that `bases propose -o` writes for the fleet of forty models (`bench/energy-40.toml`), once it is solved:
locks, Dockerfiles, SBOMs, bake file, certificate, and the snapshot that it rests on.

Packages: the image of a real base, each layer built anew by buildah, by pip and by uv, beside `pip install` of the same
lock into a new environment: the same pip, wheels from a registry on this machine, everything cached. An image has each
heavy wheel in a layer of its own, runs `pip check`, gives every file one time, and has no bytecode; all layers are
committed. For that there is no budget.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from alternating import alternating
from install_layers import INSTALLERS, PACKAGES, NotHere, installing
from result_page import Page, Row, arguments, notes_of

from wheelyard_cli.fleet_file import read_fleet
from wheelyard_cli.images.write import Proof, write_proposal
from wheelyard_cli.routing import Routing
from wheelyard_cli.simple_client import SimpleClient
from wheelyard_cli.snapshot_file import SnapshotFile
from wheelyard_cli.snapshot_records import copy_records
from wheelyard_resolver import certificate
from wheelyard_resolver.plan import plan
from wheelyard_resolver.proposal import Proposal
from wheelyard_resolver.propose import proposal_of
from wheelyard_resolver.released_models import resolve_packages
from wheelyard_resolver.snapshot import Recording

LIMIT = 1.0
"""Seconds in which all files are to be written."""
ROUNDS = 7

WORK = Path(".bench/images").resolve()
FLEET = Path(__file__).with_name("energy-40.toml")


def solved() -> tuple[Proposal, Proof]:
    """The proposal of the fleet of forty with its proof; what is read of PyPI is kept for the next run."""
    file = WORK / "energy-40.snapshot"
    file.parent.mkdir(parents=True, exist_ok=True)
    with SimpleClient(Routing()) as network, SnapshotFile(file, network, Routing()) as snapshot:
        index = Recording(snapshot)
        fleet = resolve_packages(read_fleet(FLEET), index)
        plans = plan(fleet, index)
        found = proposal_of(fleet, plans, index)
        proof = Proof(certificate.to_document(fleet, plans, index), partial(copy_records, file, index.records()))
        return replace(found, snapshot=index.digest()), proof


def writing(found: Proposal, proof: Proof, clock: Callable[[], float], _: int) -> float:
    """Seconds to write all files, by a clock."""
    with tempfile.TemporaryDirectory() as directory:
        started = clock()
        write_proposal(found, Path(directory, "out"), proof)
        return clock() - started


def written() -> Row:
    """The row about writing."""
    found, proof = solved()
    clocks = {"writing": time.perf_counter, "of the processor": time.process_time}
    rounds = alternating(ROUNDS, {name: partial(writing, found, proof, clock) for name, clock in clocks.items()})
    taken, busy = map(rounds.median, clocks)
    packages, models = (sum(len(each) for each in kind) for kind in _of_bases(found))
    what = f"write all files of energy-40: {len(found.bases)} bases of {packages} packages and {models} models"
    ours = f"{taken:.2f} s, of the processor {busy:.2f} s"
    return Row(what, ours, "", "at most 1 s", taken <= LIMIT, rounds.loads)


def _of_bases(found: Proposal) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    return [base.packages for base in found.bases], [base.models for base in found.bases]


def installed(rounds: int) -> list[Row]:
    """The rows about installing; none, and a word on stderr, where images cannot be made."""
    try:
        with installing(WORK) as found:
            measures = {f"image by {installer}": partial(found.image, installer) for installer in INSTALLERS}
            measures |= {
                "pip install": partial(found.pip),
                "pip install --no-compile": partial(found.pip, "--no-compile"),
            }
            for measure in measures.values():
                measure()  # now all is cached
            measured = alternating(rounds, {name: _each(measure) for name, measure in measures.items()})
            layers = found.layers
    except NotHere as reason:
        print(f"  not measured: {reason}", file=sys.stderr)
        return []
    return [
        Row(
            f"build the image of a base of {PACKAGES} packages by {installer}, {layers} layers",
            f"{measured.median(image):.1f} s",
            f"{peer} {measured.median(peer):.1f} s",
            f"{measured.ratio(image, peer):.2f}",
            met=True,
            loads=measured.loads,
        )
        for installer in INSTALLERS
        for image in (f"image by {installer}",)
        for peer in ("pip install", "pip install --no-compile")
    ]


def _each(measure: Callable[[], float]) -> Callable[[int], float]:
    return lambda _: measure()


def main() -> None:
    """Measure, and print the page."""
    given = arguments(__doc__ or "", rounds=3).parse_args()
    rows = [written(), *installed(given.rounds)]
    page = Page(
        title="Base images: writing them, and installing into them",
        target="bench-images",
        made=f"medians of {ROUNDS} and of {given.rounds} alternating rounds",
        notes=notes_of(__doc__ or ""),
        heads=["what", "wheelyard", "peer", "ratio", "met", "load before each round"],
        rows=[row.cells for row in rows],
    )
    page.deliver(given.write, met=all(row.met for row in rows))


if __name__ == "__main__":
    main()
