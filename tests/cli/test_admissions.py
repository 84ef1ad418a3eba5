"""Every candidate and what is said of it, in every format. ``python -m tests.cli.test_admissions`` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.candidates import CANDIDATES, FLEET, PROJECTS, REPOSITORY, report
from tests.resolver.fake_index import FakeIndex, fleet, model

from wheelyard_cli.report_formats.outputs import FORMATS, render
from wheelyard_resolver.admission import admit
from wheelyard_resolver.candidate_report import candidate_report
from wheelyard_resolver.levels import Level
from wheelyard_resolver.model import ModelPackage
from wheelyard_resolver.report import from_document, to_document

ADMISSIONS = Path(__file__).parent / "admissions"


def page(name: str) -> str:
    """The candidate in all formats, one below the other."""
    _, candidate = CANDIDATES[name]
    requires = ", ".join(str(line.requirement) for line in candidate.lines)
    found = report(name)
    parts = (f"\n---- {form} {'-' * 60}\n{render(found, form, REPOSITORY)}" for form in FORMATS)
    return "".join([f"{candidate.key} {candidate.version}: {requires}\n", *parts])


def test_each_candidate_has_its_file() -> None:
    assert sorted(path.stem for path in ADMISSIONS.iterdir()) == sorted(CANDIDATES)


@pytest.mark.parametrize("name", sorted(CANDIDATES))
def test_what_is_said_is_as_reviewed(name: str) -> None:
    assert page(name) == (ADMISSIONS / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(CANDIDATES))
def test_the_level_is_the_one_that_the_candidate_was_made_for(name: str) -> None:
    assert report(name).level is CANDIDATES[name][0]


@pytest.mark.parametrize("level", list(Level))
def test_every_level_has_two_candidates(level: Level) -> None:
    assert sum(wanted is level for wanted, _ in CANDIDATES.values()) >= 2


@pytest.mark.parametrize("name", sorted(CANDIDATES))
def test_a_report_survives_its_document(name: str) -> None:
    """What a server sends says the same as what was found."""
    found = report(name)
    assert from_document(to_document(found)) == found


@pytest.mark.parametrize("fail_on", list(Level))
@pytest.mark.parametrize("name", sorted(CANDIDATES))
def test_a_level_fails_from_fail_on_on(name: str, fail_on: Level) -> None:
    """Only "fits", which finds nothing, cannot fail."""
    level = CANDIDATES[name][0]
    assert report(name, fail_on).failed is (level is not Level.FITS and level.at_least_as_bad_as(fail_on))


@pytest.mark.parametrize("fail_on", [level for level in Level if level is not Level.FITS])
@pytest.mark.parametrize(
    ("models", "level"), [((), Level.NEW_BASE), ((model("other", "x"),), Level.REGROUP)], ids=["empty", "not accepted"]
)
def test_a_level_fails_also_where_no_base_is_accepted(
    models: tuple[ModelPackage, ...], level: Level, fail_on: Level
) -> None:
    """What is unknown is taken for the worst that it can be."""
    found = admit(fleet(*models), model("solar", "x"), FakeIndex(PROJECTS))
    assert found.level is level
    failed = candidate_report(found, fleet(*models), "", fail_on).failed
    assert failed is level.at_least_as_bad_as(fail_on)


def test_what_fits_as_built_is_told_without_reading_the_index() -> None:
    """The lock knows it all; so does the answer of a server in a few milliseconds."""
    index = FakeIndex({})
    assert admit(FLEET, CANDIDATES["fits-in-place"][1], index).level is Level.FITS
    assert index.asked == []


if __name__ == "__main__":
    ADMISSIONS.mkdir(exist_ok=True)
    for path in ADMISSIONS.iterdir():
        path.unlink()
    for name in CANDIDATES:
        (ADMISSIONS / f"{name}.txt").write_text(page(name), encoding="utf-8")
