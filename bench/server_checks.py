"""Checks that a warm server answers, on energy-40 and on a thousand models. ``make bench-check``.

    python bench/server_checks.py [--rounds 15] [--models 1000] [--write FILE]

Needs wrk (Debian: apt install wrk) and the snapshot that ``make bench-resolver`` records. The server is filled with
PyPI as that snapshot has it and fetches what a first check still lacks; its fleet is recorded through the API, and the
bases proposed for it are accepted. Every request carries a token. Times at the server are of whole requests over one
connection kept alive, medians; a worker has answered the same question before. Pages are asked for by four
connections of wrk.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from alternating import alternating
from generated_fleet import ENERGY_40, generated_fleet
from packaging.requirements import Requirement
from packaging.utils import NormalizedName
from packaging.version import Version
from registry_peers import Running, Wheelyard, running
from result_page import Page, Row, arguments, notes_of

from resolver import CACHE, SNAPSHOT, seconds_of
from wheelyard_cli.accepted_proposal import as_accepted
from wheelyard_cli.compiled_cache import CompiledCache
from wheelyard_cli.fleet_file import read_fleet
from wheelyard_cli.images import pylock
from wheelyard_cli.routing import Routing
from wheelyard_cli.simple_client import SimpleClient
from wheelyard_cli.snapshot_file import SnapshotFile
from wheelyard_registry.catalogue.database import Database, utc_now
from wheelyard_registry.catalogue.mirror import CachedPage, FileFacts, Mirror
from wheelyard_registry.settings import Settings
from wheelyard_registry.storage import open_cache
from wheelyard_registry.upstream_index import PYPI
from wheelyard_resolver.admission import admit
from wheelyard_resolver.applicant import BARE
from wheelyard_resolver.model import Fleet, ModelPackage, RequirementLine
from wheelyard_resolver.page import parse_page
from wheelyard_resolver.proposal import Proposal
from wheelyard_resolver.propose import propose
from wheelyard_resolver.released_models import resolve_packages
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.verdict import Engine

FITS = ("numpy>=1.26", "pandas>=2")
NEW_BASE = {
    "small": ("numpy>=2.1", "pandas>=2.2,<2.3", "scikit-learn<1.3"),
    "large": ("numpy==1.26.1", "pandas==2.1.2", "pyarrow==14.0.0", "pydantic==1.10.13", "requests==2.31.0"),
}
"""By stage. With eighteen bases for a thousand models, only versions pinned one by one suit none of them."""

CONCURRENT = 20
PAGE = "/simple/requests/"


@dataclass(frozen=True)
class Planned:
    """A fleet, and the bases proposed for it."""

    fleet: Fleet
    proposal: Proposal


class Client:
    """Asks a running registry over one connection."""

    def __init__(self, server: Running) -> None:
        self._connection = server.connect()
        self._headers = {"Authorization": server.authorization, "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: object) -> dict[str, object]:
        """A request that must succeed; its answer."""
        self._connection.request(method, path, body=json.dumps(body), headers=self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content.decode()[:500]}")
        document = json.loads(content)
        assert isinstance(document, dict)
        return document

    def check(self, stage: str, requires: Sequence[str], level: str, limit: dt.datetime | None) -> float:
        """Milliseconds for a check, whose level must be the one expected."""
        body = {"stage": stage, "requires": [{"requirement": text} for text in requires]}
        body |= {} if limit is None else {"exclude_newer": limit.isoformat()}
        start = time.perf_counter()
        found = self.ask("POST", "/api/v1/check", body)
        taken = (time.perf_counter() - start) * 1000
        if found["level"] != level:
            raise RuntimeError(f"{stage}: {', '.join(requires)} is {found['level']}, not {level}")
        return taken

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class Warm(Wheelyard):
    """This project, before PyPI."""

    options = ()


# -- what the server holds --------------------------------------------------------------------------------------------


def planned_fleets(models: int) -> list[Planned]:
    """energy-40 and a generated fleet, planned; what that and the candidates read is in the snapshot afterwards."""
    with ExitStack() as stack:
        network = stack.enter_context(SimpleClient(Routing()))
        index = stack.enter_context(SnapshotFile(SNAPSHOT, network, Routing()))
        memo = stack.enter_context(CompiledCache(CACHE / "compiled.sqlite"))
        energy = resolve_packages(read_fleet(ENERGY_40), Recording(index))
        universe = Engine.for_fleet(Recording(index), energy, energy.target, memo=memo).universe
        found = []
        fleets = {"small": energy, "large": generated_fleet(energy, universe, models, seed=1)}
        for stage, fleet in fleets.items():
            print(f"planning {len(fleet.models)} models ...", file=sys.stderr, flush=True)
            proposal = propose(fleet, Recording(index), memo=memo)
            accepted = replace(fleet, bases=as_accepted(proposal))
            for requires in (FITS, NEW_BASE[stage]):
                admit(accepted, _candidate(fleet, requires), Recording(index), memo=memo)
            found.append(Planned(fleet, proposal))
        return found


def _candidate(fleet: Fleet, requires: Sequence[str]) -> ModelPackage:
    lines = tuple(RequirementLine(Requirement(text), BARE) for text in requires)
    return ModelPackage(BARE, Version("0"), fleet.target, lines)


def fill_cache(data: Path) -> None:
    """Put what the snapshot holds of PyPI where a registry keeps what it has fetched."""
    settings = Settings(data=data)
    data.mkdir()
    cache = open_cache(settings)
    with (
        closing(Database(settings.database_url)) as database,
        SnapshotFile(SNAPSHOT, None, Routing()) as snapshot,
    ):
        database.migrate()
        mirror = Mirror(database, PYPI)
        names, known = recorded()
        for name in names:
            page = snapshot.pages([name])[name]
            mirror.keep_page(name, CachedPage(page, None, utc_now()), {})
            files = [] if page is None else [file for file in parse_page(name, page).files if file.url in known]
            for file in files:
                content = snapshot.metadata([file])[file.url]
                facts = FileFacts(metadata_sha256="" if content is None else cache.add(content))
                mirror.learn(name, file.filename, f"{file.url}#sha256={file.sha256 or ''}", facts)


def recorded() -> tuple[list[NormalizedName], frozenset[str]]:
    """The projects that the snapshot knows, and the URLs of the files whose metadata it holds."""
    with closing(sqlite3.connect(f"{SNAPSHOT.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        names = [NormalizedName(name) for (name,) in connection.execute("SELECT DISTINCT project FROM page")]
        return names, frozenset(url for (url,) in connection.execute("SELECT url FROM metadata"))


def record(client: Client, stage: str, planned: Planned) -> None:
    """Deploy the models of a fleet, and accept the bases proposed for it."""
    fleet, proposal = planned.fleet, planned.proposal
    for model in fleet.models:
        requires = [str(line.requirement) for line in model.lines]
        body = {"model": model.name, "version": str(model.version), "stage": stage, "requires": requires}
        client.ask("POST", "/api/v1/deployments", body)
    bases = [
        {"name": base.name, "revision": base.revision, "models": base.models, "lock": pylock.render(proposal, base)}
        for base in proposal.bases
    ]
    client.ask("PUT", f"/api/v1/stages/{stage}/bases", {"snapshot": proposal.snapshot, "bases": bases})


# -- what is measured -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A stage, and what its checks leave out."""

    stage: str
    models: int
    limit: dt.datetime | None


def at_the_server(server: Running, asked: Asked, rounds: int, wishes: tuple[float, float]) -> list[Row]:
    """A candidate that fits, and one that needs a new base, asked in turn."""
    with closing(Client(server)) as client:
        return list(_asked_in_turn(client, asked, rounds, wishes))


def _asked_in_turn(client: Client, asked: Asked, rounds: int, wishes: tuple[float, float]) -> Iterator[Row]:
    kinds = {"fits": FITS, "new-base": NEW_BASE[asked.stage]}
    for level, requires in kinds.items():  # warm
        first = client.check(asked.stage, requires, level, asked.limit)
        print(f"  {asked.models} models, the first {level}: {first:,.0f} ms", file=sys.stderr, flush=True)

    def asking(level: str) -> Callable[[int], float]:
        return lambda _: client.check(asked.stage, kinds[level], level, asked.limit)

    found = alternating(rounds, {level: asking(level) for level in kinds})
    for level, wish in zip(kinds, wishes, strict=True):
        yield Row(
            f'"{level}", {asked.models:,} models',
            f"{found.median(level):,.0f} ms",
            "",
            f"at most {wish:,.0f} ms",
            found.median(level) <= wish,
            found.loads,
        )


def whole_process(server: Running, token: str, asked: Asked, rounds: int) -> Row:
    """The command line, from its start to its end, against Python importing what it cannot do without."""
    command = [str(Path(sys.executable).with_name("wheelyard")), "check", *FITS, "--stage", asked.stage]
    command += ["--registry", f"http://__token__:{token}@127.0.0.1:{server.port}"]
    command += [] if asked.limit is None else ["--exclude-newer", asked.limit.isoformat()]
    found = alternating(
        rounds,
        {
            "wheelyard check": lambda _: seconds_of(command) * 1000,
            "import httpx, click": lambda _: seconds_of([sys.executable, "-c", "import httpx, click"]) * 1000,
        },
    )
    ours, theirs = (found.median(name) for name in found.figures)
    ratio = found.ratio(*found.figures)
    return Row(
        "`wheelyard check`, whole process",
        f"{ours:,.0f} ms",
        f"`import httpx, click` {theirs:,.0f} ms",
        f"{ratio:.2f} (at most 2.5)",
        ratio <= 2.5,
        found.loads,
    )


def slowest_page(server: Running) -> float:
    """The 99th percentile of the time to a page, in milliseconds; over 3 s it varied by a factor of five."""
    command = ["wrk", "-t", "1", "-c", "4", "-d", "10s", "--latency", "-H", f"Authorization: {server.authorization}"]
    url = f"http://127.0.0.1:{server.port}{PAGE}"
    said = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    found = re.search(r"99%\s+([0-9.]+)(us|ms|s)", said)
    if found is None or "Non-2xx" in said:
        raise RuntimeError(f"{url}: {said}")
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]]


@contextmanager
def checks_under_way(server: Running, asked: Asked) -> Iterator[None]:
    """Clients that ask for a new base, again and again."""
    over = threading.Event()

    def keep_asking() -> None:
        with closing(Client(server)) as client:
            while not over.is_set():
                client.check(asked.stage, NEW_BASE[asked.stage], "new-base", asked.limit)

    threads = [threading.Thread(target=keep_asking) for _ in range(CONCURRENT)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def pages_beside_checks(server: Running, asked: Asked, rounds: int) -> Row:
    """Pages while checks are solved, against pages alone."""

    def beside(_: int) -> float:
        with checks_under_way(server, asked):
            return slowest_page(server)

    found = alternating(rounds, {"beside": beside, "alone": lambda _: slowest_page(server)})
    ratio = found.ratio("beside", "alone")
    return Row(
        f"page, 99th percentile, beside {CONCURRENT} concurrent checks",
        f"{found.median('beside'):.2f} ms",
        f"alone {found.median('alone'):.2f} ms",
        f"{ratio:.2f} (at most 3)",
        ratio <= 3,
        found.loads,
    )


def measured(work: Path, *, rounds: int, models: int) -> list[Row]:
    """All rows."""
    small, large = planned_fleets(models)
    fill_cache(work / "data")
    with running(Warm(work / "data")) as server:
        token = (work / "data.token").read_text().strip()
        with closing(Client(server)) as client:
            record(client, "small", small)
            record(client, "large", large)
        forty = Asked("small", len(small.fleet.models), small.fleet.policy.exclude_newer)
        many = Asked("large", len(large.fleet.models), large.fleet.policy.exclude_newer)
        return [
            *at_the_server(server, forty, rounds, (100, 500)),
            whole_process(server, token, forty, rounds),
            pages_beside_checks(server, forty, max(1, rounds // 3)),
            *at_the_server(server, many, rounds, (300, 3000)),
        ]


def main() -> None:
    """Measure, print one page, exit 1 if a figure is missed."""
    parser = arguments(__doc__, rounds=15)
    parser.add_argument("--models", type=int, default=1000, help="of the generated fleet")
    given = parser.parse_args()
    if shutil.which("wrk") is None or not SNAPSHOT.exists():
        print("SKIPPED: needs wrk (Debian: apt install wrk), and make bench-resolver before it", file=sys.stderr)
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="wheelyard-bench-") as directory:
        rows = measured(Path(directory), rounds=given.rounds, models=given.models)
    page = Page(
        title="Checks by a server",
        target="bench-check",
        made=f"{given.rounds} rounds",
        notes=notes_of(__doc__),
        heads=("check", "wheelyard", "beside it", "figure wanted", "met", "load"),
        rows=[row.cells for row in rows],
    )
    page.deliver(given.write, met=all(row.met for row in rows))


if __name__ == "__main__":
    main()
