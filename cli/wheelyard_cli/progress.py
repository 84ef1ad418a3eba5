"""What is being fetched, on stderr while it is fetched; nothing where stderr is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from wheelyard_cli.simple_client import Progress as Report

_WORDS = {"pages": "project pages", "metadata": "metadata of releases"}


@contextmanager
def progress_on_stderr() -> Iterator[Report]:
    """A callback for :class:`SimpleClient` that shows what is read so far."""
    if not sys.stderr.isatty():
        yield lambda _kind, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks = {kind: bars.add_task(words, total=None, visible=False) for kind, words in _WORDS.items()}
        earlier = dict.fromkeys(_WORDS, 0)

        def report(kind: str, done: int, total: int) -> None:
            bars.update(tasks[kind], completed=earlier[kind] + done, total=earlier[kind] + total, visible=True)
            if done == total:
                earlier[kind] += total

        yield report
