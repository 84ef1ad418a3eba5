"""Import what distributions bring: what an image of a model runs while it is built.

``pip check`` trusts what packages say of each other. Where an upper bound is missing upstream, an environment passes
it and still fails at the first ``import``. Usage: ``smoke_import.py DISTRIBUTION...``; exits with 1 if one fails.

It is copied to where images are built and knows the standard library only.
"""

from __future__ import annotations

import importlib
import re
import sys
import traceback
from importlib import metadata


def top_level_modules(distribution: str) -> list[str]:
    """The importable names at the top level of an installed distribution."""
    names = set()
    for path in metadata.files(distribution) or ():
        top = path.parts[0]
        if top.endswith((".py", ".so")):
            top = top.partition(".")[0]
        elif len(path.parts) == 1 or path.suffix not in {".py", ".so"}:
            continue
        if top.isidentifier():
            names.add(top)
    return sorted(names)


def failures(distribution: str) -> list[str]:
    """What went wrong, one line each; the whole traceback goes to stderr."""
    found = []
    modules = top_level_modules(distribution)
    if not modules:
        found.append(f"{distribution} brings nothing that can be imported")
    for name in modules:
        try:
            importlib.import_module(name)
        except BaseException as error:  # noqa: BLE001 (whatever a module does when imported is its failure)
            traceback.print_exc()
            summary = re.sub(r"\s+", " ", f"{type(error).__name__}: {error}").strip()
            found.append(f"{distribution}: import {name} failed: {summary}")
    return found


def main() -> None:
    """Import all and report."""
    found = [line for distribution in sys.argv[1:] for line in failures(distribution)]
    for line in found:
        print(f"wheelyard: {line}", file=sys.stderr)
    if found:
        sys.exit(1)
    print(f"wheelyard: {', '.join(sys.argv[1:])} can be imported")


if __name__ == "__main__":
    main()
