"""Facts of bases that cannot change."""

from __future__ import annotations

import dataclasses

from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.resolver.fake_index import fleet, model

from wheelyard_resolver.fixed_bases import misfits, placements
from wheelyard_resolver.model import AcceptedBase

RUNTIME = AcceptedBase(
    "runtime",
    ("a",),
    versions=((canonicalize_name("numpy"), Version("1.26.4")), (canonicalize_name("torch"), Version("2.3.1+cpu"))),
    fixed=True,
)


def test_a_model_fits_whose_lines_the_pins_meet() -> None:
    assert misfits(model("a", "numpy>=1.20,<2", "torch==2.3.1", "x; python_version < '3'"), RUNTIME) == ()


def test_what_does_not_fit_is_told_line_by_line() -> None:
    found = misfits(model("a", "numpy>=2", "pandas"), RUNTIME)
    assert list(map(str, found)) == [
        "a requires numpy>=2, the base has 1.26.4",
        "a requires pandas, the base does not have it",
    ]


def test_models_on_a_fixed_base_are_not_planned_for() -> None:
    whole = dataclasses.replace(fleet(model("a", "numpy"), model("b", "numpy")), bases=(RUNTIME,))
    assert [found.key for found in whole.planned().models] == ["b"]
    assert whole.planned().bases == ()


def test_the_other_models_that_it_could_host_are_named() -> None:
    whole = dataclasses.replace(fleet(model("a", "numpy"), model("b", "torch>=2"), model("c", "y")), bases=(RUNTIME,))
    (placement,) = placements(whole)
    assert (placement.models, placement.misfits, placement.could_host) == (("a",), (), ("b",))
