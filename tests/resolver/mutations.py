"""Every small change of a JSON document, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def mutations(document: dict[str, Any]) -> Iterator[str]:
    """Make one change after another in place, each undone before the next; yields what was done, with its path.

    Each text, number and flag is changed, each text also to another one that stands under the same key; each key is
    deleted; each item of a list is dropped, doubled, and exchanged with the next.
    """
    others: dict[str, list[str]] = {}
    for key, text in _texts(document, ""):
        others.setdefault(key, []).append(text)
    yield from _of_object(document, "", others)


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, key)


def _of_object(value: dict[str, Any], path: str, others: dict[str, list[str]]) -> Iterator[str]:
    for key, item in list(value.items()):
        place = f"{path}.{key}"
        order = list(value.items())
        del value[key]
        yield f"{place} deleted"
        value.clear()
        value.update(order)
        for changed in _changed(item, others.get(key, [])):
            value[key] = changed
            yield f"{place} is {changed!r} instead of {item!r}"
        value[key] = item
        yield from _of_value(item, place, key, others)


def _of_list(items: list[Any], path: str, key: str, others: dict[str, list[str]]) -> Iterator[str]:
    for place in range(len(items)):
        given = list(items)
        here = f"{path}[{place}]"
        items[:] = [*given[:place], *given[place + 1 :]]
        yield f"{here} dropped"
        items[:] = [*given[: place + 1], *given[place:]]
        yield f"{here} doubled"
        if place + 1 < len(given) and given[place] != given[place + 1]:
            items[:] = [*given[:place], given[place + 1], given[place], *given[place + 2 :]]
            yield f"{here} exchanged with the next"
        items[:] = given
        for changed in _changed(given[place], others.get(key, [])):
            items[place] = changed
            yield f"{here} is {changed!r} instead of {given[place]!r}"
        items[place] = given[place]
        yield from _of_value(given[place], here, key, others)


def _of_value(value: Any, path: str, key: str, others: dict[str, list[str]]) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _of_object(value, path, others)
    elif isinstance(value, list):
        yield from _of_list(value, path, key, others)


def _changed(value: Any, others: list[str]) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, -value - 1)
    elif value is None:
        yield "0"
    elif isinstance(value, str):
        yield f"{value}0"
        yield from [other for other in others if other != value][:1]
        yield None
    else:
        yield "0"
