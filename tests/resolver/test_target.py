"""Targets: what a person writes, and the tags and markers that follow from it."""

from __future__ import annotations

import pytest
from packaging.markers import Marker
from packaging.tags import Tag

from wheelyard_resolver.errors import InputError
from wheelyard_resolver.target import Target

LINUX = Target.parse("3.11", "manylinux_2_28_x86_64")


def test_a_minor_version_means_its_newest_micro() -> None:
    """A full version stays as it is."""
    assert Target.parse("3.11", "win_amd64").python == "3.11.18"
    assert Target.parse("3.11.7", "win_amd64").python == "3.11.7"


def test_a_target_is_shown_as_its_tag() -> None:
    """Interpreter, then platform."""
    assert str(LINUX) == "cp311-manylinux_2_28_x86_64"


@pytest.mark.parametrize(
    ("tag", "installs"),
    [
        ("cp311-cp311-manylinux_2_28_x86_64", True),
        ("cp311-cp311-manylinux_2_17_x86_64", True),
        ("cp311-cp311-manylinux2014_x86_64", True),
        ("cp311-cp311-manylinux1_x86_64", True),
        ("cp38-abi3-manylinux_2_17_x86_64", True),
        ("py3-none-any", True),
        ("py2.py3-none-any", True),
        ("py3-none-manylinux2014_x86_64", True),
        ("cp311-cp311-linux_x86_64", True),
        ("cp311-cp311-manylinux_2_31_x86_64", False),
        ("cp311-cp311-manylinux_2_28_aarch64", False),
        ("cp311-cp311-musllinux_1_2_x86_64", False),
        ("cp312-cp312-manylinux_2_28_x86_64", False),
        ("cp312-abi3-manylinux_2_28_x86_64", False),
        ("cp311-cp311-win_amd64", False),
        ("py2-none-any", False),
    ],
)
def test_which_wheels_install_on_linux(tag: str, installs: bool) -> None:
    """PEP 600: older glibc tags count, newer do not."""
    interpreters, abi, platform = tag.split("-")
    tags = {Tag(interpreter, abi, platform) for interpreter in interpreters.split(".")}
    assert (not tags.isdisjoint(LINUX.tags)) == installs


def test_the_newest_platform_ranks_before_the_older_and_any() -> None:
    """pip's order: the most specific wheel wins."""
    ranks = LINUX.tag_ranks
    order = ["cp311-cp311-manylinux_2_28_x86_64", "cp311-cp311-manylinux2014_x86_64", "cp39-abi3-manylinux2014_x86_64"]
    assert sorted([*order, "py3-none-any"], key=ranks.__getitem__) == [*order, "py3-none-any"]


@pytest.mark.parametrize(
    ("platform", "marker"),
    [
        ("manylinux_2_28_x86_64", "sys_platform == 'linux' and platform_machine == 'x86_64' and os_name == 'posix'"),
        ("musllinux_1_2_aarch64", "platform_system == 'Linux' and platform_machine == 'aarch64'"),
        ("macosx_14_0_arm64", "sys_platform == 'darwin' and platform_machine == 'arm64'"),
        ("win_amd64", "sys_platform == 'win32' and os_name == 'nt' and platform_machine == 'AMD64'"),
        ("win_amd64", "python_version == '3.11' and python_full_version >= '3.11.18'"),
        ("win_amd64", "implementation_name == 'cpython' and extra == ''"),
    ],
)
def test_markers_follow_from_the_platform(platform: str, marker: str) -> None:
    """Whatever machine this runs on."""
    assert Marker(marker).evaluate({**Target.parse("3.11", platform).environment})


@pytest.mark.parametrize(
    ("python", "platform", "said"),
    [
        ("three", "win_amd64", "'three' is not a Python version"),
        ("3.99", "win_amd64", "Python 3.99 is not known to this version of wheelyard"),
        ("3", "win_amd64", "Python 3 is not known to this version of wheelyard"),
        ("3.11", "linux", "'linux' is not a platform that wheelyard knows"),
        ("3.11", "manylinux_3_1_x86_64", "'manylinux_3_1_x86_64' is not a platform that wheelyard knows"),
    ],
)
def test_what_is_not_understood_is_refused(python: str, platform: str, said: str) -> None:
    """With a hint that shows what to write."""
    with pytest.raises(InputError) as caught:
        Target.parse(python, platform)
    assert caught.value.message == said
    assert caught.value.hint is not None
