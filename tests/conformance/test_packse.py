"""packse's scenarios: the same verdicts and versions, or the rule that makes the difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conformance.answers import agrees, asked_of_the_command, asked_of_the_library
from tests.conformance.conftest import DOWNLOADS, Report
from tests.conformance.differences import BY_NAME, DIFFERENCES
from tests.conformance.loopback import Loopback, loopback
from tests.conformance.scenarios import Scenario, ScenarioIndex, read_scenarios

from wheelyard_resolver.model import CandidatePolicy

SDIST = DOWNLOADS / "packse-0.3.59.tar.gz"
SCENARIOS = read_scenarios(SDIST) if SDIST.exists() else []
_HOW_TO_GET_IT = f"packse's scenarios are not here ({SDIST.name} could not be downloaded): make conformance"

pytestmark = [pytest.mark.heavy, pytest.mark.skipif(not SCENARIOS, reason=_HOW_TO_GET_IT)]
each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)


@pytest.fixture(scope="module")
def served() -> Iterator[Loopback]:
    """All scenarios on one port, each an index of its own."""
    with loopback() as server:
        yield server


@each_scenario
def test_the_library_answers_as_packse_expects(scenario: Scenario) -> None:
    """Verdict and exact versions, but for the table; and its entries are no excuse for what would agree."""
    assert agrees(scenario, asked_of_the_library(scenario)) is (scenario.name not in DIFFERENCES)


@each_scenario
def test_the_command_answers_as_packse_expects(scenario: Scenario, served: Loopback, tmp_path: Path) -> None:
    """Over HTTP, from a plain simple index: yanked releases and foreign tags cannot all be uploaded to our own."""
    url = served.mount(scenario.name, ScenarioIndex(scenario))
    answer = asked_of_the_command(scenario, url, tmp_path)
    assert answer == asked_of_the_library(scenario)
    assert agrees(scenario, answer) is (scenario.name not in DIFFERENCES)


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference_goes_away_with_its_rule(name: str) -> None:
    """So it is the rule's, and not a lack of ability."""
    (scenario,) = (scenario for scenario in SCENARIOS if scenario.name == name)
    assert (asked_of_the_library(scenario) is None) is scenario.satisfiable  # the verdict differs
    undone = DIFFERENCES[name].undone(scenario)
    assert agrees(undone, asked_of_the_library(undone))


def test_consent_is_given_by_name_and_not_by_a_line() -> None:
    """Without the policy, exactly these answers would be others."""
    unconsented = CandidatePolicy()
    expected = {
        scenario.name
        for scenario in SCENARIOS
        if scenario.name not in DIFFERENCES and not agrees(scenario, asked_of_the_library(scenario, unconsented))
    }
    assert expected == BY_NAME


def test_summary(report: Report) -> None:
    """How many there are, and what they say."""
    exact = [scenario for scenario in SCENARIOS if scenario.versions is not None]
    agreeing = [scenario for scenario in SCENARIOS if agrees(scenario, asked_of_the_library(scenario))]
    rules = Counter(rule.name for rule in DIFFERENCES.values())
    says = {rule.name: rule.says for rule in DIFFERENCES.values()}
    report.table(
        "packse 0.3.59",
        [
            (len(SCENARIOS), f"scenarios of one environment, {len(exact)} of them with exact versions"),
            (len(agreeing), f"agree ({len(BY_NAME)} because the policy names a project where pip and uv read a line)"),
            *((count, f"differ: {name} ({says[name]})") for name, count in rules.most_common()),
        ],
    )
    assert (len(SCENARIOS), len(agreeing)) == (107, 98)
