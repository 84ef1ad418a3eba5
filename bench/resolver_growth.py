"""Time to the proof against the number of models, and of projects, as a picture (``make bench-resolver``)."""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

from resolver import generated

SIZES = (
    *(("--models", str(models)) for models in (40, 100, 200, 400, 1000)),
    *(("--models", str(models), "--distinct", "1200") for models in (2000, 5000, 10_000)),
)
BREADTHS = tuple(("--models", "400", "--projects", str(projects)) for projects in (5, 10, 20, 30, 48))


def main() -> None:
    """Plan the fleets and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("svg", type=Path)
    svg = parser.parse_args().svg
    for options in (*SIZES, *BREADTHS):
        generated(*options, "--online")
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "wheelyard"
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    by_models = [generated(*options) for options in SIZES]
    left.plot([item["models"] for item in by_models], [item["seconds"] for item in by_models], "o-")
    left.set(xscale="log", yscale="log", xlabel="models (from 2,000 on of 1,200 kinds)", ylabel="seconds to the proof")
    for item in by_models:
        left.annotate(f"{item['bases']:.0f}", (item["models"], item["seconds"]), (4, -10), textcoords="offset points")
    left.set_title("by models; beside the points, the bases", fontsize="medium")
    by_projects = [generated(*options) for options in BREADTHS]
    right.plot([item["projects"] for item in by_projects], [item["seconds"] for item in by_projects], "o-")
    right.set(xlabel="projects that 400 models name", ylim=(0, None))
    right.set_title("by projects", fontsize="medium")
    figure.savefig(svg, metadata={"Date": None})


if __name__ == "__main__":
    main()
