"""What images weigh: in a registry, and on a node that runs every model; proposed, and with one image a model.

A wheel counts with its file size, which is near what its compressed layer has (both are deflated archives of the same
files). The Python image that all start from is left out on both sides.

With one image a model, each model is taken to have the packages of its base's lock that it needs, in one layer of its
own: no two such layers are equal unless all their wheels are.

Sources: OCI image specification. A registry keeps a layer once, by its digest; a node shares a layer only on top of the
same layers (chain identifier).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.utils import NormalizedName

from wheelyard_cli.images.layers import layers_of
from wheelyard_resolver.core_metadata import holds
from wheelyard_resolver.model import ModelPackage
from wheelyard_resolver.proposal import Base, LockedPackage, Proposal


@dataclass(frozen=True)
class Footprint:
    """Bytes of all images together."""

    images: int
    registry: int
    node: int


Layer = tuple[LockedPackage, ...]
"""What one layer installs."""


def proposed(proposal: Proposal) -> Footprint:
    """The images of a proposal: each base, and on it a thin image for each model."""
    images = []
    for base in proposal.bases:
        found = layers_of(base)
        images.append([*((package,) for package in found.heavy), found.rest])
    thin = sum(_size_of_model(model) for base in proposal.bases for model in proposal.models_of(base))
    models = sum(len(proposal.models_of(base)) for base in proposal.bases)
    return Footprint(len(images) + models, _registry(images) + thin, _node(images) + thin)


def one_image_a_model(proposal: Proposal) -> Footprint:
    """The same models, each with an image of its own."""
    hosted = [(model, base) for base in proposal.bases for model in proposal.models_of(base)]
    images = [[needed(model, base)] for model, base in hosted]
    thin = sum(_size_of_model(model) for model, _ in hosted)
    return Footprint(len(images), _registry(images) + thin, _node(images) + thin)


def needed(model: ModelPackage, base: Base) -> Layer:
    """The packages of a base that a model needs, by name."""
    packages = {package.name: package for package in base.packages}
    reached: set[NormalizedName] = set()
    todo = [line.project for line in model.lines if holds(line.requirement.marker, base.target)]
    while todo:
        name = todo.pop()
        if name in packages and name not in reached:
            reached.add(name)
            todo += packages[name].dependencies
    return tuple(packages[name] for name in sorted(reached))


def _registry(images: Iterable[Iterable[Layer]]) -> int:
    return sum(_size(layer) for layer in {_identity(layer): layer for image in images for layer in image}.values())


def _node(images: Iterable[Iterable[Layer]]) -> int:
    chains = {chain: layer for image in images for chain, layer in _chains(image)}
    return sum(_size(layer) for layer in chains.values())


def _chains(image: Iterable[Layer]) -> Iterator[tuple[tuple[frozenset[str], ...], Layer]]:
    chain: tuple[frozenset[str], ...] = ()
    for layer in image:
        chain = (*chain, _identity(layer))
        yield chain, layer


def _identity(layer: Layer) -> frozenset[str]:
    return frozenset(package.wheel.sha256 or package.wheel.url for package in layer)


def _size(layer: Layer) -> int:
    return sum(package.wheel.size or 0 for package in layer)


def _size_of_model(model: ModelPackage) -> int:
    return (model.wheel.size or 0) if model.wheel is not None else 0
