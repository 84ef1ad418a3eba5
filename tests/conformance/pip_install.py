"""What pip's own resolver installs for some requirements, asked of an index on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelyard_resolver.target import Target

Versions = dict[NormalizedName, Version]


@dataclass(frozen=True)
class PipAnswer:
    """The versions that pip would install, or None and the last thing it said."""

    versions: Versions | None
    said: str


def pip_version() -> str:
    """The pip beside this Python."""
    return subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, check=True
    ).stdout.split()[1]


def platform_tags(target: Target) -> list[str]:
    """Every platform tag of a target: pip does not expand ``manylinux_2_28`` to the older ones by itself."""
    return list(dict.fromkeys(tag.platform for tag in target.tags if tag.platform != "any"))


def ask_pip(
    requirements: Sequence[str], target: Target, index_url: str, *, scratch: Path, before: str, patience: float = 600
) -> PipAnswer:
    """Let pip resolve; nothing is downloaded but METADATA. ``before`` is what ``exclude-newer`` is to Wheelyard.

    pip evaluates markers for the Python that runs it: the caller sees to it that this is the target's.
    """
    platforms = [argument for tag in platform_tags(target) for argument in ("--platform", tag)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "install"),
            *("--dry-run", "--ignore-installed", "--quiet", "--report", "-", "--target", str(scratch)),
            *("--only-binary", ":all:", "--implementation", "cp", "--python-version", target.python, *platforms),
            *("--index-url", index_url, "--uploaded-prior-to", before, "--no-cache-dir", *requirements),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=patience,
        env={**environment, "PIP_CONFIG_FILE": os.devnull, "NO_COLOR": "1"},
    )
    if run.returncode != 0:
        return PipAnswer(None, next(reversed(run.stderr.strip().splitlines()), "nothing"))
    items = [item["metadata"] for item in json.loads(run.stdout)["install"]]
    return PipAnswer({canonicalize_name(item["name"]): Version(item["version"]) for item in items}, "")
