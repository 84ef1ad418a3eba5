"""Reading JSON that may hold anything: each value is of the kind expected, or the error says where it is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeVar

from wheelyard_resolver.errors import InputError

T = TypeVar("T")


class Table:
    """A JSON object. ``place`` is how it is called in errors, such as ``certificate.json: fleet.models[3]``."""

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, dict):
            raise _wrong(place, "an object")
        self._value: Mapping[str, object] = value
        self.place = place

    @classmethod
    def parse(cls, text: str, name: str) -> Table:
        """The object that a file holds.

        Raises:
            InputError: it holds none.
        """
        try:
            return cls(json.loads(text), f"{name}:")
        except (ValueError, RecursionError) as error:
            raise InputError(f"it is not JSON: {error}", where=name) from error

    def at(self, key: str) -> str:
        """How a value of this object is called."""
        return f"{self.place} {key}" if self.place.endswith(":") else f"{self.place}.{key}"

    def get(self, key: str) -> object:
        """The value of a key, whatever it is; None where it is missing."""
        return self._value.get(key)

    def has(self, key: str) -> bool:
        """Whether a key is there."""
        return key in self._value

    def text(self, key: str) -> str:
        """A text."""
        value = self._value.get(key)
        if not isinstance(value, str):
            raise _wrong(self.at(key), "a text")
        return value

    def text_or_none(self, key: str) -> str | None:
        """A text, or null, which has to be there."""
        return None if self.null(key) else self.text(key)

    def null(self, key: str) -> bool:
        """Whether null stands there, as it must where there is nothing else."""
        return key in self._value and self._value[key] is None

    def number(self, key: str) -> int:
        """A whole number."""
        value = self._value.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _wrong(self.at(key), "a whole number")
        return value

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self._value.get(key)
        if not isinstance(value, bool):
            raise _wrong(self.at(key), "true or false")
        return value

    def table(self, key: str) -> Table:
        """An object."""
        return Table(self._value.get(key), self.at(key))

    def tables(self, key: str) -> tuple[Table, ...]:
        """A list of objects."""
        return tuple(Table(item, f"{self.at(key)}[{place}]") for place, item in enumerate(self._list(key)))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(str(item) for item in self._of(key, str, "a list of texts"))

    def numbers(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers."""
        return tuple(int(str(item)) for item in self._of(key, int, "a list of whole numbers"))

    def text_by_text(self, key: str) -> dict[str, str]:
        """An object that maps texts to texts."""
        table = self.table(key)
        return {name: table.text(name) for name in table._value}

    def read(self, key: str, reader: Callable[[str], T], expected: str) -> T:
        """A text as a reader takes it, which raises ValueError where it does not."""
        try:
            return reader(self.text(key))
        except (ValueError, RecursionError) as error:
            raise _wrong(self.at(key), expected) from error

    def read_all(self, key: str, reader: Callable[[str], T], expected: str) -> tuple[T, ...]:
        """A list of texts as a reader takes them."""
        try:
            return tuple(reader(text) for text in self.texts(key))
        except (ValueError, RecursionError) as error:
            raise _wrong(self.at(key), expected) from error

    def _list(self, key: str) -> list[object]:
        value = self._value.get(key)
        if not isinstance(value, list):
            raise _wrong(self.at(key), "a list")
        return value

    def _of(self, key: str, kind: type, expected: str) -> list[object]:
        items = self._list(key)
        if not all(type(item) is kind for item in items):
            raise _wrong(self.at(key), expected)
        return items


def _wrong(place: str, expected: str) -> InputError:
    name, _, path = place.partition(":")
    return InputError(f"{path.strip() or 'it'} must be {expected}", where=name)
