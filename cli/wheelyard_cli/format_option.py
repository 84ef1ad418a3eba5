"""The option ``--format``: how a command writes its answer to stdout. Handed over as ``form``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def format_among(*forms: str) -> Callable[[Command], Command]:
    """The option with these choices; the first is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(forms),
        default=forms[0],
        show_default=True,
        help="How the answer is written to stdout.",
    )


format_option = format_among("text", "json")
