"""A proposal on disk: whole files, none left over, nobody else's touched."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from tests.cli.proposals import ENERGY, MACOS, SIX, base, package, proposal, wheel

from wheelyard_cli.images.write import write_proposal
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.proposal import to_document


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_it_writes_the_files_of_bases_and_models_and_those_for_all(tmp_path: Path) -> None:
    written = write_proposal(ENERGY, tmp_path / "new" / "out")
    assert [path.name for path in written] == [
        "Dockerfile.base-a",
        "Dockerfile.base-b",
        "Dockerfile.model.churn",
        "Dockerfile.model.demand-forecast@canary",
        "Dockerfile.model.meter-anomaly",
        "docker-bake.hcl",
        "images.json",
        "proposal.json",
        "proposal.md",
        "pylock.base-a.toml",
        "pylock.base-b.toml",
        "requirements.base-a.txt",
        "requirements.base-b.txt",
        "sbom.base-a.cdx.json",
        "sbom.base-b.cdx.json",
        "smoke_import.py",
    ]
    assert {path.name for path in written} == set(contents(tmp_path / "new" / "out"))


def test_the_json_is_the_document(tmp_path: Path) -> None:
    write_proposal(ENERGY, tmp_path)
    assert json.loads((tmp_path / "proposal.json").read_text()) == to_document(ENERGY)


def test_writing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    write_proposal(ENERGY, tmp_path)
    before = contents(tmp_path)
    write_proposal(ENERGY, tmp_path)
    assert contents(tmp_path) == before


def test_files_of_a_base_that_is_no_more_are_removed(tmp_path: Path) -> None:
    write_proposal(ENERGY, tmp_path)
    write_proposal(proposal(ENERGY.bases[0]), tmp_path)
    assert not list(tmp_path.glob("*base-b*"))


def test_a_dockerfile_goes_when_its_target_is_no_longer_linux(tmp_path: Path) -> None:
    write_proposal(proposal(base("base-a", SIX)), tmp_path)
    write_proposal(proposal(base("base-a", SIX, target=MACOS)), tmp_path)
    assert not (tmp_path / "Dockerfile.base-a").exists()


def test_files_of_others_stay(tmp_path: Path) -> None:
    foreign = {"Dockerfile.app": b"FROM scratch\n", "pylock.dev.toml": b"", "requirements.dev.txt": b"six\n", "x": b"x"}
    for name, content in foreign.items():
        (tmp_path / name).write_bytes(content)
    write_proposal(ENERGY, tmp_path)
    assert foreign.items() <= contents(tmp_path).items()


@pytest.mark.parametrize("name", ["Dockerfile.base-a", "proposal.json", "proposal.md"])
def test_a_file_of_somebody_else_in_the_way_stops_everything(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine\n")
    with pytest.raises(InputError, match=f"{name} in .* was not written by wheelyard"):
        write_proposal(ENERGY, tmp_path)
    assert contents(tmp_path) == {name: b"mine\n"}


def test_a_proposal_that_cannot_be_locked_leaves_the_earlier_one(tmp_path: Path) -> None:
    write_proposal(ENERGY, tmp_path)
    before = contents(tmp_path)
    bare = dataclasses.replace(wheel("bare-1.0-py3-none-any.whl"), sha256=None)
    with pytest.raises(InputError, match="bare"):
        write_proposal(proposal(base("base-a", SIX), base("base-b", package("bare", "1.0", file=bare))), tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["base.a", "../a", "", "a/b"])
def test_a_base_whose_name_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of a base"):
        write_proposal(proposal(base(name, SIX)), tmp_path)


def test_a_directory_that_cannot_be_written_to_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way\n")
    with pytest.raises(InputError, match="cannot be written to") as caught:
        write_proposal(ENERGY, tmp_path / "file")
    assert caught.value.hint == "name another directory with -o, or make this one writable"
