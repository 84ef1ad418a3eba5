"""``sbom.<base>.cdx.json``: what is in the image of a base, for scanners and auditors.

The serial number and the time follow from the lock, so that the same base has the same bytes.

Source: CycloneDX 1.6, package URL specification (``pkg:pypi``).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from wheelyard_cli import __version__
from wheelyard_cli.images import dockerfile
from wheelyard_cli.images.wheel_hash import sha256_of
from wheelyard_resolver.proposal import Base, LockedPackage

TOOL = "wheelyard"


def render(base: Base) -> str:
    """The text of the bill of materials.

    Raises:
        InputError: a wheel has no sha256.
    """
    root = Component(
        name=base.name, version=base.revision, type=ComponentType.CONTAINER, bom_ref=base.name, properties=_facts(base)
    )
    components = {package.name: _component(package, base) for package in base.packages}
    bom = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"{base.name}@{base.revision}"), components=components.values()
    )
    bom.metadata.timestamp = dockerfile.created(base)
    bom.metadata.component = root
    bom.metadata.tools.components.add(Component(name=TOOL, version=__version__, type=ComponentType.APPLICATION))
    # Not by register_dependency: for each dependency it looks through all that are there.
    bom.dependencies = [_needs(root, components.values())] + [
        _needs(components[package.name], (components[name] for name in package.dependencies))
        for package in base.packages
    ]
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _needs(component: Component, others: Iterable[Component]) -> Dependency:
    return Dependency(component.bom_ref, (Dependency(other.bom_ref) for other in others))


def _facts(base: Base) -> list[Property]:
    return [Property(name="wheelyard:target", value=str(base.target))]


def _component(package: LockedPackage, base: Base) -> Component:
    version, wheel = str(package.version), package.wheel
    digest = HashType(alg=HashAlgorithm.SHA_256, content=sha256_of(package, base))
    return Component(
        name=package.name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{package.name}=={version}",
        purl=PackageURL("pypi", name=package.name, version=version, qualifiers={"file_name": wheel.filename}),
        hashes=[digest],
        external_references=[
            ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(wheel.url), hashes=[digest])
        ],
    )
