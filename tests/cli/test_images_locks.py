"""Facts of ``pylock.<base>.toml`` and ``requirements.<base>.txt``."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st
from packaging.pylock import Pylock
from packaging.requirements import Requirement
from tests.cli.proposals import DATEUTIL, ENERGY, GLIBC, MACOS, MUSL, SIX, base, package, proposal, wheel

from wheelyard_cli.images import pylock, requirements
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.proposal import LockedPackage
from wheelyard_resolver.target import Target

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,8})?", fullmatch=True)
VERSIONS = st.builds("{}.{}.{}".format, st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
PACKAGES = st.dictionaries(NAMES, VERSIONS, max_size=8).map(
    lambda found: [package(name, version) for name, version in found.items()]
)


def test_a_lock_is_valid_by_the_specification() -> None:
    for one in ENERGY.bases:
        Pylock.from_dict(tomli.loads(pylock.render(ENERGY, one)))


@pytest.mark.parametrize("target", [GLIBC, MUSL, MACOS], ids=str)
def test_a_lock_selects_all_its_packages_on_its_own_target(target: Target) -> None:
    one = base("base-a", DATEUTIL, SIX, target=target)
    found = Pylock.from_dict(tomli.loads(pylock.render(proposal(one), one)))
    environment = {**target.environment}
    selected = found.select(environment=environment, tags=list(target.tags))  # type: ignore[arg-type]
    assert [chosen.name for chosen, _ in selected] == ["python-dateutil", "six"]


def test_a_lock_names_the_dependencies_within_it() -> None:
    first, second = pylock.lock(ENERGY, ENERGY.bases[0]).packages
    assert (first.dependencies, second.dependencies) == ([{"name": "six"}], None)


def test_what_only_wheelyard_reads_is_in_its_own_table() -> None:
    assert tomli.loads(pylock.render(ENERGY, ENERGY.bases[0]))["tool"] == {
        "wheelyard": {
            "base": "base-a",
            "target": "cp311-manylinux_2_28_x86_64",
            "models": ["churn", "demand-forecast@canary"],
            "snapshot": ENERGY.snapshot,
        }
    }


def test_a_requires_python_that_nobody_can_read_is_left_out_of_the_lock() -> None:
    old = dataclasses.replace(wheel("old-1.0-py3-none-any.whl"), requires_python=">=2.7.*")
    one = base("base-a", package("old", "1.0", file=old))
    assert pylock.lock(proposal(one), one).packages[0].requires_python is None


def test_a_file_name_that_contradicts_its_package_is_refused() -> None:
    one = base("base-a", package("six", "1.16.0", file=SIX.wheel))
    with pytest.raises(InputError, match=r"base-a cannot be locked: .*six-1\.17\.0"):
        pylock.render(proposal(one), one)


@pytest.mark.parametrize("sha256", [None, "", "abc", "z" * 64])
def test_a_wheel_without_a_sha256_cannot_be_locked(sha256: str | None) -> None:
    bare = package("bare", "1.0", file=dataclasses.replace(wheel("bare-1.0-py3-none-any.whl"), sha256=sha256))
    one = base("base-a", bare)
    for render in (pylock.render, requirements.render):
        with pytest.raises(InputError, match=r"bare-1\.0-py3-none-any\.whl of base-a cannot be locked") as caught:
            render(proposal(one), one)
        assert caught.value.hint is not None


def test_the_digest_is_that_of_the_file() -> None:
    one = ENERGY.bases[0]
    expected = hashlib.sha256(pylock.render(ENERGY, one).encode()).hexdigest()
    assert pylock.digest(ENERGY, one) == f"sha256:{expected}"


@given(packages=PACKAGES)
def test_writing_twice_gives_the_same_bytes_in_whatever_order_the_packages_come(packages: list[LockedPackage]) -> None:
    forth, back = base("base-a", *packages), base("base-a", *reversed(packages))
    for render in (pylock.render, requirements.render):
        assert render(proposal(forth), forth) == render(proposal(back), back)


@given(packages=PACKAGES)
def test_every_requirement_is_one_pin_with_one_hash(packages: list[LockedPackage]) -> None:
    one = base("base-a", *packages)
    text = requirements.render(proposal(one), one)
    logical = [row for row in text.replace("\\\n", "").splitlines() if not row.startswith("#")]
    found = {}
    for row in logical:
        pin, *options = row.split()
        found[Requirement(pin).name] = (str(Requirement(pin).specifier), options)
    assert found == {
        locked.name: (f"=={locked.version}", [f"--hash=sha256:{locked.wheel.sha256}"]) for locked in packages
    }


def test_models_that_do_not_fit_a_line_continue_as_comments() -> None:
    one = base("base-a", models=tuple(f"model-number-{number}" for number in range(40)))
    rows = requirements.render(proposal(one), one).splitlines()
    assert all(row.startswith("# ") and len(row) <= 120 for row in rows)


def test_a_direct_reference_is_locked_by_its_url() -> None:
    """In the lock as an archive, which is what PEP 751 calls it; in the requirements by name, URL and hash."""
    one = base("base-a", package("six", "1.17.0", index=None))
    (locked,) = pylock.lock(proposal(one), one).packages
    assert locked.archive is not None
    assert (locked.archive.url, locked.wheels, locked.version) == (one.packages[0].wheel.url, None, None)
    written = requirements.render(proposal(one), one)
    assert f"six @ {one.packages[0].wheel.url} \\\n    --hash=sha256:" in written


def test_further_indexes_are_named_in_the_requirements() -> None:
    """The index that lists most is left to --index-url."""
    cuda = "https://download.example/cu126/"
    one = base("base-a", package("a", "1"), package("b", "1"), package("torch", "2", index=cuda))
    assert one.indexes == ("https://index.example/simple/", cuda)
    options = [line for line in requirements.render(proposal(one), one).splitlines() if line.startswith("--")]
    assert options == [f"--extra-index-url {cuda}"]
