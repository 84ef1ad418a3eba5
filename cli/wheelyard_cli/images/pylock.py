"""``pylock.<base>.toml``: the lock of a base in the format that installers share.

Source: PEP 751 and the PyPA specification "pylock.toml". The file is what the specification calls single-use: one
environment, one wheel a package.
"""

from __future__ import annotations

import hashlib

import tomli_w
from packaging.markers import Marker
from packaging.pylock import Package, PackageArchive, PackageWheel, Pylock, PylockValidationError
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from wheelyard_cli.images.file_names import MARK
from wheelyard_cli.images.wheel_hash import sha256_of
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.proposal import Base, LockedPackage, Proposal
from wheelyard_resolver.target import Target


def render(proposal: Proposal, base: Base) -> str:
    """The text of the lock.

    Raises:
        InputError: a wheel has no sha256, or its file name contradicts its package.
    """
    document = lock(proposal, base).to_dict()
    return f"# {MARK}\n{tomli_w.dumps(document)}"


def digest(proposal: Proposal, base: Base) -> str:
    """``sha256:...`` of the lock's text: what an image names to lead back to its lock."""
    return f"sha256:{hashlib.sha256(render(proposal, base).encode()).hexdigest()}"


def lock(proposal: Proposal, base: Base) -> Pylock:
    """The lock as a validated value. Raises as :func:`render` does."""
    found = Pylock(
        lock_version=Version("1.0"),
        environments=[environment(base.target)],
        requires_python=SpecifierSet("==" + ".".join(map(str, base.target.release)) + ".*"),
        extras=[],
        dependency_groups=[],
        created_by="wheelyard",
        packages=[_package(package, base) for package in sorted(base.packages, key=lambda package: package.name)],
        tool={
            "wheelyard": {
                "base": base.name,
                "target": str(base.target),
                "models": sorted(base.models),
                "snapshot": base.snapshot or proposal.snapshot,
            }
        },
    )
    try:
        found.validate()
    except PylockValidationError as error:
        raise InputError(f"{base.name} cannot be locked: {error}") from error
    return found


def environment(target: Target) -> Marker:
    """The marker of a target. A marker cannot tell glibc from musl: there the wheel's own tags decide."""
    names = ("implementation_name", "platform_machine", "python_version", "sys_platform")
    return Marker(" and ".join(f"{name} == '{target.environment[name]}'" for name in names))


def _package(package: LockedPackage, base: Base) -> Package:
    wheel = package.wheel
    dependencies = [{"name": name} for name in sorted(package.dependencies)] or None
    if package.index is None:  # a direct reference: PEP 751 has it as an archive, without a version
        hashes = {"sha256": sha256_of(package, base)}
        archive = PackageArchive(url=wheel.url, size=wheel.size, hashes=hashes)
        return Package(name=package.name, dependencies=dependencies, archive=archive)
    return Package(
        name=package.name,
        version=package.version,
        requires_python=_specifiers(wheel.requires_python),
        dependencies=dependencies,
        index=package.index,
        wheels=[
            PackageWheel(
                name=wheel.filename,
                upload_time=wheel.upload_time,
                url=wheel.url,
                size=wheel.size,
                hashes={"sha256": sha256_of(package, base)},
            )
        ],
    )


def _specifiers(text: str | None) -> SpecifierSet | None:
    # Old releases state such as ">=2.7.*", which no lock may hold; that the wheel fits was decided before.
    try:
        return SpecifierSet(text) if text else None
    except InvalidSpecifier:
        return None
