"""Test that TOML text is guarded, parsed and located."""

from __future__ import annotations

import pickle
import tomllib
from datetime import timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from policyengine.toml.text import (
    MAX_BYTES,
    MAX_KEY_PARTS,
    MAX_NESTING,
    MAX_WORD,
    TomlTextError,
    header_lines,
    parse,
    positions,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyengine.toml.text import Path, Position

RULES = """\
# a comment with [[rule]] and "quotes
schema = 1

[[rule]]
id = "first"
when = { all = [
  { path = 'a', is = 1 }, # a comment, with ] and }
  { path = "b]", is = 2 },
] }

[[ rule ]] # the second
id = "second"

[rule.then]
charge.usd = "0.04"
charge.note = '''
[[rule]]
'''

[[rule.example]]
id = "one"
[[rule.example]]
id = "two"
"""

RULE_POSITIONS: list[tuple[Path, Position, Position]] = [
    ((), (1, 1), (1, 1)),
    (("schema",), (2, 1), (2, 10)),
    (("rule",), (4, 3), (4, 1)),
    (("rule", 0), (4, 1), (4, 1)),
    (("rule", 0, "id"), (5, 1), (5, 6)),
    (("rule", 0, "when"), (6, 1), (6, 8)),
    (("rule", 0, "when", "all"), (6, 10), (6, 16)),
    (("rule", 0, "when", "all", 0), (7, 3), (7, 3)),
    (("rule", 0, "when", "all", 0, "is"), (7, 17), (7, 22)),
    (("rule", 0, "when", "all", 1, "path"), (8, 5), (8, 12)),
    (("rule", 1), (11, 1), (11, 1)),
    (("rule", 1, "then"), (14, 7), (14, 1)),
    (("rule", 1, "then", "charge"), (15, 1), (15, 1)),
    (("rule", 1, "then", "charge", "usd"), (15, 8), (15, 14)),
    (("rule", 1, "then", "charge", "note"), (16, 8), (16, 15)),
    (("rule", 1, "example"), (20, 8), (20, 1)),
    (("rule", 1, "example", 1), (22, 1), (22, 1)),
    (("rule", 1, "example", 1, "id"), (23, 1), (23, 6)),
]

SMALL_POSITIONS: list[tuple[str, Path, Position, Position]] = [
    ("\n\n  a=1", ("a",), (3, 3), (3, 5)),
    ("\ta\t=\t1", ("a",), (1, 2), (1, 6)),
    ('"a.b" . c = 1', ("a.b",), (1, 1), (1, 1)),
    ('"a.b" . c = 1', ("a.b", "c"), (1, 9), (1, 13)),
    ('"\\u0061\\"" = 1', ('a"',), (1, 1), (1, 14)),
    ("'\\u0061' = 1", ("\\u0061",), (1, 1), (1, 12)),
    ("'' = 1", ("",), (1, 1), (1, 6)),
    ("'é' = 'ü'\nb = 1", ("é",), (1, 1), (1, 7)),
    ("[a.b]\nc = 1\n[a]\nd = 1", ("a",), (3, 2), (3, 1)),
    ("[a.b]\nc = 1", ("a",), (1, 2), (1, 1)),
    ("[a.'x]y'.b] # ]\nc = 1", ("a", "x]y", "b", "c"), (2, 1), (2, 5)),
    ('a = """x"""""\nb = 1', ("b",), (2, 1), (2, 5)),
    ("a = '''x'''''\nb = 1", ("b",), (2, 1), (2, 5)),
    ('a = """\\"""\nb = 1"""\nb = 2', ("b",), (3, 1), (3, 5)),
    ('a = """"""\nb = 2', ("b",), (2, 1), (2, 5)),
    ("a = [[1, 2], [3, # x\n 4,],]", ("a", 1, 1), (2, 2), (2, 2)),
    ("a = [{}, [], {b = []}]", ("a", 2, "b"), (1, 15), (1, 19)),
    ("a = {b.c = 1, b.d = 2}", ("a", "b", "d"), (1, 17), (1, 21)),
    ("a = 1979-05-27 07:32:00 # x\nb = -inf", ("b",), (2, 1), (2, 5)),
    ("[[a]]\n[a.b]\n[[a.b.c]]\n[a.b.c.d]", ("a", 0, "b", "c", 0, "d"), (4, 8), (4, 1)),
]

DEEP_KEY = ".".join(["a"] * 100_000)
EXACT_KEY = ".".join(["a"] * MAX_KEY_PARTS)
HOSTILE = {
    "dotted key": f"{DEEP_KEY} = 1",
    "dotted key without a value": DEEP_KEY,
    "spaced dotted key": DEEP_KEY.replace(".", " .\t"),
    "quoted dotted key": "x = 1\n" + ".".join(['""'] * 60_000) + " = 1",
    "table header": f"[{DEEP_KEY}]",
    "array header": f"[[{DEEP_KEY}]]",
    "key in an inline table": f"x = [{{{DEEP_KEY} = 1}}]",
    "key after a string": f'x = """\n"""\n{DEEP_KEY} = 1',
    "key after an odd quote in a comment": f"# it's\n{DEEP_KEY} = 1",
    "key after an escaped quote": f'x = "\\""\n{DEEP_KEY} = 1',
    "one part too many": f"a.{EXACT_KEY} = 1",
    "nested arrays": f"x = {'[' * 100_000}",
    "nested arrays over lines": "x = " + "[\n" * 100_000,
    "nested inline tables": f"x = {'{a=' * 80_000}",
    "nested dotted inline tables": f"x = {f'{{{EXACT_KEY}=' * 3}",
    "inline tables under a header": f"[{EXACT_KEY}]\n{EXACT_KEY} = []",
    "one inline table too many": f"x = {'{a=' * 32}1{'}' * 32}",
    "one level too many": f"x = {'[' * MAX_NESTING}{']' * MAX_NESTING}",
    "decimal of 5000 digits": f"x = {'1' * 5000}",
    "hexadecimal of 200,000 digits": f"x = 0x{'f' * 200_000}",
    "long bare key": f"{'k' * (MAX_WORD + 1)} = 1",
    "open string": 'x = "' + "\\\\" * 120_000,
    "open multi-line string": 'x = """' + '\\"""' * 60_000,
    "quotes": "' " * 120_000,
    "closing brackets": "]" * 240_000,
    "too many bytes": "#" * (MAX_BYTES + 1),
    "byte order mark": "\ufeffx = 1",
}

HARMLESS = {
    "dots in a string": f'x = "{DEEP_KEY}"',
    "dots in a literal string": f"x = '{DEEP_KEY}'",
    "dots in a multi-line string": f'x = """\n{DEEP_KEY} = 1\n"""',
    "dots in a comment": f"# {DEEP_KEY}",
    "dots in a quoted key": f'"{DEEP_KEY}" = 1',
    "brackets in strings": 'x = "' + "[" * 99 + "\"\ny = '''" + "{" * 99 + "'''",
    "brackets in a comment": f"x = [ # {'[' * 99}\n]",
    "brackets side by side": f"x = [{'[],' * 999}]",
    "deepest key": f"[{EXACT_KEY}]\n{EXACT_KEY} = 1",
    "deepest value": f"x = {'[' * (MAX_NESTING - 1)}{']' * (MAX_NESTING - 1)}",
    "deepest inline tables": f"x = {'{a=' * 31}1{'}' * 31}",
    "header after a deep one": f"[{EXACT_KEY}]\n[y]\n{EXACT_KEY} = [[]]",
    "header after a multi-line string": f'x = """y"""\n[{EXACT_KEY}]\ny = [[]]',
    "floats and dates": "x = [1.5, -2.5e-3, 1979-05-27 07:32:00.999-07:00]",
    "largest file": "#" * MAX_BYTES,
}

FAULTS = [
    (b"x = abc", (1, 5), "cannot read 'abc': invalid value; write a number"),
    (b"\r\nx = 1\r\nx = 2\r\n", (3, 6), "give each key once"),
    (b"[a]\n[a]\n", (2, 3), "give each table once"),
    (b"x = [1\n", (2, 1), "unclosed array; close the bracket"),
    (b"x = 1 y", (1, 7), "cannot read 'y': expected newline"),
    (b"a = 1\nb = '\xc3\xa9\xff'", (2, 7), "byte 0xff is not UTF-8"),
    (b"\xef\xbb\xbfx = 1", (1, 1), "byte order mark"),
    (b"a = 1\n b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b = 1", (2, 2), "16 parts"),
    (b"a = 1\nb = " + b"1" * 5000, (2, 5), "256 characters"),
    (b"a =\n [" + b"[" * 99, (2, 33), "32 levels"),
]

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
zones = st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))
scalars = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.text("\"'\\\n#[]{}=, a")
    | st.dates()
    | st.times()
    | st.datetimes(timezones=st.none() | zones)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(names, inner),
    max_leaves=12,
)
trees = st.dictionaries(
    names,
    st.recursive(
        st.lists(scalars, max_size=3) | scalars,
        lambda inner: st.dictionaries(names, inner, min_size=1),
        max_leaves=6,
    ),
)


def walk(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield every path in *value* with what it leads to."""
    yield path, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from walk(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from walk(inner, (*path, index))


def is_read_at(text: str, position: Position, value: object) -> bool:
    """Tell whether *value* and nothing before it begins at *position*."""
    line, column = position
    rest = "\n".join(text.split("\n")[line - 1 :])[column - 1 :]
    ends = (end for end in range(1, len(rest) + 1) if rest[end : end + 1] in ",]} \n")
    return not rest[0].isspace() and any(reads_as(rest[:end], value) for end in ends)


def reads_as(text: str, value: object) -> bool:
    """Tell whether tomllib reads *text* as *value*."""
    try:
        found = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return False
    return type(found) is type(value) and found == value


def check_positions(text: str) -> None:
    """Assert that *text* is located path by path as tomllib reads it."""
    found = dict(walk(tomllib.loads(text)))
    places = positions(text)

    assert {(), *places.paths()} == set(found)
    for path, value in found.items():
        if not isinstance(value, (dict, list)):
            assert is_read_at(text, places.value(path), value)


def dotted(tree: Mapping[str, object], prefix: str = "") -> Iterator[str]:
    """Yield one line with a dotted key for each leaf of *tree*."""
    for name, value in tree.items():
        key = tomli_w.dumps({name: 0}).removesuffix(" = 0\n")
        if isinstance(value, dict):
            yield from dotted(value, f"{prefix}{key} .\t")
        else:
            yield f"{prefix}{key}{tomli_w.dumps({'x': value})[1:]}"


@pytest.mark.parametrize(("path", "key", "value"), RULE_POSITIONS)
def test_position_in_rule_file(path: Path, key: Position, value: Position) -> None:
    places = positions(RULES)

    assert (places.key(path), places.value(path)) == (key, value)


@pytest.mark.parametrize(("path", "key", "value"), RULE_POSITIONS)
def test_windows_line_ends_do_not_move_positions(path: Path, key: Position, value: Position) -> None:
    places = positions(RULES.replace("\n", "\r\n"))

    assert (places.key(path), places.value(path)) == (key, value)


@pytest.mark.parametrize(("text", "path", "key", "value"), SMALL_POSITIONS)
def test_position_in_small_document(text: str, path: Path, key: Position, value: Position) -> None:
    places = positions(text)

    assert (places.key(path), places.value(path)) == (key, value)


@pytest.mark.parametrize("text", [RULES, *(case[0] for case in SMALL_POSITIONS)])
def test_every_path_of_a_document_has_a_position(text: str) -> None:
    check_positions(text)


@pytest.mark.parametrize(
    ("path", "known"),
    [
        (("rule", 0, "then", "charge"), ("rule", 0)),
        (("rule", 0, "when", "all", 7), ("rule", 0, "when", "all")),
        (("rule", 1, "id", "deeper"), ("rule", 1, "id")),
        (("absent", 3), ()),
    ],
)
def test_unknown_path_gets_position_of_nearest_parent(path: Path, known: Path) -> None:
    places = positions(RULES)

    assert places.key(path) == places.key(known)
    assert places.value(path) == places.value(known)


def test_empty_text_has_only_the_root() -> None:
    places = positions("")

    assert set(places.paths()) == set()
    assert places.value(("a",)) == (1, 1)


def test_deep_nesting_does_not_exhaust_the_stack() -> None:
    places = positions("x = " + "[" * 2_000 + "]" * 2_000)

    assert places.value(("x", *[0] * 1_999)) == (1, 2_004)


@given(st.dictionaries(names, values), st.booleans())
def test_positions_agree_with_tomllib(
    document: dict[str, object],
    multiline: bool,  # noqa: FBT001 - hypothesis passes it by position
) -> None:
    check_positions(tomli_w.dumps(document, multiline_strings=multiline))


@given(trees)
def test_positions_of_dotted_keys_agree_with_tomllib(tree: dict[str, object]) -> None:
    check_positions("".join(dotted(tree)))


@given(st.dictionaries(names, values))
def test_windows_line_ends_do_not_move_generated_positions(
    document: dict[str, object],
) -> None:
    text = tomli_w.dumps(document)
    places, windows = positions(text), positions(text.replace("\n", "\r\n"))

    assert places.paths() == windows.paths()
    assert all(places.value(path) == windows.value(path) for path in places.paths())


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(TomlTextError):
        parse(text.encode())


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS.keys())
def test_harmless_text_is_parsed(text: str) -> None:
    assert parse(text.encode()) == tomllib.loads(text, parse_float=Decimal)


@given(st.text("a\"'\\\n#[]{}=., 1"))
def test_any_text_is_parsed_as_tomllib_does_or_refused(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(TomlTextError):
            parse(text.encode())
    else:
        assert parse(text.encode()) == expected


@given(st.binary())
def test_any_bytes_are_parsed_or_refused(content: bytes) -> None:
    try:
        found = parse(content)
    except TomlTextError as error:
        assert error.line >= 1  # noqa: PT017 - either outcome is right
    else:
        assert found == tomllib.loads(content.decode())


@pytest.mark.parametrize(("content", "position", "part"), FAULTS)
def test_fault_says_where_and_what_to_do(content: bytes, position: Position, part: str) -> None:
    with pytest.raises(TomlTextError) as caught:
        parse(content)

    assert (caught.value.line, caught.value.column) == position
    assert part in caught.value.message


@pytest.mark.parametrize(("content", "position", "part"), FAULTS)
def test_fault_message_is_one_short_lower_case_line(content: bytes, position: Position, part: str) -> None:
    with pytest.raises(TomlTextError) as caught:
        parse(content)

    message = caught.value.message
    assert part in message
    assert message[0].islower()
    assert not message.endswith(".")
    assert "\n" not in message
    assert str(caught.value) == f"{position[0]}:{position[1]}: {message}"


@pytest.mark.parametrize("failure", [ValueError, RecursionError])
def test_other_failure_of_tomllib_is_a_text_error(failure: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def loads(_text: str, *, parse_float: object) -> None:
        del parse_float
        raise failure

    monkeypatch.setattr(tomllib, "loads", loads)

    with pytest.raises(TomlTextError) as caught:
        parse(b"x = 1")

    assert (caught.value.line, caught.value.column) == (1, 1)


def test_error_survives_pickling() -> None:
    error = TomlTextError("key is missing; add it", (3, 7))

    twin = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert (twin.line, twin.column, twin.message) == (3, 7, "key is missing; add it")
    assert str(twin) == str(error)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (RULES, [4, 11]),
        (RULES.replace("\n", "\r\n"), [4, 11]),
        ("", []),
        ("[[rule]]", [1]),
        ("  [[\trule ]]\t# [[rule]]\n[[rule]]#", [1, 2]),
        ("# [[rule]]\n[rule]\n[[rules]]\n[[rule.example]]\n[[a.rule]]", []),
        ("x = '[[rule]]'\n[[rule]]", [2]),
        ("x = '''\n[[rule]]\n'''\n[[rule]]", [4]),
        ('x = """\n[[rule]]\n\\"""\n[[rule]]\n"""\n[[rule]]', [6]),
        ('x = """\n[[rule]]"""""\n[[rule]]', [3]),
        ("# '''\n[[rule]]\n# '''\n[[rule]]", [2, 4]),
        ("x = \"'''\"\n[[rule]]\ny = \"'''\"", [2]),
        ("x = '\"\"\"'\n[[rule]]\ny = '''\n[[rule]]\n'''", [2]),
        ("[[rule]]\nx = '''\n'''\n[[rule]]\ny = '''\n[[rule]]'''\n[[rule]]", [1, 4, 7]),
    ],
)
def test_header_lines_are_those_outside_strings(text: str, lines: list[int]) -> None:
    assert header_lines(text, "rule") == lines


def test_header_name_is_taken_literally() -> None:
    assert header_lines("[[a-b]]\n[[axb]]", "a.b") == []


@given(st.lists(st.text("\"'\\\n#[] a"), max_size=5), st.booleans())
def test_header_lines_agree_with_positions(
    notes: list[str],
    multiline: bool,  # noqa: FBT001 - hypothesis passes it by position
) -> None:
    text = "".join(
        "[[rule]]\n" + tomli_w.dumps({"x": f"{note}\n[[rule]]\n"}, multiline_strings=multiline) for note in notes
    )
    places = positions(text)

    lines = [places.value(("rule", index))[0] for index in range(len(notes))]
    assert header_lines(text, "rule") == lines


@pytest.mark.parametrize(
    "line",
    [
        "a = {" + ".".join("k" * 17) + " = 1}",
        "a = [{" + ".".join("k" * 17) + " = 1}]",
        "[" + ".".join("k" * 17) + "]",
        f"a = {'k' * 257}",
        f"a = [{'1' * 257}]",
        f"a = {{ {'k' * 257} = 1 }}",
        f"a = {'[' * 33}{']' * 33}",
        "a = " + "{k.k.k.k = " * 9 + "1" + "}" * 9,
    ],
)
@pytest.mark.parametrize("around", ["{}", 'id = "a"\n{}\nid = "b"', "x = [\n1,\n]\n{}", "{} # why"])
def test_lines_that_look_plain_are_held_to_the_bounds(line: str, around: str) -> None:
    with pytest.raises(TomlTextError, match=r"exceeds|nesting|longer|deep"):
        parse(around.replace("{}", line, 1).encode())
