"""What the check and the proposal of a fleet read, and the files that its locks name, so that a site can do without
a network.

Both are run, through the registry that is to keep what they read: nothing else knows as well what they need.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName

from wheelyard_cli.fleet_file import read_fleet
from wheelyard_cli.progress import progress_on_stderr
from wheelyard_cli.registry_address import RegistryAddress
from wheelyard_cli.routing import Routing, without_credentials
from wheelyard_cli.simple_client import SimpleClient
from wheelyard_cli.transfer import Transfer
from wheelyard_resolver import certificate
from wheelyard_resolver.check import answer
from wheelyard_resolver.fixed_bases import placements
from wheelyard_resolver.model import Fleet
from wheelyard_resolver.page import DistributionFile
from wheelyard_resolver.plan import plan
from wheelyard_resolver.proposal import Proposal
from wheelyard_resolver.propose import proposal_of
from wheelyard_resolver.question import Question
from wheelyard_resolver.released_models import resolve_packages
from wheelyard_resolver.snapshot import Recording


@dataclass(frozen=True)
class FleetNeeds:
    """The files that images of a fleet install, by project and name, and what does not come through the registry."""

    files: tuple[tuple[NormalizedName, str], ...]
    beyond: tuple[str, ...]


def read_needs(path: Path, registry: RegistryAddress) -> FleetNeeds:
    """Read, through a registry, all that verdicts about a fleet file rest on; what its images install.

    Its URL may carry credentials.

    Raises:
        InputError: the fleet file cannot be used.
        Undecided: something needed could not be read.
    """
    document = read_fleet(path)
    routing = Routing(f"{registry.url.rstrip('/')}/simple/", document.routes)
    tokens = registry.tokens(os.environ)
    with (
        progress_on_stderr() as report,
        # No cache of one's own: what is not asked for does not come to the registry.
        SimpleClient(routing, progress=report, transfer=Transfer(routing.urls(), tokens=tokens)) as client,
    ):
        index = Recording(client)
        found = _judged(resolve_packages(document, index), index)
    installed = dict.fromkeys(_installed(found))
    here = f"{without_credentials(registry.url).rstrip('/')}/files/"
    ours = [(name, file) for name, file in installed if file.url.startswith(here)]
    routed = [f"{', '.join(route.projects)}: the fleet file takes them from {route.url}" for route in document.routes]
    direct = [
        f"{file.filename}: it is taken from {file.url}"
        for name, file in installed
        if (name, file) not in ours and not any(route.names(name) for route in document.routes)
    ]
    return FleetNeeds(tuple((name, file.filename) for name, file in ours), (*routed, *direct))


def _judged(fleet: Fleet, index: Recording) -> Proposal:
    """The proposal, after everything was asked that a check, a proposal and its certificate ask."""
    answer(Question(), fleet, index)
    placements(fleet, index)
    planned = fleet.planned()
    plans = plan(planned, index)
    certificate.to_document(planned, plans, index)
    return proposal_of(planned, plans, index)


def _installed(found: Proposal) -> Iterator[tuple[NormalizedName, DistributionFile]]:
    for base in found.bases:
        yield from ((package.name, package.wheel) for package in base.packages)
    yield from ((model.name, model.wheel) for model in found.models if model.wheel is not None)
