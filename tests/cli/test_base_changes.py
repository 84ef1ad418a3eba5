"""Facts of what is told to change between two proposals, and of accepting one."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from tests.cli.proposals import DATEUTIL, ENERGY, OLD_SIX, SIX, base, model, proposal

from wheelyard_cli import base_changes
from wheelyard_cli.accepted_proposal import as_accepted, read_accepted
from wheelyard_cli.building import images
from wheelyard_cli.images.write import copy_proposal, write_proposal
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.proposal import Proposal


def told(before: Proposal, after: Proposal) -> list[str]:
    return list(base_changes.lines(base_changes.changes(as_accepted(before), as_accepted(after))))


def test_nothing_changes_between_equal_proposals() -> None:
    assert told(ENERGY, ENERGY) == ["no changes: the accepted bases are what would be proposed"]


def test_what_comes_changes_goes_and_moves_is_told() -> None:
    before = proposal(
        base("base-a", SIX, DATEUTIL, models=("churn",)),
        base("base-b", OLD_SIX, models=("demand",)),
        base("base-c", SIX, models=("tariff",)),
    )
    after = proposal(
        base("base-a", OLD_SIX, models=("churn", "demand")),
        base("base-c", SIX, models=("new", "tariff")),
        base("base-d", SIX, models=("load",)),
    )
    assert told(before, after) == [
        "~ base-a (to be rebuilt)",
        "    + model demand",
        "    - python-dateutil 2.9.0.post0",
        "    ~ six 1.17.0 -> 1.15.0",
        "- base-b",
        "    - model demand",
        "~ base-c (its image stays)",
        "    + model new",
        "+ base-d (new: 1 model, 1 package)",
        "    + model load",
        "> demand moves from base-b to base-a",
        "plan: 1 to add, 2 to change, 1 to remove, 0 unchanged; 1 model moved",
    ]


def test_the_same_as_json() -> None:
    found = base_changes.document(
        base_changes.changes(as_accepted(proposal(base("base-a", SIX))), as_accepted(proposal(base("base-a", OLD_SIX))))
    )
    assert json.loads(json.dumps(found))["bases"] == [
        {
            "name": "base-a",
            "kind": "change",
            "rebuilt": True,
            "models_in": [],
            "models_out": [],
            "packages": [{"name": "six", "before": "1.17.0", "after": "1.15.0"}],
        }
    ]


def test_a_written_proposal_reads_back_as_accepted(tmp_path: Path) -> None:
    write_proposal(ENERGY, tmp_path)
    assert read_accepted(tmp_path) == as_accepted(ENERGY)


def test_a_base_keeps_the_snapshot_that_its_lock_was_first_found_in(tmp_path: Path) -> None:
    since = "sha256:" + "4" * 64
    kept = dataclasses.replace(ENERGY.bases[0], snapshot=since)
    write_proposal(dataclasses.replace(ENERGY, bases=(kept,)), tmp_path)
    assert [base.snapshot for base in read_accepted(tmp_path)] == [since]
    assert f'io.wheelyard.snapshot="{since}"' in (tmp_path / "Dockerfile.base-a").read_text()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"snapshot": "x", "bases": [{"name": "base-a"}]}'])
def test_what_is_no_proposal_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "proposal.json").write_text(content)
    with pytest.raises(InputError, match=r"cannot be read|not a proposal"):
        read_accepted(tmp_path)


def test_accepting_takes_the_files_as_they_are_and_removes_those_of_bases_that_are_no_more(tmp_path: Path) -> None:
    old, new = tmp_path / "accepted", tmp_path / "out"
    write_proposal(ENERGY, old)
    (old / "README.md").write_text("ours\n")
    write_proposal(dataclasses.replace(ENERGY, bases=ENERGY.bases[:1]), new)
    copy_proposal(new, old)
    names = {path.name for path in old.iterdir()}
    assert names == {path.name for path in new.iterdir()} | {"README.md"}
    assert all((old / name).read_bytes() == (new / name).read_bytes() for name in names - {"README.md"})


def test_what_is_known_of_an_image_stays_while_its_dockerfile_does(tmp_path: Path) -> None:
    old, new = tmp_path / "accepted", tmp_path / "out"
    write_proposal(ENERGY, old)
    built = {image.name: dataclasses.replace(image, id="sha256:1") for image in images.read(old)}
    images.record(old, built)
    changed = dataclasses.replace(ENERGY, models=(model("churn", "2.0.0"), *ENERGY.models[1:]))
    write_proposal(changed, new)
    earlier = images.results(old)
    copy_proposal(new, old)
    images.take_over(old, earlier)
    assert [image.name for image in images.read(old) if image.id is None] == ["churn"]
