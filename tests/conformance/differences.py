"""Where Wheelyard answers another thing than packse expects, all of it: the scenario, and the rule that causes it.

A rule can be undone: the scenario is changed so that the rule has nothing to say, and then the answers must agree.
Thus a difference is one of policy only if it goes away with the policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from packaging.version import Version
from tests.conformance.scenarios import Release, Scenario


@dataclass(frozen=True)
class Rule:
    """A rule of Wheelyard's, and what makes it silent."""

    name: str
    says: str
    undone: Callable[[Scenario], Scenario]


def _every_release(scenario: Scenario, change: Callable[[str, Release], Release]) -> Scenario:
    projects = {
        name: tuple(change(name, release) for release in releases) for name, releases in scenario.projects.items()
    }
    return replace(scenario, projects=projects)


def _with_wheels(scenario: Scenario) -> Scenario:
    """Each sdist built beforehand."""
    return _every_release(
        scenario,
        lambda _, release: replace(release, tags=(*release.tags, "py3-none-any")) if release.sdist else release,
    )


def _without_binaries(scenario: Scenario) -> Scenario:
    """The wheels that may not be used taken off the index."""
    return _every_release(
        scenario, lambda name, release: replace(release, tags=()) if name in scenario.no_binary else release
    )


def _without_upper_bounds(scenario: Scenario) -> Scenario:
    return _every_release(
        scenario,
        lambda _, release: replace(release, requires_python=re.sub(r"<=?[\d.]+,?", "", release.requires_python or "")),
    )


def _at_the_first_micro(scenario: Scenario) -> Scenario:
    release = Version(scenario.python).release
    return replace(scenario, python=".".join(str(number) for number in (*release, 0)[:3]))


WHEELS_ONLY = Rule("wheels only", "nothing is built: a release without a wheel for the target is out", _with_wheels)
NO_BINARY = Rule("no --no-binary", "nothing is built: wheels cannot be ruled out by an option", _without_binaries)
UPPER_BOUNDS = Rule("Requires-Python has upper bounds", "they count, as in pip; uv ignores them", _without_upper_bounds)
NEWEST_MICRO = Rule("newest micro version", '"3.9" means the newest 3.9 known; uv: 3.9.0', _at_the_first_micro)

DIFFERENCES: Mapping[str, Rule] = {
    "incompatible-python-compatible-override-available-no-wheels": WHEELS_ONLY,
    "incompatible-python-compatible-override-no-compatible-wheels": WHEELS_ONLY,
    "incompatible-python-compatible-override-other-wheel": WHEELS_ONLY,
    "incompatible-python-compatible-override-unavailable-no-wheels": WHEELS_ONLY,
    "no-wheels": WHEELS_ONLY,
    "no-wheels-with-matching-platform": WHEELS_ONLY,
    "only-wheels-no-binary": NO_BINARY,
    "python-less-than-current": UPPER_BOUNDS,
    "python-patch-override-no-patch": NEWEST_MICRO,
}
"""Scenario to rule. In each of them the verdict differs, never only the versions."""

BY_NAME: frozenset[str] = frozenset(
    {
        "package-prerelease-specified-mixed-available",
        "package-prereleases-specifier-boundary",
        "requires-package-only-prereleases-in-range-global-opt-in",
        "transitive-package-only-prereleases-in-range-opt-in",
        "transitive-package-only-yanked-in-range-opt-in",
        "transitive-prerelease-and-stable-dependency-opt-in",
        "transitive-yanked-and-unyanked-dependency-opt-in",
    }
)
"""Scenarios that agree only because the policy names a project: pip and uv take the words of a line for consent."""
