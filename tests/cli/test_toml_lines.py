"""The line of everything that tomli finds in a text."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterator

import tomli
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from wheelyard_cli.toml_lines import KeyPath, locate


def leaves(value: object, path: KeyPath = ()) -> Iterator[tuple[KeyPath, object]]:
    """Every value of a document that holds no others, with its path."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from leaves(part, (*path, key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from leaves(part, (*path, number))
    else:
        yield path, value


def numbered(value: object, numbers: Iterator[int]) -> object:
    """The same document with a token of its own in each string."""
    if isinstance(value, dict):
        return {key: numbered(part, numbers) for key, part in value.items()}
    if isinstance(value, list):
        return [numbered(part, numbers) for part in value]
    return f"<{next(numbers)}>{value}" if isinstance(value, str) else value


keys = st.text("ab-_.\"' #[]=\u00e9", max_size=4)
scalars = st.text("ab\"'\\\n#[]{},=\u00e9", max_size=8) | st.integers() | st.booleans()
documents = st.dictionaries(
    keys,
    st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(keys, inner, max_size=3)
            | st.lists(st.dictionaries(keys, inner, max_size=3), min_size=1, max_size=3)
        ),
        max_leaves=12,
    ),
    max_size=5,
)


@given(document=documents, multiline=st.booleans())
def test_every_string_is_located_where_it_stands(document: dict[str, object], multiline: bool) -> None:
    """Whatever tomli-w writes: the line of each string holds its token; a multi-line string begins there."""
    marked = numbered(document, itertools.count())
    assert isinstance(marked, dict)
    text = tomli_w.dumps(marked, multiline_strings=multiline)
    found, shown = locate(text), text.split("\n")
    for path, value in leaves(tomli.loads(text)):
        assert path in found, path
        if isinstance(value, str):
            token = value.partition(">")[0] + ">"
            line = found[path]
            assert token in shown[line - 1] or (shown[line - 1].endswith('"""') and token in shown[line])


def lines(text: str) -> dict[str, int]:
    document = textwrap.dedent(text)
    tomli.loads(document)
    return {".".join(map(str, path)): line for path, line in locate(document).items() if path}


def test_the_elements_of_an_array_have_lines_of_their_own() -> None:
    """Comments, brackets in strings, and commas at the end do not mislead."""
    found = lines("""\
        requires = [  # the [first]
          "pandas>=1.5,<2",  # ]
          'numpy', "scipy[x]",

          "torch", # last
        ]
        after = 1
        """)
    assert found == {
        "requires": 1,
        "requires.0": 2,
        "requires.1": 3,
        "requires.2": 3,
        "requires.3": 5,
        "after": 7,
    }


def test_tables_are_counted_from_zero() -> None:
    """[[model]] and what stands below it, tables of its own included."""
    found = lines("""\
        [[model]]
        name = "a"
        [model.target]
        python = "3.12"
        [[model]]
        target = { python = "3.11", platform = "win_amd64" }
        [[model.part]]
        x.y = 1
        """)
    assert found == {
        "model": 1,
        "model.0": 1,
        "model.0.name": 2,
        "model.0.target": 3,
        "model.0.target.python": 4,
        "model.1": 5,
        "model.1.target": 6,
        "model.1.target.python": 6,
        "model.1.target.platform": 6,
        "model.1.part": 7,
        "model.1.part.0": 7,
        "model.1.part.0.x": 8,
        "model.1.part.0.x.y": 8,
    }


def test_strings_of_several_lines_do_not_shift_what_follows() -> None:
    """With escapes, quotes inside, and quotes just before the end."""
    found = lines('''\
        a = """
        [[not.a.table]] \\""" ""
        b = "not a key" """
        c = \'\'\'
        # not a comment'\'\'\'\'
        d = 1979-05-27 07:32:00  # a space within
        ''')
    assert found == {"a": 1, "c": 4, "d": 6}


def test_line_ends_of_windows_count_once() -> None:
    """As tomli reads them."""
    assert locate("a = 1\r\nb = 2\r\n")["b",] == 2
