"""A small proposal in the tests' own words."""

from __future__ import annotations

import datetime as dt
import hashlib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelyard_resolver.model import ModelPackage, RequirementLine
from wheelyard_resolver.page import DistributionFile
from wheelyard_resolver.proposal import Base, Conflict, LockedPackage, Proposal, Unplaceable
from wheelyard_resolver.target import Target

GLIBC = Target.parse("3.11.7", "manylinux_2_28_x86_64")
MUSL = Target.parse("3.12.4", "musllinux_1_2_aarch64")
MACOS = Target.parse("3.12.4", "macosx_14_0_arm64")
SNAPSHOT = "sha256:" + "5" * 64


def wheel(filename: str, *, uploaded: str | None = None, size: int | None = None) -> DistributionFile:
    """A file whose hash follows from its name."""
    return DistributionFile(
        filename=filename,
        url=f"https://files.example/{filename}",
        sha256=hashlib.sha256(filename.encode()).hexdigest(),
        size=size,
        requires_python=">=3.8",
        upload_time=dt.datetime.fromisoformat(uploaded) if uploaded else None,
    )


INDEX = "https://index.example/simple/"


def package(
    name: str, version: str, *dependencies: str, file: DistributionFile | None = None, index: str | None = INDEX
) -> LockedPackage:
    """A package with its pure wheel, unless another file is given."""
    return LockedPackage(
        name=canonicalize_name(name),
        version=Version(version),
        wheel=file or wheel(f"{name.replace('-', '_')}-{version}-py3-none-any.whl"),
        dependencies=tuple(canonicalize_name(dependency) for dependency in dependencies),
        index=index,
    )


def line(model: str | None, requirement: str, origin: str | None = None) -> RequirementLine:
    """A requirement line."""
    return RequirementLine(Requirement(requirement), model=model, origin=origin)


def model(name: str, version: str, *, slot: str = "default", wheel: DistributionFile | None = None) -> ModelPackage:
    """A model without lines."""
    return ModelPackage(canonicalize_name(name), Version(version), GLIBC, (), slot, owner="forecasting", wheel=wheel)


def base(name: str, *packages: LockedPackage, target: Target = GLIBC, models: tuple[str, ...] = ("churn",)) -> Base:
    """A base of those packages."""
    return Base(name=name, target=target, models=models, packages=packages)


def proposal(*bases: Base, minimal: bool = True, lower_bound: int | None = None) -> Proposal:
    """A proposal of those bases, without conflicts."""
    return Proposal(
        fleet="energy",
        stage="prod",
        snapshot=SNAPSHOT,
        minimal=minimal,
        lower_bound=len(bases) if lower_bound is None else lower_bound,
        bases=bases,
        conflicts=(),
        unplaceable=(),
    )


DATEUTIL = package(
    "python-dateutil",
    "2.9.0.post0",
    "six",
    file=wheel(
        "python_dateutil-2.9.0.post0-py2.py3-none-any.whl", uploaded="2024-03-01T18:36:18.570437+00:00", size=229_892
    ),
)
SIX = package(
    "six", "1.17.0", file=wheel("six-1.17.0-py2.py3-none-any.whl", uploaded="2024-12-04T17:35:26+00:00", size=11_050)
)
OLD_SIX = package("six", "1.15.0", file=wheel("six-1.15.0-py2.py3-none-any.whl", size=10_963))

ENERGY = Proposal(
    fleet="energy",
    stage="prod",
    snapshot=SNAPSHOT,
    minimal=True,
    lower_bound=2,
    bases=(
        base("base-a", DATEUTIL, SIX, models=("churn", "demand-forecast@canary")),
        base("base-b", OLD_SIX, models=("meter-anomaly",)),
    ),
    conflicts=(
        Conflict(
            target=GLIBC,
            models=("churn", "meter-anomaly"),
            lines=(line("churn", "six>=1.16", "churn/pyproject.toml:12"), line("meter-anomaly", "six<1.16")),
            because=("Because churn requires six>=1.16 and meter-anomaly requires six<1.16, they clash.",),
        ),
    ),
    unplaceable=(Unplaceable("spark-etl", "pyspark 3.5.1 has no wheel, only pyspark-3.5.1.tar.gz"),),
    models=(
        model("churn", "1.9.0", wheel=wheel("churn-1.9.0-py3-none-any.whl", size=4_100)),
        model("demand-forecast", "1.5.0+gpu", slot="canary"),
        model("meter-anomaly", "3.0.1"),
    ),
)
