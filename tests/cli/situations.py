"""Situations to be explained, each a small world in which something does not fit.

What is said of a situation stands in ``explanations/``, one file each.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from tests.resolver.fake_index import TARGET, Projects, Release, constraint, model

from wheelyard_resolver.model import CandidatePolicy, ModelPackage, RequirementLine
from wheelyard_resolver.page import parse_time
from wheelyard_resolver.target import Target


@dataclass(frozen=True)
class Situation:
    """Projects of an index, and models that are asked about: whether they can live together (``explain``), or what
    is in the way of the fleet that they are (``check``)."""

    title: str
    projects: Projects
    models: tuple[ModelPackage, ...]
    constraints: tuple[RequirementLine, ...] = ()
    policy: CandidatePolicy | None = None
    whole_fleet: bool = False


X: Projects = {"x": {"1.0": [], "1.1": [], "2.0": [], "3.0": []}}
HOSTED = "https://files.example/x-9.0-py3-none-any.whl"
NEWER = Target("3.12.1", TARGET.platform)
BEFORE_MAY = CandidatePolicy(exclude_newer=parse_time("2026-05-01T00:00:00Z"))
WINDOWS = "cp311-cp311-win_amd64"
OTHER_PYTHON = dataclasses.replace(model("a", "x"), requires_python=SpecifierSet(">=3.12"))
RELEASED = dataclasses.replace(model("churn", "x<2", owner="customer"), released=frozenset())
WANTS_GPU = dataclasses.replace(model("churn", "x<2"), released=frozenset({canonicalize_name("gpu")}))
PLACED = tuple(
    dataclasses.replace(line, origin=f"a/pyproject.toml:{number}")
    for number, line in enumerate(model("a", "x<2").lines, 12)
)


def deep(*specifiers: str) -> Projects:
    """x below z below y."""
    return {**X, "y": {"1.0": ["z"]}, "z": {"4.0": [f"x{specifiers[0]}"], "5.0": [f"x{specifiers[-1]}"]}}


SITUATIONS: Mapping[str, Situation] = {
    "two-lines": Situation(
        "Two models want different releases of one project.", X, (model("a", "x<2"), model("b", "x>=2"))
    ),
    "owners-and-places": Situation(
        "Whose line it is, and where it stands.",
        X,
        (dataclasses.replace(model("a", "x<2"), lines=PLACED), model("b", "x>=2", owner="pricing")),
    ),
    "one-hop": Situation(
        "The only release on the way decides.", {**X, "y": {"1.0": ["x<2"]}}, (model("a", "y"), model("b", "x>=2"))
    ),
    "three-hops": Situation(
        "A chain of three hops: told from the line down.", deep("<2"), (model("a", "y"), model("b", "x>=2"))
    ),
    "four-hops": Situation(
        "A chain of four hops against one of two.",
        {**deep("<2"), "v": {"7.0": ["y>=1"]}, "w": {"1.0": ["x>=2"]}},
        (model("a", "v"), model("b", "w")),
    ),
    "ranges-on-the-way": Situation(
        "Releases on the way that want different things are told apart.",
        deep("<2", "<3"),
        (model("a", "y"), model("b", "x>=3")),
    ),
    "many-ranges-on-the-way": Situation(
        "Every release on the way pins something else: the oldest are told, the others counted.",
        {**X, "y": {f"1.{minor}": [f"x==1.{minor}"] for minor in range(9)}},
        (model("a", "y"), model("b", "x>=2")),
    ),
    "only-some-releases": Situation(
        "A line leaves out the releases on the way that would do.",
        {**X, "y": {"1.0": ["x<2"], "1.1": ["x<2"], "2.0": ["x>=2"]}},
        (model("a", "y<2"), model("b", "x>=2")),
    ),
    "beside-the-chain": Situation(
        "What has nothing to do with it is not mentioned.",
        {**X, "y": {"1.0": ["w", "x<2"]}, "w": {"1.0": []}},
        (model("a", "y", "w"), model("b", "x>=2")),
    ),
    "extra": Situation(
        "The extra on the way is what brings the demand in.",
        {**X, "y": {"1.0": Release(["x<2; extra == 'gpu'"], extras=["gpu"])}},
        (model("a", "y[gpu]"), model("b", "x>=2")),
    ),
    "marker-that-holds": Situation(
        "A dependency for this platform counts.",
        {**X, "y": {"1.0": ["x<2; sys_platform == 'linux'", "x<1; sys_platform == 'win32'"]}},
        (model("a", "y"), model("b", "x>=2")),
    ),
    "marker-on-a-line": Situation(
        "A line with a marker is told with it.",
        X,
        (model("a", "x<2; python_version < '3.13'"), model("b", "x>=2")),
    ),
    "three-models": Situation(
        "Any two can live together, the three cannot.",
        X,
        (model("a", "x!=3.0"), model("b", "x!=1.0,!=1.1"), model("c", "x!=2.0")),
    ),
    "three-models-in-a-chain": Situation(
        "A conflict of three that takes a project in between.",
        {**X, "y": {"1.0": ["x<2"], "2.0": ["x>=3"]}},
        (model("a", "y", owner="grid"), model("b", "x!=3.0"), model("c", "x>=1.1,!=1.1")),
    ),
    "several-pivots": Situation(
        "The releases of y clash with one model over x and with the other over w: no single project is it.",
        {**X, "w": {"1.0": [], "2.0": []}, "y": {"1.0": ["x<2"], "2.0": ["w<2"]}},
        (model("a", "y"), model("b", "x>=2", "w>=2")),
    ),
    "fleet-constraint": Situation(
        "A constraint of the fleet has no owner to talk to, but a reason.",
        X,
        (model("a", "x>=2"),),
        constraints=(constraint("x<2", "glibc of the cluster"),),
    ),
    "fleet-constraint-below": Situation(
        "A constraint reaches what models do not name.",
        {**X, "y": {"1.0": ["x>=2"]}},
        (model("a", "y"),),
        constraints=(constraint("x<2"),),
    ),
    "one-model-against-itself": Situation("A model contradicts itself.", X, (model("a", "x<2", "x>=2"),)),
    "one-model-through-another": Situation(
        "A model contradicts itself through what it requires.",
        {**X, "y": {"1.0": ["x<2"]}},
        (model("a", "x>=2", "y", owner="grid"),),
    ),
    "no-such-project": Situation("Often a typing error.", X, (model("a", "pandsa"),)),
    "no-such-project-below": Situation(
        "A dependency that the index does not have.", {"y": {"1.0": ["private-thing"]}}, (model("a", "y"),)
    ),
    "no-such-release": Situation("Which is the newest, then?", X, (model("a", "x>=9"),)),
    "no-release-at-all": Situation("A project without files.", {"x": {}}, (model("a", "x"),)),
    "sdist-only": Situation(
        "Releases without wheels are no candidates; an older one would do.",
        {"x": {"1.0": [], "2.0": Release(tags=[]), "2.1": Release(tags=[])}},
        (model("a", "x>=2"),),
    ),
    "other-platform": Situation(
        "Wheels for another platform only.",
        {"x": {"1.0": Release(tags=[WINDOWS]), "1.1": Release(tags=[WINDOWS])}},
        (model("a", "x"),),
    ),
    "requires-python": Situation(
        "Releases for another Python.",
        {"x": {"1.0": Release(requires_python="<3.10"), "2.0": Release(requires_python=">=3.12")}},
        (model("a", "x"),),
    ),
    "model-for-another-python": Situation("The model itself is for another Python.", X, (OTHER_PYTHON,)),
    "yanked": Situation(
        "A yanked release, which the policy may admit.",
        {"x": {"1.0": [], "2.0": Release(yanked="wrong numbers")}},
        (model("a", "x>=2"),),
    ),
    "pre-releases": Situation(
        "A pre-release of a project that has final ones, which the policy may admit.",
        {"x": {"1.0": [], "2.0rc1": []}},
        (model("a", "x>=2.0rc1"),),
    ),
    "exclude-newer": Situation(
        "The release that would do was uploaded too late.",
        {"x": {"1.0": [], "2.0": Release(uploaded="2026-06-01T08:30:00Z")}},
        (model("a", "x>=2"),),
        policy=BEFORE_MAY,
    ),
    "many-reasons": Situation(
        "Each release is refused for a reason of its own.",
        {
            "x": {
                "1.0": [],
                "4.0": Release(requires_python=">=3.12"),
                "5.0": Release(tags=[WINDOWS]),
                "6.0": Release(uploaded="2026-06-01T00:00:00Z"),
                "7.0": Release(yanked=True),
            }
        },
        (model("a", "x>3"),),
        policy=BEFORE_MAY,
    ),
    "unreadable-metadata": Situation(
        "A wheel whose METADATA cannot be read.", {"x": {"1.0": Release(metadata=None)}}, (model("a", "x"),)
    ),
    "local-versions": Situation(
        "A build for CPUs is another release than the one for GPUs.",
        {"torch": {"2.1.0+cpu": [], "2.1.0+cu121": []}},
        (model("a", "torch==2.1.0+cpu"), model("b", "torch==2.1.0+cu121")),
    ),
    "direct-url": Situation(
        "A file named by URL, and another model's range.",
        X,
        (model("a", f"x @ {HOSTED}"), model("b", "x<3")),
    ),
    "direct-url-of-no-wheel": Situation(
        "A URL of something that cannot be installed here.",
        X,
        (model("a", f"x @ https://files.example/x-9.0-{WINDOWS}.whl"),),
    ),
    "transitive-url": Situation(
        "A release that depends on a URL.",
        {"y": {"1.0": [f"x @ {HOSTED}"]}},
        (model("a", "y"),),
    ),
    "two-slots": Situation(
        "Two slots of one model are two models.",
        X,
        (model("churn", "x<2"), model("churn", "x>=2", slot="canary")),
    ),
    "several-uninstallable": Situation(
        "Models that cannot be installed at all are told before any conflict.",
        X,
        (model("a", "x>=9"), model("b", "pandsa"), model("c", "x<2"), model("d", "x>=2")),
    ),
    "more-than-one-conflict": Situation(
        "Were y the only conflict, either could give way; but x keeps the two apart as well.",
        {**X, "y": {"1.0": [], "2.0": []}},
        (model("a", "y<2", "x<2"), model("b", "y>=2", "x>=2")),
    ),
    "pinned": Situation("A pin is stretched no further than it must.", X, (model("a", "x==1.0"), model("b", "x>=2"))),
    "newer-release": Situation(
        "A newer release of the model is in the index and fits.",
        {**X, "churn": {"1.0": ["x<2"], "1.5": ["x<2"], "1.9": ["x<4"], "2.0": ["x<2"]}},
        (RELEASED, model("b", "x>=2")),
    ),
    "newer-release-with-its-extra": Situation(
        "What the model's extra asks for counts.",
        {**X, "churn": {"1.9": Release(["x<4", "x<2; extra == 'gpu'"], extras=["gpu"])}},
        (WANTS_GPU, model("b", "x>=2")),
    ),
    "epochs": Situation(
        "Versions with an epoch.",
        {"x": {"2024.1": [], "1!1.0": [], "1!2.0": []}},
        (model("a", "x<1!0"), model("b", "x>=1!1")),
    ),
    "fleet": Situation(
        "Many pairs that disagree over one project are one finding; one more is told on a line.",
        {**X, "y": {"1.0": ["x<2"]}, "w": {"1.0": [], "2.0": []}},
        (
            model("a", "x<2", owner="grid"),
            model("b", "x<1.1"),
            model("c", "y", "w<2", owner="pricing"),
            model("d", "x>=2"),
            model("e", "x>=2", owner="grid"),
            model("f", "x>=3", "w>=2"),
            model("g", "pandsa", owner="customer"),
        ),
        whole_fleet=True,
    ),
    "fleet-with-a-conflict-of-three": Situation(
        "What no single project sums up is told in full.",
        X,
        (model("a", "x!=3.0"), model("b", "x!=1.0,!=1.1"), model("c", "x!=2.0"), model("d", "x<2"), model("e", "x<2")),
        whole_fleet=True,
    ),
    "fleet-of-two-targets": Situation(
        "A pivot is told with its target.",
        X,
        (
            model("a", "x<2"),
            model("b", "x>=2"),
            model("c", "x<2", target=NEWER),
            model("d", "x>=2,<3", target=NEWER),
            model("e", "x>=3", target=NEWER),
        ),
        whole_fleet=True,
    ),
    "fleet-with-twins": Situation(
        "Models with the same lines are counted, though asked about once.",
        X,
        (*(model(f"old-{number:02}", "x<2") for number in range(10)), model("new-1", "x>=2"), model("new-2", "x>=2")),
        whole_fleet=True,
    ),
    "fleet-at-peace": Situation(
        "Nothing stands in the way.", X, (model("a", "x"), model("b", "x<2")), whole_fleet=True
    ),
    "extra-asked-for-elsewhere": Situation(
        "The extra that matters is asked for on another way than the release that has it.",
        {
            "gone": {},
            "y": {"1.0": Release(), "2.0": Release(["gone; extra == 'fast'"], extras=["fast"])},
            "z": {"1.0": ["y[fast]"]},
        },
        (model("a", "y==2.0", "z"),),
    ),
}
