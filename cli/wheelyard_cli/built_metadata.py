"""The metadata of a project that only its build backend can tell.

Sources: PEP 517 (``prepare_metadata_for_build_wheel``, else a wheel), through ``build``.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelyard_resolver.errors import InputError

_TAIL = 25
_HEADERS = ("Metadata-Version", "Name", "Version", "Requires-Python", "Requires-Dist", "Provides-Extra")


class ProjectBuildFailed(InputError):
    """A project could not be built; the message ends with what its build backend said."""

    def __init__(self, *, directory: Path, tail: str) -> None:
        super().__init__(
            f"the metadata of {directory} is dynamic, and its build failed:\n{tail}",
            hint="`python -m build --wheel` there must work; or state the dependencies in [project]",
        )
        self.directory = directory
        self.tail = tail


@dataclass(frozen=True)
class BuiltMetadata:
    """Name, version, and those headers of the METADATA file that a resolver reads."""

    name: NormalizedName
    version: Version
    text: str


def build_metadata(directory: Path) -> BuiltMetadata:
    """The metadata of the project in a directory, asked of its backend in an environment of its own.

    Raises:
        ProjectBuildFailed: the backend fails, or what it needs cannot be installed.
    """
    from build import BuildBackendException, BuildException, FailedProcessError
    from build.util import project_wheel_metadata

    try:
        metadata = project_wheel_metadata(directory)
    except BuildBackendException as error:
        raise ProjectBuildFailed(directory=directory, tail=_tail(error.exception)) from error
    except FailedProcessError as error:
        raise ProjectBuildFailed(directory=directory, tail=_tail(error.exception)) from error
    except (BuildException, subprocess.CalledProcessError) as error:
        raise ProjectBuildFailed(directory=directory, tail=_tail(error)) from error
    headers = [f"{name}: {value}" for name in _HEADERS for value in metadata.get_all(name) or ()]
    return BuiltMetadata(
        canonicalize_name(metadata["Name"]), Version(metadata["Version"]), "\n".join([*headers, "", ""])
    )


def _tail(error: BaseException) -> str:
    said = getattr(error, "output", None) or getattr(error, "stdout", None) or str(error)
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return "\n".join(text.rstrip().splitlines()[-_TAIL:])
