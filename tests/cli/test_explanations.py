"""Every situation and what is said of it, whole. ``python -m tests.cli.test_explanations`` writes the files anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.situations import HOSTED, SITUATIONS, Situation
from tests.resolver.fake_index import TARGET, FakeIndex, Release, fleet, metadata

from wheelyard_cli.report_formats import text
from wheelyard_resolver import finding_text
from wheelyard_resolver.clash import why_apart
from wheelyard_resolver.fleet_check import check_fleet
from wheelyard_resolver.fleet_report import fleet_report
from wheelyard_resolver.plan import plan
from wheelyard_resolver.verdict import Engine
from wheelyard_resolver.wording import owned

EXPLANATIONS = Path(__file__).parent / "explanations"


def page(situation: Situation) -> str:
    """The situation, and below it what is said."""
    return "\n".join([situation.title, "", *_world(situation), "", "-" * 80, *_said(situation), ""])


def _said(situation: Situation) -> Iterator[str]:
    asked = fleet(*situation.models, policy=situation.policy, constraints=situation.constraints)
    index = FakeIndex(situation.projects)
    index.host(HOSTED, metadata("x", "9.0"))
    if situation.whole_fleet:
        found = check_fleet(asked, plan(asked, index))
        yield text.render(fleet_report(found, (), "")).removesuffix("\n")
        return
    for explanation, hints in why_apart(Engine.for_fleet(index, asked, TARGET), situation.models):
        yield from finding_text.explanation(explanation, hints)


def _world(situation: Situation) -> Iterator[str]:
    for project, releases in situation.projects.items():
        for version, release in releases.items():
            yield f"{project} {version}{_release(release if isinstance(release, Release) else Release(release))}"
    for model in situation.models:
        python = f" (Python {model.requires_python})" if model.requires_python is not None else ""
        target = f" on {model.target}" if model.target != TARGET else ""
        lines = ", ".join(str(line.requirement) for line in model.lines)
        yield f"{owned(model.key, model.owner)}{target}{python}: {lines}"
    for line in situation.constraints:
        yield f"the fleet: {line.requirement}"
    if situation.policy is not None and situation.policy.exclude_newer is not None:
        yield f"the fleet: exclude-newer {situation.policy.exclude_newer}"


def _release(release: Release) -> str:
    facts = [f" -> {', '.join(release.requires)}" if release.requires else ""]
    facts += [" sdist only" if not release.tags else ""] + [f" {tag}" for tag in release.tags if tag != "py3-none-any"]
    facts += [f" for Python {release.requires_python}" if release.requires_python else ""]
    facts += [" yanked" if release.yanked else "", " without METADATA" if release.metadata is None else ""]
    facts += [f" uploaded {release.uploaded}" if release.uploaded != Release().uploaded else ""]
    return "".join(facts)


def test_each_situation_has_its_file() -> None:
    assert sorted(path.stem for path in EXPLANATIONS.iterdir()) == sorted(SITUATIONS)


@pytest.mark.parametrize("name", sorted(SITUATIONS))
def test_what_is_said_is_as_reviewed(name: str) -> None:
    assert page(SITUATIONS[name]) == (EXPLANATIONS / f"{name}.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    for path in EXPLANATIONS.iterdir():
        path.unlink()
    for name, situation in SITUATIONS.items():
        (EXPLANATIONS / f"{name}.txt").write_text(page(situation), encoding="utf-8")
