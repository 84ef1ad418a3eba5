"""Facts of bases that cannot change."""

from __future__ import annotations

import dataclasses

from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.resolver.fake_index import FakeIndex, Release, fleet, model

from wheelyard_resolver.check import answer
from wheelyard_resolver.fixed_bases import placements
from wheelyard_resolver.model import AcceptedBase, ModelPackage
from wheelyard_resolver.question import Question
from wheelyard_resolver.snapshot import Recording

RUNTIME = AcceptedBase(
    "runtime",
    ("a",),
    versions=((canonicalize_name("numpy"), Version("1.26.4")), (canonicalize_name("torch"), Version("2.3.1+cpu"))),
    fixed=True,
)


INDEX = FakeIndex({"numpy": {"1.26.4": Release(["scipy>=1; extra == 'fast'"], extras=["fast"])}, "torch": {"2.4": []}})


def misfits(found: ModelPackage) -> list[str]:
    """What does not fit of a model that lives in the runtime."""
    (placement,) = placements(dataclasses.replace(fleet(found), bases=(RUNTIME,)), INDEX)
    return list(map(str, placement.misfits))


def test_a_model_fits_whose_lines_the_pins_meet() -> None:
    assert misfits(model("a", "numpy>=1.20,<2", "torch==2.3.1", "x; python_version < '3'")) == []


def test_what_does_not_fit_is_told_line_by_line() -> None:
    assert misfits(model("a", "numpy>=2", "pandas")) == [
        "a requires numpy>=2, the base has 1.26.4",
        "a requires pandas, the base does not have it",
    ]


def test_what_an_extra_brings_must_be_there_too() -> None:
    assert misfits(model("a", "numpy[fast]")) == [
        "a requires numpy[fast], whose extra requires scipy>=1, the base does not have it"
    ]


def test_an_extra_of_a_version_that_the_index_does_not_have_cannot_be_told() -> None:
    assert misfits(model("a", "torch[opt]")) == [
        "a requires torch[opt], whose extras cannot be looked up for 2.3.1+cpu"
    ]


def test_models_on_a_fixed_base_are_not_planned_for() -> None:
    whole = dataclasses.replace(fleet(model("a", "numpy"), model("b", "numpy")), bases=(RUNTIME,))
    assert [found.key for found in whole.planned().models] == ["b"]
    assert whole.planned().bases == ()


def test_a_check_needs_no_base_for_what_lives_on_a_fixed_one_and_holds_its_extras_against_it() -> None:
    whole = dataclasses.replace(fleet(model("a", "numpy[fast]"), model("b", "torch==2.4")), bases=(RUNTIME,))
    found = answer(Question(), whole, Recording(INDEX))
    assert "1 model needs 1 base, fewer is impossible (proved)" in found.verdict
    (broken,) = found.findings
    assert broken.fails
    assert "whose extra requires scipy>=1, the base does not have it" in str(broken)


def test_the_other_models_that_it_could_host_are_named() -> None:
    whole = dataclasses.replace(fleet(model("a", "numpy"), model("b", "torch>=2"), model("c", "y")), bases=(RUNTIME,))
    (placement,) = placements(whole, INDEX)
    assert (placement.models, placement.misfits, placement.could_host) == (("a",), (), ("b",))
