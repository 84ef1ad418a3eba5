"""A resolver with an empty cache, through a registry that has fetched before all that it asks for."""

from __future__ import annotations

import json
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from cold_clients import compile_requirements
from comparison import Comparison, Wish
from recorded_index import recorded_index
from registry_corpus import read_token
from registry_mirrors import DevpiMirror, Proxpi, WheelyardMirror, before
from registry_peers import SimpleRepositoryServer, basic, running
from request_rates import Request, answer
from result_page import Row
from static_site import StaticSite, static_site

from resolver import SNAPSHOT, Energy

WARMINGS = 2
WARMING = 300.0
"""Seconds that a client waits at most for what has to be fetched and read first."""


def warm_mirror(comparison: Comparison, work: Path) -> list[Row]:
    """uv compiling the largest group of energy-40, against nginx serving the same pages and metadata; our memory."""
    what = "cold `uv pip compile` of the largest group of energy-40, s"
    if not SNAPSHOT.exists():
        return [comparison.missing(what, f"there is no {SNAPSHOT.parent.name}/{SNAPSHOT.name}: make bench-resolver")]
    wanted = work / "energy-40.in"
    measure = partial(compile_requirements, requirements=wanted, options=_largest_group(wanted))
    with ExitStack() as open_things:
        upstream, recorded = open_things.enter_context(recorded_index(SNAPSHOT))
        mirror = before(WheelyardMirror(work / "mirror"), f"{upstream}/simple/")
        server = open_things.enter_context(running(mirror))
        site = open_things.enter_context(static_site(work / "mirrored", other=upstream))
        token = read_token(server, ["[a-z]*"])
        ours, theirs = f"http://__token__:{token}@127.0.0.1:{server.port}/simple/", site.url("/simple/")
        for index_url in (ours, theirs) * WARMINGS:
            measure(index_url, patience=WARMING)
        taken = server.memory() / 1e6
        login = f"Authorization: {basic('__token__', token)}"
        names = [{"name": path.split("/")[2]} for path in sorted(recorded.asked) if path.startswith("/simple/")]
        site.keep_page("", json.dumps({"meta": {"api-version": "1.0"}, "projects": names}).encode())
        for path in sorted(recorded.asked):
            _copy(site, path, Request(f"http://127.0.0.1:{server.port}{path}", (login,)))
        peers = {}
        for peer in (
            before(DevpiMirror(work / "devpi-mirror"), theirs),
            before(Proxpi(work / "proxpi-mirror"), theirs),
            SimpleRepositoryServer(work / "no-files", theirs),
        ):
            other = open_things.enter_context(running(peer))
            peers[peer.name] = partial(measure, f"http://127.0.0.1:{other.port}{other.index_path}")
        comparison.reasons.append(f"{what}: pypiserver: it passes no other index on")
        # The peers come last: our registry keeps pages of upstream for five minutes, and is to be warm.
        row = comparison.row(
            what,
            lambda: measure(ours),
            lambda: measure(theirs),
            Wish(1.2, least=False),
            peers=peers,
            in_turn=False,
            closely=True,
            shown="{:.2f}",
        )
        bound = Wish(250, least=False, unit=" MB")
        return [row, comparison.figure(f"... memory after {WARMINGS} of them", taken, bound, "{:.0f} MB")]


def _largest_group(wanted: Path) -> list[str]:
    """Write what the largest group requires; the options with which uv resolves it as Wheelyard does."""
    with ExitStack() as open_things:
        energy = Energy(open_things, online=False)
        group, fleet = max(energy.plan().groups(), key=len), energy.fleet
    wanted.write_text("".join(f"{line.requirement}\n" for model in group for line in model.lines))
    limit = fleet.policy.exclude_newer
    options = ["--python-version", fleet.target.python, "--python-platform", "x86_64-manylinux_2_28"]
    return [*options, "--only-binary", ":all:", *([] if limit is None else ["--exclude-newer", limit.isoformat()])]


def _copy(site: StaticSite, path: str, request: Request) -> None:
    """Let nginx serve what our registry answers."""
    if path.startswith("/simple/"):
        body = answer(request.having("Accept: application/vnd.pypi.simple.v1+json")).body
        site.keep_page(path.removeprefix("/simple/").strip("/"), body)
    else:
        site.keep(path, answer(request).body)
