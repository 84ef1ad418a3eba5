"""pip's own resolver on real packages: the same versions, or the rule that makes the difference."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator

import pytest
from tests.conformance.conftest import DOWNLOADS, Report
from tests.conformance.groups import DIFFERENCES, Answers, Groups, serving_groups
from tests.conformance.pip_install import pip_version

SNAPSHOT = DOWNLOADS / "groups.snapshot"
_HERE = (sys.version_info[:2], sys.platform, platform.machine())


pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not SNAPSHOT.exists(), reason=f"{SNAPSHOT.name} could not be made from PyPI: make conformance"),
    # pip evaluates markers for the Python that runs it, whatever --python-version says.
    pytest.mark.skipif(_HERE != ((3, 11), "linux", "x86_64"), reason="pip must run on CPython 3.11, Linux, x86_64"),
]


@pytest.fixture(scope="module")
def groups() -> Iterator[Groups]:
    """Offline: what the snapshot does not hold is a failure."""
    with serving_groups(SNAPSHOT) as served:
        yield served
        assert not served.server.missing, f"{served.server.missing}: remove {SNAPSHOT}, and make conformance again"


@pytest.fixture(scope="module")
def answers(groups: Groups) -> dict[str, Answers]:
    """To every group."""
    return groups.ask_all()


def test_the_answers_are_those_of_pip(answers: dict[str, Answers]) -> None:
    """The verdict, and every single version; but for the table."""
    unlike = {name: answer.unequal() for name, answer in answers.items() if answer.unequal()}
    assert unlike.keys() == DIFFERENCES.keys(), unlike
    assert all(answer.same_verdict for name, answer in answers.items() if name not in DIFFERENCES)
    both = [answer for answer in answers.values() if answer.ours and not answer.unequal()]
    assert len(both) >= 30


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference_goes_away_when_the_policy_consents(name: str, groups: Groups) -> None:
    """So it is the rule's."""
    answer = groups.ask(name, DIFFERENCES[name].project)
    assert answer.ours is not None
    assert answer.unequal() == {}


def test_summary(answers: dict[str, Answers], report: Report) -> None:
    """How many there are, and what they say."""
    equal = [answer for answer in answers.values() if answer.ours and not answer.unequal()]
    impossible = [answer for answer in answers.values() if answer.ours is None and answer.same_verdict]
    report.table(
        f"pip {pip_version()} on real packages",
        [
            (len(answers), "groups of requirements"),
            (len(equal), f"the same versions ({sum(len(answer.ours or ()) for answer in equal)} packages)"),
            (len(impossible), "impossible for both"),
            *(
                (1, f"differs: {difference.says} ({name}: {len(answers[name].unequal())} packages)")
                for name, difference in DIFFERENCES.items()
            ),
        ],
    )
    assert len(equal) + len(impossible) + len(DIFFERENCES) == len(answers)
