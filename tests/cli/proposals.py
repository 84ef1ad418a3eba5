"""A small proposal in the tests' own words."""

from __future__ import annotations

import datetime as dt
import hashlib

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelyard_resolver.demand import Demand
from wheelyard_resolver.explain import Explanation
from wheelyard_resolver.facts import AllRefused, Required
from wheelyard_resolver.findings import Conflict, Unplaceable
from wheelyard_resolver.model import ModelPackage, RequirementLine
from wheelyard_resolver.page import DistributionFile
from wheelyard_resolver.pivots import Camp, Member, Pivot, Want
from wheelyard_resolver.proposal import Base, LockedPackage, Proposal
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


def conflict(*lines: RequirementLine) -> Conflict:
    """A conflict of those lines."""
    models = tuple(sorted({line.model for line in lines if line.model is not None}))
    return Conflict(GLIBC, models, lines, Explanation(GLIBC, models, tuple(Required(line) for line in lines)))


def want(requirement: str, *models: str) -> Want:
    """What those models want of a project."""
    return Want((Demand.of(Requirement(requirement)),), (), tuple(Member(model, None) for model in models))


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

SIX_CLASH = conflict(line("churn", "six>=1.16", "churn/pyproject.toml:12"), line("meter-anomaly", "six<1.16"))
THREE_CLASH = conflict(line("churn", "six!=1.15"), line("demand-forecast@canary", "six!=1.16"), line(None, "six<1.17"))
NO_WHEEL = AllRefused(Demand.of(Requirement("pyspark>=3.5")), (("has only an sdist", (Version("3.5.1"),)),))

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
    conflicts=(SIX_CLASH, THREE_CLASH),
    unplaceable=(
        Unplaceable(
            "spark-etl",
            Explanation(GLIBC, ("spark-etl",), (Required(line("spark-etl", "pyspark>=3.5")), NO_WHEEL)),
            (line("spark-etl", "pyspark>=3.5"),),
        ),
    ),
    pivots=(
        Pivot(
            canonicalize_name("six"),
            GLIBC,
            (
                Camp((want("six<1.16", "meter-anomaly"),), SpecifierSet("<1.16"), Version("1.14.0"), Version("1.15.0")),
                Camp((want("six>=1.16", "churn"),), SpecifierSet(">=1.16"), Version("1.16.0"), Version("1.17.0")),
            ),
            (SIX_CLASH,),
            1,
        ),
    ),
    models=(
        model("churn", "1.9.0", wheel=wheel("churn-1.9.0-py3-none-any.whl", size=4_100)),
        model("demand-forecast", "1.5.0+gpu", slot="canary"),
        model("meter-anomaly", "3.0.1"),
    ),
)
