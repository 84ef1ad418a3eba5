"""On which line of a TOML text each key and array element stands.

tomli says what a document holds but not where; an error should name the very line. The text has been through tomli
before it comes here, so that this reading need not reject anything: it only keeps track of where it is.

Source: TOML 1.0, with the newlines in inline tables of TOML 1.1.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Mapping

import tomli

KeyPath = tuple[str | int, ...]
"""Keys and array indexes from the root, for example ``("model", 2, "requires", 0)``."""

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")
_STRINGS = (
    # A multi-line string may end in up to two quotes of its own before the closing three.
    re.compile(r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}', re.DOTALL),
    re.compile(r"'''(?:[^']|'{1,2}(?!'))*'{3,5}"),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)


def locate(text: str) -> Mapping[KeyPath, int]:
    """The line, counted from 1, of every table, key and array element of a valid TOML text."""
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.document()
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._array_tables: dict[KeyPath, int] = {}
        self.lines: dict[KeyPath, int] = {(): 1}

    def document(self) -> None:
        table: KeyPath = ()
        self._skip()
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip()

    def _header(self) -> KeyPath:
        """A ``[table]`` or ``[[array of tables]]`` line: the path that the pairs below it extend."""
        line = self._line()
        array = self._text.startswith("[[", self._at)
        self._at += 2 if array else 1
        keys = self._keys()
        self._at += 2 if array else 1
        path: KeyPath = ()
        for position, key in enumerate(keys):
            path += (key,)
            self.lines.setdefault(path, line)
            if path in self._array_tables and not (array and position == len(keys) - 1):
                path += (self._array_tables[path] - 1,)
        if array:
            number = self._array_tables.get(path, 0)
            self._array_tables[path] = number + 1
            path += (number,)
        self.lines[path] = line
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._line()
        path = table
        for key in self._keys():
            path += (key,)
            self.lines.setdefault(path, line)
        self._at += len("=")
        self._value(path)

    def _keys(self) -> list[str]:
        """A dotted key; leaves off at what follows it."""
        keys = [self._key()]
        while self._peek() == ".":
            self._at += 1
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        self._skip()
        bare = _BARE_KEY.match(self._text, self._at)
        if bare is not None:
            self._at = bare.end()
            return bare.group()
        start = self._at
        self._string()
        key: str = tomli.loads(f"key = {self._text[start : self._at]}")["key"]
        return key

    def _value(self, path: KeyPath) -> None:
        opening = self._peek()
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        elif opening in {'"', "'"}:
            self._string()
        else:
            self._take(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        number = 0
        while self._peek() != "]":
            element = (*path, number)
            self.lines[element] = self._line()
            self._value(element)
            number += 1
            self._comma()
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._peek() != "}":
            self._pair(path)
            self._comma()
        self._at += 1

    def _comma(self) -> None:
        if self._peek() == ",":
            self._at += 1

    def _string(self) -> None:
        for form in _STRINGS:
            if form.match(self._text, self._at):
                self._take(form)
                return
        raise ValueError(f"no string at {self._at}")

    def _take(self, form: re.Pattern[str]) -> None:
        match = form.match(self._text, self._at)
        assert match is not None, "tomli has accepted the text"
        self._at = match.end()

    def _peek(self) -> str:
        self._skip()
        return self._text[self._at : self._at + 1]

    def _skip(self) -> None:
        self._take(_BLANK)

    def _line(self) -> int:
        return bisect.bisect_left(self._newlines, self._at) + 1
