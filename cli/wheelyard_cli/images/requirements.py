"""``requirements.<base>.txt``: the lock of a base for every pip there is.

Source: pip's "Requirements File Format" and "Secure installs" (hash-checking mode). Install it with
``pip install --require-hashes --no-deps --only-binary :all: -r FILE``.
"""

from __future__ import annotations

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
    # Neither models nor snapshot: an image is built from this file, and changes when the lock does.
    header = [
        MARK,
        f"{base.name} of fleet {proposal.fleet} (stage {proposal.stage}), for {base.target}",
        f"revision: {base.revision}",
        f"pip install {' '.join(INSTALL_OPTIONS)} -r THIS-FILE",
    ]
    # The index that lists most is the installer's --index-url; with every file bound to its hash, more are no risk.
    indexes = [f"--extra-index-url {url}" for url in base.indexes[1:]]
    pins = [pinned(package, base, " \\\n    ") for package in sorted(base.packages, key=lambda package: package.name)]
    return "\n".join([*(f"# {line}" for line in header), *indexes, *pins]) + "\n"


def pinned(package: LockedPackage, base: Base, separator: str = " ") -> str:
    """``NAME==VERSION --hash=sha256:...``. Raises as :func:`render` does."""
    what = f"{package.name} @ {package.wheel.url}" if package.index is None else f"{package.name}=={package.version}"
    return f"{what}{separator}--hash=sha256:{sha256_of(package, base)}"
