"""What every verdict starts from: a fleet, the index that it is judged against, and how long that may take.

The options are those of ``check``, ``bases propose`` and ``explain``; their names and meaning are a contract.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wheelyard_cli.configuration import one_fleet, setting_option
from wheelyard_cli.registry_address import RegistryAddress, address_of
from wheelyard_cli.routing import DEFAULT_INDEX, Routing
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import Fleet
from wheelyard_resolver.snapshot import Recording

if TYPE_CHECKING:
    from wheelyard_cli.fleet_file import FleetDocument
    from wheelyard_resolver.reading import Memo


@dataclass(frozen=True)
class Options:
    """The options as given; see :func:`options`."""

    fleet: Path | None
    registry: RegistryAddress | None
    stage: str
    index_url: str | None
    exclude_newer: str | None
    snapshot: Path | None
    offline: bool
    time_limit: float | None


@dataclass(frozen=True)
class Workspace:
    """A fleet, the index it is judged against, its clock, and what is kept from earlier runs."""

    fleet: Fleet
    index: Recording
    out_of_time: Callable[[], bool]
    memo: Memo


_OPTIONS = (
    setting_option(
        "fleet",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The fleet file.",
    ),
    setting_option(
        "registry",
        metavar="URL",
        callback=address_of,
        help="Take the fleet, and unless --index-url is given the index, from a registry.",
    ),
    setting_option(
        "stage",
        default="prod",
        show_default=True,
        help="With --registry: the stage.",
    ),
    setting_option(
        "index-url",
        metavar="URL",
        help=f"The simple index, as pip is given it [default: the registry's, else {DEFAULT_INDEX}].",
    ),
    setting_option(
        "exclude-newer",
        metavar="TIME",
        help="Only files uploaded earlier, e.g. 2026-11-20T00:00:00Z.",
    ),
    setting_option(
        "snapshot",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Answer from this file what it holds; add to it what is read.",
    ),
    setting_option(
        "offline",
        is_flag=True,
        help="With --snapshot: read nothing from the network.",
    ),
    setting_option(
        "time-limit",
        type=click.FloatRange(min=0),
        metavar="S",
        help="Stop proving after S seconds.",
    ),
)


def options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the common options, handed over as one :class:`Options`."""
    names = list(Options.__dataclass_fields__)

    @wraps(command)
    def with_options(**given: Any) -> None:
        weaker = one_fleet(_sources(given))
        if weaker is not None:
            given[weaker] = None
        command(options=Options(**{name: given.pop(name) for name in names}), **given)

    for option in reversed(_OPTIONS):
        with_options = option(with_options)
    return with_options


def _sources(given: Mapping[str, object]) -> dict[str, str]:
    """Where the fleet and the registry come from, those of them that are set."""
    context = click.get_current_context()
    found = {name: context.get_parameter_source(name) for name in ("fleet", "registry") if given[name] is not None}
    return {name: source.name for name, source in found.items() if source is not None}


@contextmanager
def open_workspace(given: Options) -> Iterator[Workspace]:
    """Read the fleet and connect to its index; everything is closed again at the end.

    Raises:
        InputError: the options or the fleet cannot be used.
        Undecided: the registry or the index could not be read.
    """
    from wheelyard_cli.compiled_cache import CompiledCache
    from wheelyard_cli.fleet_file import read_fleet
    from wheelyard_cli.metadata_cache import cache_directory
    from wheelyard_cli.snapshot_file import SnapshotFile
    from wheelyard_resolver.released_models import resolve_packages

    started = time.monotonic()
    require_one_fleet(given)
    index_url = given.index_url
    if given.fleet is not None:
        document = read_fleet(given.fleet)
    else:
        document, registry_index = _ask_registry(given)
        index_url = index_url or registry_index
    limit = exclude_newer(given)
    if limit is not None:
        document = replace(document, policy=replace(document.policy, exclude_newer=limit))
    routing = Routing(index_url or DEFAULT_INDEX, document.routes)
    with ExitStack() as open_things:
        index: Index | None = None if given.offline else open_things.enter_context(_network(given, routing))
        if given.snapshot is not None:
            index = open_things.enter_context(SnapshotFile(given.snapshot, index, routing))
        assert index is not None
        memo = open_things.enter_context(CompiledCache(cache_directory(os.environ) / "compiled.sqlite"))
        recording = Recording(index)
        fleet = resolve_packages(document, recording)
        yield Workspace(fleet, recording, _clock(started, given.time_limit), memo)


def _ask_registry(given: Options) -> tuple[FleetDocument, str]:
    """The fleet of a registry, and the URL of its index."""
    from wheelyard_cli.fleet_file import parse_fleet
    from wheelyard_cli.registry_client import RegistryClient

    assert given.registry is not None
    with RegistryClient(given.registry) as registry:
        return parse_fleet(registry.fleet(given.stage), document=registry.url), registry.index_url


@contextmanager
def _network(given: Options, routing: Routing) -> Iterator[Index]:
    # Imported only here: an offline run is a third faster to start without an HTTP client.
    from wheelyard_cli.metadata_cache import user_cache
    from wheelyard_cli.progress import progress_on_stderr
    from wheelyard_cli.simple_client import SimpleClient
    from wheelyard_cli.transfer import Transfer

    tokens = given.registry.tokens(os.environ) if given.registry is not None else {}
    transfer = Transfer(routing.urls(), tokens=tokens)
    with (
        progress_on_stderr() as report,
        SimpleClient(routing, cache=user_cache(os.environ), progress=report, transfer=transfer) as client,
    ):
        yield client


def exclude_newer(given: Options) -> dt.datetime | None:
    """The time of the option.

    Raises:
        InputError: it is none.
    """
    from wheelyard_cli.fleet_file import parse_exclude_newer

    return None if given.exclude_newer is None else parse_exclude_newer(given.exclude_newer)


def require_one_fleet(given: Options) -> None:
    """Raise InputError unless the fleet comes from one place, and there is something to answer from."""
    if (given.fleet is None) == (given.registry is None):
        raise InputError(
            "a fleet is needed, from one place" if given.fleet is None else "both --fleet and --registry are given",
            hint="give --fleet FILE, or --registry URL",
        )
    if given.offline and given.snapshot is None:
        raise InputError("--offline needs something to answer from", hint="add --snapshot FILE")


def _clock(started: float, limit: float | None) -> Callable[[], bool]:
    return lambda: limit is not None and time.monotonic() - started > limit
