"""Facts of what images weigh, and of the bill of materials."""

from __future__ import annotations

import dataclasses
import json

from cyclonedx.model.bom import Bom
from tests.cli.proposals import ENERGY, SIX, base, line, model, package, proposal, wheel

from wheelyard_cli.images import sbom, sizes
from wheelyard_cli.images.sizes import Footprint
from wheelyard_resolver.model import ModelPackage
from wheelyard_resolver.proposal import LockedPackage

MB = 1_000_000


def heavy(name: str, size: int, *dependencies: str) -> LockedPackage:
    return package(name, "1", *dependencies, file=wheel(f"{name}-1-py3-none-any.whl", size=size * MB))


def needing(name: str, *requirements: str) -> ModelPackage:
    return dataclasses.replace(model(name, "1"), lines=tuple(line(name, text) for text in requirements))


TORCH, CUDA, NUMPY, SMALL = heavy("torch", 700, "cuda"), heavy("cuda", 600), heavy("numpy", 30), heavy("small", 1)


def test_a_model_needs_what_its_lines_lead_to() -> None:
    one = base("base-a", TORCH, CUDA, NUMPY, SMALL)
    assert sizes.needed(needing("m", "torch>=1", "small; python_version < '3'"), one) == (CUDA, TORCH)


def test_a_registry_keeps_an_equal_layer_once_and_a_node_only_upon_equal_layers() -> None:
    """The second base has nothing before numpy, the first has torch and cuda: the layer is equal, the chain is not."""
    one, other = base("base-a", TORCH, CUDA, NUMPY, models=("m",)), base("base-b", NUMPY, SMALL, models=("n",))
    found = dataclasses.replace(proposal(one, other), models=(needing("m", "torch", "numpy"), needing("n", "numpy")))
    assert sizes.proposed(found) == Footprint(images=4, registry=1331 * MB, node=1361 * MB)
    assert sizes.one_image_a_model(found) == Footprint(images=2, registry=1360 * MB, node=1360 * MB)


def test_bases_that_begin_alike_share_their_beginning_on_a_node() -> None:
    one, other = base("base-a", TORCH, CUDA, NUMPY), base("base-b", TORCH, CUDA)
    assert sizes.proposed(proposal(one, other)).node == 1330 * MB


def test_the_bill_of_materials_is_read_by_the_reference_library() -> None:
    one = ENERGY.bases[0]
    read = Bom.from_json(json.loads(sbom.render(one)))  # type: ignore[attr-defined]
    assert {str(component.purl) for component in read.components} == {
        "pkg:pypi/python-dateutil@2.9.0.post0?file_name=python_dateutil-2.9.0.post0-py2.py3-none-any.whl",
        "pkg:pypi/six@1.17.0?file_name=six-1.17.0-py2.py3-none-any.whl",
    }
    assert read.metadata.component is not None
    assert read.metadata.component.version == one.revision


def test_the_bill_of_materials_follows_from_the_lock() -> None:
    assert sbom.render(base("base-a", SIX, models=("m",))) == sbom.render(base("base-a", SIX, models=("n",)))
