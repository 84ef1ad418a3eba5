"""How a wheel was built, written into the wheel itself: it travels with the file, under the file's own hash.

``<name>.dist-info/sboms/wheelyard-build.cdx.json`` names the sdist by its hash as the ancestor, and what built it.

Sources: PEP 770 (SBOMs in wheels); CycloneDX 1.6, pedigree; PyPA specification "Binary distribution format" (RECORD).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import platform
import zipfile
from email.parser import BytesParser
from pathlib import Path

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType, Pedigree
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_cli import __version__
from wheelyard_resolver.page import DistributionFile

NAME = "wheelyard-build.cdx.json"


def embed(wheel: Path, project: NormalizedName, version: Version, sdist: DistributionFile, epoch: int) -> None:
    """Add the record to a wheel, and to its RECORD; the other members keep their bytes and their order."""
    with zipfile.ZipFile(wheel) as archive:
        record_name = next(name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
        info = record_name.removesuffix("/RECORD")
        generator = BytesParser().parsebytes(archive.read(f"{info}/WHEEL")).get("Generator", "unknown")
        text = _record(project, version, sdist, epoch, generator)
        path = f"{info}/sboms/{NAME}"
        rewritten = wheel.with_suffix(".rewritten")
        with zipfile.ZipFile(rewritten, "w", zipfile.ZIP_DEFLATED) as out:
            for member in archive.infolist():
                if member.filename != record_name:
                    with (
                        archive.open(member) as source,
                        out.open(member, "w", force_zip64=member.file_size > 1 << 31) as to,
                    ):
                        while chunk := source.read(1 << 20):
                            to.write(chunk)
            record = archive.getinfo(record_name)
            out.writestr(zipfile.ZipInfo(path, record.date_time), text, zipfile.ZIP_DEFLATED)
            out.writestr(record, _with_line(archive.read(record_name).decode(), path, text.encode()))
    rewritten.replace(wheel)


def _with_line(record: str, path: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([path, f"sha256={digest}", len(content)])
    return f"{record.rstrip()}\n{line.getvalue()}"


def _record(project: NormalizedName, version: Version, sdist: DistributionFile, epoch: int, generator: str) -> str:
    assert sdist.sha256 is not None, "it was checked"
    source = Component(
        name=project,
        version=str(version),
        type=ComponentType.LIBRARY,
        bom_ref="sdist",
        purl=PackageURL("pypi", name=project, version=str(version), qualifiers={"file_name": sdist.filename}),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sdist.sha256)],
        external_references=[ExternalReference(type=ExternalReferenceType.SOURCE_DISTRIBUTION, url=XsUri(sdist.url))],
    )
    facts = {
        "wheelyard:build:generator": generator,
        "wheelyard:build:python": platform.python_version(),
        "wheelyard:build:platform": platform.platform(),
        "wheelyard:build:source-date-epoch": str(epoch),
    }
    wheel = Component(
        name=project,
        version=str(version),
        type=ComponentType.LIBRARY,
        bom_ref="wheel",
        purl=PackageURL("pypi", name=project, version=str(version)),
        pedigree=Pedigree(ancestors=[source]),
        properties=[Property(name=name, value=value) for name, value in facts.items()],
    )
    bom = Bom()
    bom.metadata.component = wheel
    bom.metadata.tools.components.add(
        Component(name="wheelyard", version=__version__, type=ComponentType.APPLICATION, bom_ref="wheelyard")
    )
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"
