"""``python -m wheelyard_cli``: the same as ``wheelyard``."""

from wheelyard_cli.main import main

main()
