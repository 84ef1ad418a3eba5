"""``requirements.<base>.txt``: the lock of a base for every pip there is.

Source: pip's "Requirements File Format" and "Secure installs" (hash-checking mode). Install it with
``pip install --require-hashes --no-deps --only-binary :all: -r FILE``.
"""

from __future__ import annotations

import textwrap

from wheelyard_cli.images.file_names import MARK
from wheelyard_cli.images.wheel_hash import sha256_of
from wheelyard_resolver.proposal import Base, LockedPackage, Proposal

INSTALL_OPTIONS = ("--require-hashes", "--no-deps", "--only-binary", ":all:")
"""What makes pip install this file and nothing else."""


def render(proposal: Proposal, base: Base) -> str:
    """The text of the file.

    Raises:
        InputError: a wheel has no sha256.
    """
    models = ", ".join(sorted(base.models)) or "none"
    header = [
        MARK,
        f"{base.name} of fleet {proposal.fleet} (stage {proposal.stage}), for {base.target}",
        *textwrap.wrap(
            f"models: {models}", 110, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        ),
        f"snapshot: {proposal.snapshot}",
        f"pip install {' '.join(INSTALL_OPTIONS)} -r THIS-FILE",
    ]
    # The index that lists most is the installer's --index-url; with every file bound to its hash, more are no risk.
    indexes = [f"--extra-index-url {url}" for url in base.indexes[1:]]
    pins = [
        f"{_pinned(package)} \\\n    --hash=sha256:{sha256_of(package, base)}"
        for package in sorted(base.packages, key=lambda package: package.name)
    ]
    return "\n".join([*(f"# {line}" for line in header), *indexes, *pins]) + "\n"


def _pinned(package: LockedPackage) -> str:
    if package.index is None:
        return f"{package.name} @ {package.wheel.url}"
    return f"{package.name}=={package.version}"
