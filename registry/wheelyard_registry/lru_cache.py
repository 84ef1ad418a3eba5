"""A cache that is bounded by the sizes of what it holds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class LruCache(Generic[Key, Value]):
    """Values by key. Once their sizes add up to more than ``bound``, those not used for longest go first.

    The newest one stays, however large it is. Any thread may use it.
    """

    def __init__(self, bound: int, size: Callable[[Value], int]) -> None:
        self._bound = bound
        self._size_of = size
        self._size = 0
        self._lock = threading.Lock()
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """The value, which counts as used."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def keep(self, key: Key, value: Value) -> None:
        """Hold a value, in place of an earlier one."""
        with self._lock:
            self._drop(key)
            self._values[key] = value
            self._size += self._size_of(value)
            while self._size > self._bound and len(self._values) > 1:
                self._drop(next(iter(self._values)))

    def drop(self, key: Key) -> None:
        """Let go of a value, if there is one."""
        with self._lock:
            self._drop(key)

    def _drop(self, key: Key) -> None:
        dropped = self._values.pop(key, None)
        if dropped is not None:
            self._size -= self._size_of(dropped)
