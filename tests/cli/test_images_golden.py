"""Whole files, word for word. ``python -m tests.cli.test_images_golden`` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.proposals import ENERGY

from wheelyard_cli.images.settings import ImageSettings
from wheelyard_cli.images.write import files_of

GOLDEN = Path(__file__).parent / "golden"
FILES = files_of(ENERGY, ImageSettings())


def test_the_golden_directory_holds_every_file_of_the_proposal() -> None:
    assert sorted(path.name for path in GOLDEN.iterdir()) == sorted(FILES)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_is_as_reviewed(name: str) -> None:
    assert FILES[name] == (GOLDEN / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    for path in GOLDEN.iterdir():
        path.unlink()
    for name, text in FILES.items():
        (GOLDEN / name).write_text(text, encoding="utf-8")
