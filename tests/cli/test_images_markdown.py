"""Facts of ``proposal.md``; its whole text is among the golden files."""

from __future__ import annotations

import dataclasses

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.cli.proposals import ENERGY, GLIBC, MACOS, SIX, base, conflict, line, package, proposal

from wheelyard_cli.images import proposal_markdown
from wheelyard_cli.proposal_text import size
from wheelyard_resolver.as_built import Misfit
from wheelyard_resolver.explain import Explanation
from wheelyard_resolver.facts import Unusable
from wheelyard_resolver.findings import Unplaceable
from wheelyard_resolver.fixed_bases import FixedPlacement


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (4_200_000_000, "4.2 GB"),
    ],
)
def test_sizes_are_told_in_decimal_units(count: int, text: str) -> None:
    assert size(count) == text


def test_a_number_that_is_not_proved_is_not_called_least() -> None:
    text = proposal_markdown.render(proposal(base("base-a", SIX), minimal=False, lower_bound=0))
    assert "The fewest found in the time given; at least 0 are needed." in text
    assert "Proved" not in text
    assert "--time-limit" in text


def test_a_size_that_an_index_does_not_state_makes_the_sum_a_lower_bound() -> None:
    text = proposal_markdown.render(proposal(base("base-a", SIX, package("plain", "1.0"))))
    assert "| 2 | at least 11.1 kB |" in text


def test_a_runtime_that_cannot_change_is_told_with_what_does_not_fit_and_what_else_it_could_host() -> None:
    missing = Misfit(line("churn", "pydantic<2"), None)
    fixed = (FixedPlacement("runtime-15", ("churn",), (missing,), ("meter-anomaly",)),)
    text = proposal_markdown.render(dataclasses.replace(proposal(base("base-a", SIX)), fixed=fixed))
    assert (
        "## Fixed bases\n\nRuntimes that cannot change: models are held against their pins.\n\n"
        "- **runtime-15**: churn\n"
        "  - does not fit: churn requires pydantic<2, the base does not have it\n"
        "  - could host meter-anomaly\n"
    ) in text


def test_a_fleet_without_bases_says_so() -> None:
    assert "**0 bases for 0 models.**" in proposal_markdown.render(proposal())


def test_a_base_without_a_dockerfile_is_not_told_to_be_built() -> None:
    assert "docker" not in proposal_markdown.render(proposal(base("base-a", SIX, target=MACOS)))


def test_words_from_elsewhere_are_not_taken_for_markup() -> None:
    fact = Unusable(canonicalize_name("x"), (Version("1"),), "<script> in `x` | __init__ in some_file\n# not a title")
    reason = Unplaceable("spark", Explanation(GLIBC, ("spark",), (fact,)))
    text = proposal_markdown.render(dataclasses.replace(proposal(), unplaceable=(reason,)))
    assert r"\<script> in \`x\` \| \_\_init\_\_ in some_file # not a title" in text


def test_a_constraint_of_the_fleet_has_no_model() -> None:
    found = conflict(line("churn", "six<1.16"), line(None, "six>=1.16", "fleet.toml:9"))
    text = proposal_markdown.render(dataclasses.replace(proposal(), conflicts=(found,)))
    assert "### churn\n\n- churn: `six<1.16`\n- constraint of the fleet: `six>=1.16` (fleet.toml:9)\n" in text


def test_a_conflict_that_a_pivot_sums_up_is_not_told_again() -> None:
    text = proposal_markdown.render(ENERGY)
    assert text.count("six>=1.16") == 0
    assert text.count(">=1.16") == 1
