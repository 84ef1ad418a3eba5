"""The process: ``wheelyard``, and the same as ``python -m wheelyard_cli``."""

from __future__ import annotations

import gc

from wheelyard_cli.main import main


def run() -> None:
    """Run the command line in a process of its own.

    A run makes millions of small values that live to its end. Looking for garbage among them took 2 of 5 seconds,
    and the interpreter looks once more when it ends.
    """
    gc.set_threshold(200_000, 50, 50)
    try:
        main()
    finally:
        gc.freeze()


if __name__ == "__main__":
    run()
