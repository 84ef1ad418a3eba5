"""A bare graph as a Debian repository, and what Debian's tools say of it.

coinst (Vouillon and Di Cosmo, "On software component co-installability", 2011; its theory is proved in Coq) lists all
minimal sets of packages that cannot be installed together. dose-debcheck (the EDOS and Mancoosi projects) tells which
packages cannot be installed at all. Every choice becomes a package that conflicts with the other versions of its
node, every model one that depends on choices.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

from packaging.version import Version
from tests.conformance.conftest import DOWNLOADS
from tests.conformance.dependency_graph import Graph, Needs, Node

_PROGRAMS = DOWNLOADS / "debian" / "usr" / "bin"
COINST = _PROGRAMS / "coinst"
DEBCHECK = _PROGRAMS / "dose-debcheck"

Conflicts = frozenset[frozenset[str]]


class TooLong(Exception):
    """The program was given up."""


def packages_file(graph: Graph) -> str:
    """The graph in the format of Debian's ``Packages`` files."""
    return "".join(_stanzas(graph))


def _stanzas(graph: Graph) -> Iterator[str]:
    for node, versions in graph.choices.items():
        for version, needs in versions.items():
            one_at_a_time = f"Provides: one-of-{_name(node)}\nConflicts: one-of-{_name(node)}\n"
            yield _stanza(_choice(node, version), _clauses(needs), one_at_a_time)
    for key, needs in graph.models.items():
        yield _stanza(key, _clauses(needs))


def _clauses(needs: Needs) -> list[str]:
    # A need that nothing meets is a dependency on a package that is not there.
    return [
        " | ".join(_choice(node, version) for version in sorted(found)) or "nothing" for node, found in needs.items()
    ]


def _stanza(name: str, depends: Sequence[str], more: str = "") -> str:
    needs = f"Depends: {', '.join(depends)}\n" if depends else ""
    return f"Package: {name}\nVersion: 1\nArchitecture: all\n{needs}{more}\n"


def _name(node: Node) -> str:
    return "-".join(part for part in node if part)


def _choice(node: Node, version: Version) -> str:
    return f"{_name(node)}-v{version}"


def minimal_conflicts(graph: Graph, scratch: Path, *, patience: float) -> Conflicts:
    """All minimal sets of models that cannot be installed together, as coinst finds them; of one model, alone.

    Raises:
        TooLong: no answer within ``patience`` seconds.
    """
    found = scratch / "conflicts.json"
    command = [str(COINST), "-all", "-conflicts", str(found), "-o", str(scratch / "graph.dot")]
    _run(command, packages_file(graph), patience)
    document = json.loads(found.read_text())
    members = {name: [key for key in same if key in graph.models] for name, same in document["classes"]}
    return frozenset(_of_models(document["incompatibilities"], members))


def _of_models(sets: Sequence[Sequence[str]], members: Mapping[str, Sequence[str]]) -> Iterator[frozenset[str]]:
    """coinst speaks of one package for all that behave alike; every model among those stands for it in turn."""
    for classes in sets:
        yield from map(frozenset, product(*(members[name] for name in classes)))


def installable(graph: Graph, sets: Iterable[Sequence[str]], scratch: Path, *, patience: float) -> list[bool]:
    """Whether each set of models can be installed together, as dose-debcheck finds: one more package for each set.

    Raises:
        TooLong: no answer within ``patience`` seconds.
    """
    asked = {f"set-{number}": keys for number, keys in enumerate(sets)}
    repository = scratch / "Packages"
    repository.write_text(packages_file(graph) + "".join(_stanza(name, keys) for name, keys in asked.items()))
    command = [str(DEBCHECK), "--deb-native-arch=amd64", "--failures", str(repository)]
    said = _run(command, "", patience, broken_packages=1).splitlines()
    broken = {line.partition(":")[2].strip() for line in said if line.strip().startswith("package:")}
    return [name not in broken for name in asked]


def _run(command: Sequence[str], given: str, patience: float, broken_packages: int = 0) -> str:
    try:
        run = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=patience)
    except subprocess.TimeoutExpired as error:
        raise TooLong from error
    assert run.returncode in {0, broken_packages}, run.stderr
    return run.stdout
