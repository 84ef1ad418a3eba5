"""Reading a parsed document key by key, and saying everything that is wrong with it in one go."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from wheelyard_cli.toml_lines import KeyPath
from wheelyard_resolver.errors import InputError, InputErrors

T = TypeVar("T")


@dataclass
class Problems:
    """What is wrong with one document so far. ``lines`` is empty for a document that has none, such as JSON."""

    document: str
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    found: list[InputError] = field(default_factory=list)

    def place(self, path: KeyPath) -> str:
        """``FILE:LINE`` of a key, or of the innermost table around it whose line is known."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return f"{self.document}:{self.lines[path[:length]]}"
        return self.document

    def add(self, path: KeyPath, message: str, *, hint: str | None = None) -> None:
        """Take down one problem."""
        self.found.append(InputError(message, where=self.place(path), hint=hint))

    def take(self, path: KeyPath, error: InputError) -> None:
        """Take down an error met elsewhere, or each of several; it keeps its own place if it has one."""
        if isinstance(error, InputErrors):
            for part in error.errors:
                self.take(path, part)
            return
        self.found.append(InputError(error.message, where=error.where or self.place(path), hint=error.hint))

    def raise_any(self) -> None:
        """Raise all of them, in the order of the document, if there are any."""
        InputErrors.raise_any(sorted(self.found, key=self._position))

    def _position(self, error: InputError) -> tuple[bool, int]:
        document, _, line = (error.where or "").rpartition(":")
        return (False, int(line)) if document == self.document and line.isdigit() else (True, 0)


@dataclass
class Table:
    """A table of a document. Every key asked for is known; :meth:`finish` reports the others."""

    data: Mapping[str, Any]
    path: KeyPath
    title: str
    problems: Problems
    _known: list[str] = field(default_factory=list)

    def at(self, key: str) -> KeyPath:
        """The path of a key."""
        return (*self.path, key)

    def has(self, key: str) -> bool:
        """Whether the key is there; JSON's null counts as absent."""
        if key not in self._known:
            self._known.append(key)
        return self.data.get(key) is not None

    def wrong(self, key: str, message: str, *, hint: str | None = None) -> None:
        """Take down a problem with a key."""
        self.problems.add(self.at(key), f'{self.title}: "{key}" {message}', hint=hint)

    def required(self, key: str, example: str) -> None:
        """Report the key if it is absent."""
        if not self.has(key):
            self.problems.add(self.path, f'{self.title}: "{key}" is missing', hint=f"add {key} = {example}")

    def text(self, key: str) -> str | None:
        """A string that is not empty."""
        value = self._typed(key, str, "a string")
        if value is not None and not value.strip():
            self.wrong(key, "is empty")
            return None
        return value

    def count(self, key: str) -> int | None:
        """A whole number, at least 1."""
        value = self._typed(key, int, "a whole number")
        if value is not None and value < 1:
            self.wrong(key, f"must be at least 1, not {value}")
            return None
        return value

    def flag(self, key: str) -> bool:
        """Whether it is there and true."""
        if not self.has(key):
            return False
        value = self.data[key]
        if not isinstance(value, bool):
            self.wrong(key, f"must be true or false, not {_shown(value)}")
            return False
        return value

    def texts(self, key: str) -> tuple[tuple[KeyPath, str], ...]:
        """An array of strings, each with its own path."""
        found: list[tuple[KeyPath, str]] = []
        for number, value in enumerate(self._typed(key, list, "an array of strings") or ()):
            path = (*self.at(key), number)
            if isinstance(value, str) and value.strip():
                found.append((path, value))
            else:
                self.problems.add(path, f'{self.title}: "{key}" holds {_shown(value)}, it must hold strings only')
        return tuple(found)

    def table(self, key: str, title: str) -> Table | None:
        """A table within this one."""
        value = self._typed(key, dict, "a table")
        return None if value is None else Table(value, self.at(key), title, self.problems)

    def tables(self, key: str) -> tuple[Table, ...]:
        """An array of tables, each with a title that tells it from the others."""
        found: list[Table] = []
        for number, value in enumerate(self._typed(key, list, f"an array of tables, each under [[{key}]]") or ()):
            path = (*self.at(key), number)
            if isinstance(value, dict):
                name = value.get("name")
                told = f'"{name}"' if isinstance(name, str) and name else f"number {number + 1}"
                found.append(Table(value, path, f"[[{key}]] {told}", self.problems))
            else:
                self.problems.add(path, f'{self.title}: "{key}" holds {_shown(value)}, it must hold tables only')
        return tuple(found)

    def finish(self) -> None:
        """Report every key that was not asked for."""
        for key in self.data:
            if key not in self._known:
                near = difflib.get_close_matches(key, self._known, n=1)
                hint = f'did you mean "{near[0]}"?' if near else f"known here: {', '.join(sorted(self._known))}"
                self.problems.add(self.at(key), f'{self.title}: "{key}" is not a known key', hint=hint)

    def _typed(self, key: str, kind: type[T], said: str) -> T | None:
        if not self.has(key):
            return None
        value = self.data[key]
        # In Python a bool is an int; in TOML and JSON it is not.
        if not isinstance(value, kind) or isinstance(value, bool):
            self.wrong(key, f"must be {said}, not {_shown(value)}")
            return None
        return value


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    return "an array" if isinstance(value, list) else str(value)
