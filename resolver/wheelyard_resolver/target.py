"""What a base environment runs on: a Python, a platform, and what follows from the two.

Sources: PEP 425 and 600 (wheel tags), PEP 508 (marker environment).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.version import InvalidVersion, Version

from wheelyard_resolver.errors import InputError

NEWEST_MICRO = {
    (3, 9): 25,
    (3, 10): 22,
    (3, 11): 18,
    (3, 12): 16,
    (3, 13): 18,
    (3, 14): 10,
    (3, 15): 2,
}
"""The newest micro version of each minor known when this version of the tool was released."""

_NO_PYTHON = 1000
"""No number of a Python version is that high; there is a tag for each number below."""

_LINUX = re.compile(r"(?P<libc>manylinux|musllinux)_(?P<major>\d{1,2})_(?P<minor>\d{1,3})_(?P<machine>\w+)")
_LEGACY_MANYLINUX = re.compile(r"manylinux(?P<name>1|2010|2014)_(?P<machine>\w+)")
_MACOS = re.compile(r"macosx_(?P<major>\d{1,2})_(?P<minor>\d{1,3})_(?P<machine>arm64|x86_64)")
_WINDOWS = re.compile(r"win_(?P<machine>amd64|arm64)|win32")

_LEGACY_GLIBC = {"1": 5, "2010": 12, "2014": 17}
_OLDEST_GLIBC = 5  # manylinux1


@dataclass(frozen=True)
class Target:
    """A Python version (all three numbers) and a platform tag such as ``manylinux_2_28_x86_64``.

    Raises:
        InputError: from :meth:`parse`, when either is not understood.
    """

    python: str
    platform: str

    @classmethod
    def parse(cls, python: str, platform: str) -> Target:
        """A target from what a person writes: ``3.11`` means the newest micro version known to the tool."""
        target = cls(python=_full_version(python), platform=platform)
        _ = target.tags, target.environment
        return target

    def __str__(self) -> str:
        major, minor = self.release
        return f"cp{major}{minor}-{self.platform}"

    @cached_property
    def release(self) -> tuple[int, int]:
        """(major, minor)."""
        version = Version(self.python)
        return version.major, version.minor

    @cached_property
    def tags(self) -> Mapping[Tag, int]:
        """Every wheel tag that installs here, with its rank: 0 is the most specific (pip's order)."""
        major, minor = self.release
        interpreter = f"cp{major}{minor}"
        platforms = list(_platform_tags(self.platform))
        found: dict[Tag, int] = {}
        for tag in cpython_tags((major, minor), abis=[interpreter], platforms=platforms):
            found.setdefault(tag, len(found))
        for tag in compatible_tags((major, minor), interpreter=interpreter, platforms=platforms):
            found.setdefault(tag, len(found))
        return found

    @cached_property
    def tag_ranks(self) -> Mapping[str, int]:
        """:attr:`tags` by their text: project pages hold many thousand file names, most of them for other targets."""
        return {str(tag): rank for tag, rank in self.tags.items()}

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The marker environment (PEP 508). The release and version of the kernel are unknown: empty."""
        major, minor = self.release
        system, os_name, sys_platform, machine = _system(self.platform)
        return {
            "implementation_name": "cpython",
            "implementation_version": self.python,
            "os_name": os_name,
            "platform_machine": machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": system,
            "platform_version": "",
            "python_full_version": self.python,
            "python_version": f"{major}.{minor}",
            "sys_platform": sys_platform,
        }


def _full_version(text: str) -> str:
    try:
        version = Version(text)
    except InvalidVersion as error:
        raise InputError(f"{text!r} is not a Python version", hint='write "3.11" or "3.11.7"') from error
    release = version.release
    if len(release) == 3 and max(release) < _NO_PYTHON:
        return str(version)
    if len(release) == 2 and release in NEWEST_MICRO:
        return f"{release[0]}.{release[1]}.{NEWEST_MICRO[release[0], release[1]]}"
    known = ", ".join(f"{major}.{minor}" for major, minor in NEWEST_MICRO)
    raise InputError(
        f"Python {text} is not known to this version of wheelyard",
        hint=f"known are {known}; or write all three numbers",
    )


def _platform_tags(platform: str) -> Iterator[str]:
    if legacy := _LEGACY_MANYLINUX.fullmatch(platform):
        yield from _glibc_tags(_LEGACY_GLIBC[legacy["name"]], legacy["machine"])
    elif linux := _LINUX.fullmatch(platform):
        major, minor, machine = int(linux["major"]), int(linux["minor"]), linux["machine"]
        if linux["libc"] == "manylinux":
            if major != 2:
                raise _unknown_platform(platform)
            yield from _glibc_tags(minor, machine)
        else:
            yield from (f"musllinux_{major}_{older}_{machine}" for older in range(minor, -1, -1))
            yield f"linux_{machine}"
    elif mac := _MACOS.fullmatch(platform):
        yield from mac_platforms((int(mac["major"]), int(mac["minor"])), mac["machine"])
    elif _WINDOWS.fullmatch(platform):
        yield platform
    else:
        raise _unknown_platform(platform)


def _glibc_tags(newest: int, machine: str) -> Iterator[str]:
    # PEP 600: a manylinux_2_N wheel runs on every glibc from 2.N on; the legacy names are aliases.
    legacy = {minor: name for name, minor in _LEGACY_GLIBC.items()}
    for minor in range(newest, _OLDEST_GLIBC - 1, -1):
        yield f"manylinux_2_{minor}_{machine}"
        if minor in legacy:
            yield f"manylinux{legacy[minor]}_{machine}"
    yield f"linux_{machine}"


def _system(platform: str) -> tuple[str, str, str, str]:
    """(platform_system, os_name, sys_platform, platform_machine)."""
    if platform.startswith("macosx"):
        return (
            "Darwin",
            "posix",
            "darwin",
            platform.rpartition("_")[2] if platform.endswith("arm64") else "x86_64",
        )
    if platform.startswith("win"):
        machine = {"win_amd64": "AMD64", "win_arm64": "ARM64", "win32": "x86"}[platform]
        return "Windows", "nt", "win32", machine
    linux = _LINUX.fullmatch(platform) or _LEGACY_MANYLINUX.fullmatch(platform)
    assert linux is not None, "checked by _platform_tags"
    return "Linux", "posix", "linux", linux["machine"]


def _unknown_platform(platform: str) -> InputError:
    return InputError(
        f"{platform!r} is not a platform that wheelyard knows",
        hint='write one like "manylinux_2_28_x86_64", "musllinux_1_2_aarch64", "macosx_14_0_arm64" or "win_amd64"',
    )
