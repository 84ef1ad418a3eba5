"""Do ``pylock.<base>.toml`` and ``requirements.<base>.txt`` lock what the base is, no less and no more?

Sources: PEP 751; pip's requirements file format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import tomli
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName

from wheelyard_resolver.verify.index_page import time
from wheelyard_resolver.verify.locked_base import Locked, LockedBase


def pylock_name(base: str) -> str:
    """The name of the lock of a base."""
    return f"pylock.{base}.toml"


def requirements_name(base: str) -> str:
    """The name of the requirements file of a base."""
    return f"requirements.{base}.txt"


def problems_of(base: LockedBase, files: Mapping[str, str], snapshot: str) -> list[str]:
    """Everything that is wrong with the two files of a base, in words. ``files`` are texts by name."""
    problems = []
    for name, check in ((pylock_name(base.name), _pylock), (requirements_name(base.name), _requirements)):
        if name not in files:
            problems.append(f"{name} is missing")
            continue
        problems += [f"{name}: {problem}" for problem in check(files[name], base, snapshot)]
    return problems


# -- pylock.<base>.toml -----------------------------------------------------------------------------------------


def _pylock(text: str, base: LockedBase, snapshot: str) -> list[str]:
    try:
        found = tomli.loads(text)
        packages = {str(item["name"]): item for item in found["packages"]}
    except (tomli.TOMLDecodeError, KeyError, TypeError, RecursionError) as error:
        return [f"it cannot be read: {type(error).__name__} {error}"]
    problems = _head(found, base, snapshot)
    if len(packages) != len(found["packages"]):
        problems.append("a package stands there twice")
    problems += [f"{name} does not belong there" for name in sorted(packages.keys() - set(base.names))]
    for project in base.names:
        wanted = _package(project, base.packages[project], base)
        problems += _differences(project, packages.get(project), wanted)
    return problems


def _head(found: Mapping[str, Any], base: LockedBase, snapshot: str) -> list[str]:
    """What is wrong with everything but the packages."""
    wanted = {
        "lock-version": "1.0",
        "environments": [_ENVIRONMENT.format(**base.target.environment)],
        "requires-python": "=={}.{}.*".format(*base.target.release),
        "extras": [],
        "dependency-groups": [],
        "created-by": "wheelyard",
        "tool": {
            "wheelyard": {
                "base": base.name,
                "target": str(base.target),
                "models": list(base.models),
                "snapshot": base.since or snapshot,
            }
        },
    }
    return [
        f"{key} is {found.get(key)!r}, not {wanted.get(key)!r}"
        for key in sorted((found.keys() | wanted.keys()) - {"packages"})
        if found.get(key) != wanted.get(key)
    ]


_ENVIRONMENT = (
    'implementation_name == "{implementation_name}" and platform_machine == "{platform_machine}" '
    'and python_version == "{python_version}" and sys_platform == "{sys_platform}"'
)


def _package(project: NormalizedName, locked: Locked, base: LockedBase) -> dict[str, object]:
    """What a lock says of a package, in the words of PEP 751."""
    release, wheel = locked.release, locked.release.wheel
    needed = [{"name": name} for name in sorted(base.dependencies[project])]
    hashes = {"sha256": (wheel.sha256 or "").lower()}
    if locked.index is None:
        archive = {"url": wheel.url, "size": wheel.size, "hashes": hashes}
        return _stated({"name": project, "dependencies": needed or None, "archive": _stated(archive)})
    uploaded = None if wheel.uploaded is None else time(wheel.uploaded)
    entry = {"name": wheel.filename, "upload-time": uploaded, "url": wheel.url, "size": wheel.size, "hashes": hashes}
    return _stated(
        {
            "name": project,
            "version": str(release.version),
            "requires-python": _readable(wheel.requires_python),
            "dependencies": needed or None,
            "index": locked.index,
            "wheels": [_stated(entry)],
        }
    )


def _stated(given: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in given.items() if value is not None}


def _readable(requires_python: str | None) -> str | None:
    try:
        return str(SpecifierSet(requires_python)) if requires_python else None
    except InvalidSpecifier:
        return None


def _differences(project: str, found: Mapping[str, object] | None, wanted: Mapping[str, object]) -> list[str]:
    if found is None:
        return [f"{project} is missing"]
    return [
        f"{project}: {key} is {found.get(key)!r}, not {wanted.get(key)!r}"
        for key in sorted(found.keys() | wanted.keys())
        if found.get(key) != wanted.get(key)
    ]


# -- requirements.<base>.txt ------------------------------------------------------------------------------------


def _requirements(text: str, base: LockedBase, snapshot: str) -> list[str]:  # noqa: ARG001 (its head is comments)
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines()]
    found = [" ".join(line.split()) for line in lines if line and not line.startswith("#")]
    listing = Counter(locked.index for locked in base.packages.values() if locked.index is not None)
    indexes = sorted(listing, key=lambda url: (-listing[url], url))
    # The index that lists most is the one that the installer is given anyway.
    wanted = [f"--extra-index-url {url}" for url in indexes[1:]]
    wanted += [_pin(project, base.packages[project]) for project in base.names]
    problems = [f'"{line}" does not belong there' for line in found if line not in wanted]
    problems += [f'"{line}" is missing' for line in wanted if line not in found]
    if not problems and found != wanted:
        problems.append("a line stands there twice, or they are not in order")
    return problems


def _pin(project: NormalizedName, locked: Locked) -> str:
    wheel = locked.release.wheel
    where = f" @ {wheel.url}" if locked.index is None else f"=={locked.release.version}"
    return f"{project}{where} --hash=sha256:{(wheel.sha256 or '').lower()}"
