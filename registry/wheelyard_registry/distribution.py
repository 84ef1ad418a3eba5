"""What the name of a distribution file says.

Sources: the binary distribution format (PEP 427, PEP 491) and the source distribution format (PEP 625).
"""

from __future__ import annotations

from dataclasses import dataclass

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_version,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from wheelyard_registry.file_errors import RefusedFile

MAX_FILENAME = 255
"""The longest name that common file systems can give to a downloaded file."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution file as its name describes it.

    ``identity`` is equal for two spellings of one file: other capitals, other separators, ``1.0`` for ``1.0.0``. A
    release has one sdist, whatever its suffix.
    """

    filename: str
    project: NormalizedName
    version: Version
    is_wheel: bool
    identity: str


def parse_filename(filename: str) -> Distribution:
    """Read the name of a wheel or an sdist.

    Raises:
        RefusedFile: it is neither.
    """
    if len(filename) > MAX_FILENAME:
        raise RefusedFile(filename=filename, problems=[f"its name is longer than {MAX_FILENAME} characters"])
    try:
        if filename.endswith(".whl"):
            return _wheel(filename)
        if filename.endswith((".tar.gz", ".zip")):
            return _sdist(filename)
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        raise RefusedFile(filename=filename, problems=[str(error)]) from error
    raise RefusedFile(filename=filename, problems=["it is neither a wheel (.whl) nor an sdist (.tar.gz, .zip)"])


def _wheel(filename: str) -> Distribution:
    project, version, build, _ = parse_wheel_filename(filename)
    tags = "-".join(filename.removesuffix(".whl").lower().rsplit("-", 3)[1:])
    number = f"-{build[0]}{build[1]}" if build else ""
    identity = f"{project}-{canonicalize_version(version)}{number}-{tags}.whl"
    return Distribution(filename, project, version, is_wheel=True, identity=identity)


def _sdist(filename: str) -> Distribution:
    project, version = parse_sdist_filename(filename)
    identity = f"{project}-{canonicalize_version(version)}.sdist"
    return Distribution(filename, project, version, is_wheel=False, identity=identity)
