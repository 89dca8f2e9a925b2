"""Read TOML text from strangers: guard it, parse it, and say where each part stands.

`parse` refuses what would cost tomllib too much, before tomllib sees it.
`positions` runs only to report a fault, on text that `parse` has accepted.
Columns count characters, not bytes; a tab is one column.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field
from decimal import Context, Decimal
from itertools import accumulate, count, pairwise
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from policyengine.toml.plain import is_plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

__all__ = [
    "MAX_BYTES",
    "MAX_KEY_PARTS",
    "MAX_NESTING",
    "MAX_WORD",
    "Path",
    "Position",
    "PositionMap",
    "TomlTextError",
    "header_lines",
    "parse",
    "positions",
]

MAX_BYTES = 256 * 1024
"""The size of the largest file that is read."""
MAX_KEY_PARTS = 16
"""The names joined by dots in one key or one table header."""
MAX_NESTING = 32
"""The names and arrays on the way to one value; header, keys and value together."""
MAX_WORD = 256
"""The characters of one bare key, number or date."""

Path: TypeAlias = tuple[str | int, ...]
Position: TypeAlias = tuple[int, int]

# No alternative overlaps another and an open string runs to its end: nothing is scanned twice. Groups are
# not possessive, CPython before 3.11.5 mismatches those (https://github.com/python/cpython/issues/106052).
_MULTI = (
    r'"""(?:[^"\\]++|\\[\s\S]?|"{1,2}+(?!"))*(?:"{3,5}+|\Z)'
    r"|'''(?:[^']++|'{1,2}+(?!'))*(?:'{3,5}+|\Z)"
)
_QUOTED = r'"(?:[^"\\\n]++|\\.)*(?:"|\\?(?=\n|\Z))' + r"|'[^'\n]*+(?:'|(?=\n|\Z))"
_NAME = rf"(?:[A-Za-z0-9_-]++|{_QUOTED})"
_DOTTED = rf"{_NAME}(?:[ \t]*+\.[ \t]*+{_NAME})*"

_TOKEN = re.compile(
    rf"(?P<text>{_MULTI}|#[^\n]*+)"
    rf"|(?P<word>{_DOTTED})(?P<key>[ \t]*+=)?|(?P<open>[\[{{])|(?P<close>[\]}}])"
)
_PART = re.compile(_NAME)
_KEY = re.compile(_DOTTED)
_EQUALS = re.compile(r"[ \t]*+=[ \t]*+")
_SCALAR = re.compile(rf"{_MULTI}|{_QUOTED}|[^,\]}}#\n]++")
_BLANK = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*")
_BRACKETS = re.compile(r"[ \t\[\]]*+")
_TEXT = re.compile(rf"{_MULTI}|{_QUOTED}|#[^\n]*+")

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")
_ADVICE = {
    "invalid value": "write a number, a date or text in quotes",
    "overwrite": "give each key once",
    "twice": "give each table once",
    "unclosed": "close the bracket",
    "unterminated": "close the quotes",
    "expected '='": "write key = value",
    "recursion": "nest the values less",
}


class TomlTextError(ValueError):
    """Report the first fault of a TOML text and where it stands."""

    def __init__(self, message: str, position: Position) -> None:
        """Keep *message* and the line and column of *position*."""
        super().__init__(message, position)
        self.message = message
        self.line, self.column = position

    def __str__(self) -> str:
        """Return the line, the column and the message."""
        return f"{self.line}:{self.column}: {self.message}"


def parse(data: bytes) -> dict[str, object]:
    """Return what the TOML file content *data* says.

    A byte order mark is refused, so that one text has one digest; floats are exact or NaN.

    >>> parse(b'id = "acme.no-image"')
    {'id': 'acme.no-image'}

    Raises:
        TomlTextError: *data* is too large, too deep, not UTF-8 or not TOML.
    """
    text = _decode(data)
    if not is_plain(text):
        _Guard(text).check()
    try:
        return tomllib.loads(text, parse_float=lambda number: Decimal(number, Context(traps=[])))
    except (ValueError, RecursionError) as exc:
        raise _refusal(exc, text) from exc


def _decode(data: bytes) -> str:
    """Return *data* as text, or refuse it for its size or encoding."""
    if len(data) > MAX_BYTES:
        message = f"file has {len(data)} bytes, {MAX_BYTES} are allowed; split it"
        raise TomlTextError(message, (1, 1))
    try:
        text = data.decode()
    except UnicodeDecodeError as exc:
        before = data[: exc.start].decode()
        message = f"byte 0x{data[exc.start]:02x} is not UTF-8; save the file as UTF-8"
        raise TomlTextError(message, _position(before, len(before))) from exc
    if text.startswith("\ufeff"):
        message = "file has a byte order mark; save it without"
        raise TomlTextError(message, (1, 1))
    return text


def _position(text: str, offset: int) -> Position:
    """Return the line and column, from 1, of the character at *offset*."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _refusal(exc: Exception, text: str) -> TomlTextError:
    """Return the error that says why and where tomllib stopped in *text*."""
    reason = _PLACE.sub("", str(exc))
    reason = reason[:1].lower() + reason[1:200]
    advice = next((_ADVICE[sign] for sign in _ADVICE if sign in reason), "correct it")
    line, column = _stop(exc, text)
    rest = text.split("\n")[line - 1][column - 1 :].strip()
    found = repr(rest[:40]) if rest else "the end of the line"
    return TomlTextError(f"cannot read {found}: {reason}; {advice}", (line, column))


def _stop(exc: Exception, text: str) -> Position:
    """Return the position that tomllib wrote into its message."""
    # The message has it in every Python; attributes have it from 3.14 on.
    place = _PLACE.search(str(exc))
    if place is None:
        return 1, 1
    return (int(place[1]), int(place[2])) if place[1] else _position(text, len(text))


@dataclass(slots=True)
class _Guard:
    """Walk over the tokens of a text and refuse what is too deep.

    Up to its first fault a text is read as tomllib reads it; there tomllib stops.
    """

    text: str
    header: int = 0
    """Names in the header of the present table."""
    in_header: bool = False
    """The outermost open bracket belongs to a header."""
    key: int = 0
    """Names of the key whose value comes next; 0 where none waits."""
    levels: list[int] = field(default_factory=list)
    """Depth inside each open bracket."""

    def check(self) -> None:
        """Raise for the first key, value or word that is too large."""
        for token in _TOKEN.finditer(self.text):
            match token.lastgroup:
                case "word":
                    self._word(token)
                case "key":
                    self.key = self._names(token)
                    self._level(token, self.key)
                case "text":
                    self.key = 0
                case "open":
                    self._open(token)
                case "close" if self.levels:
                    self.levels.pop()

    def _word(self, token: re.Match[str]) -> None:
        """Pass a value, or count the names of a header."""
        self.key, names = 0, self._names(token)
        if self.in_header and self.levels:
            self.header = names

    def _open(self, token: re.Match[str]) -> None:
        """Enter an array, an inline table or a header."""
        if not self.levels:
            self.in_header = not self.key
            self.header = 0 if self.in_header else self.header
        self.levels.append(self._level(token, self.key + token[0].count("[")))
        self.key = 0

    def _level(self, token: re.Match[str], more: int) -> int:
        """Return the depth that lies *more* levels inside the present one."""
        level = (self.levels[-1] if self.levels else self.header) + more
        if level > MAX_NESTING:
            self._refuse(token, f"nesting exceeds {MAX_NESTING} levels; nest less")
        return level

    def _names(self, token: re.Match[str]) -> int:
        """Return how many names are joined by dots in *token*."""
        word = token["word"]
        if "." not in word and len(word) <= MAX_WORD:
            return 1
        names = _PART.findall(word)
        if len(names) > MAX_KEY_PARTS:
            self._refuse(token, f"key exceeds {MAX_KEY_PARTS} parts; use fewer dots")
        # Integers beyond 4300 digits stop tomllib in base 10; in base 16 they pass
        # it and stop whoever prints them.
        if any(len(name) > MAX_WORD for name in names if name[0] not in "\"'"):
            self._refuse(token, f"word exceeds {MAX_WORD} characters; put it in quotes")
        return len(names)

    def _refuse(self, token: re.Match[str], message: str) -> NoReturn:
        """Raise *message* at *token*."""
        raise TomlTextError(message, _position(self.text, token.start()))


@dataclass(frozen=True, slots=True)
class PositionMap:
    """Tell where the keys and values of one TOML text stand.

    A path without a place of its own gets that of its nearest known parent.
    """

    text: str
    """The text that the offsets count in."""
    places: dict[Path, tuple[int, int]]
    """The offsets of the key and of the value of each path."""

    def paths(self) -> AbstractSet[Path]:
        """Return every path that has a position of its own, `()` left out."""
        return self.places.keys()

    def key(self, path: Path) -> Position:
        """Return where the last name of *path* is written.

        An array element has no name: its key stands where its value stands.
        """
        return _position(self.text, self._nearest(path)[0])

    def value(self, path: Path) -> Position:
        """Return where the value at *path* begins; a table, at its header."""
        return _position(self.text, self._nearest(path)[1])

    def _nearest(self, path: Path) -> tuple[int, int]:
        """Return the offsets of *path* or of its nearest known parent."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (0, 0))


def positions(text: str) -> PositionMap:
    r"""Return where each key, value, table and element of *text* stands.

    *text* is what `parse` has accepted; for any other text the answer means nothing.

    >>> places = positions('[[rule]]\nid = "a"\nwhen = [1, 2]\n')
    >>> places.key(("rule", 0, "id")), places.value(("rule", 0, "when", 1))
    ((2, 1), (3, 12))
    >>> places.value(("rule", 0, "then"))
    (1, 1)
    """
    return PositionMap(text, _Scanner(text).document())


@dataclass(slots=True)
class _Scanner:
    """Move over valid TOML and note each place; open brackets are kept on a list."""

    text: str
    at: int = 0
    places: dict[Path, tuple[int, int]] = field(default_factory=dict)
    table: Path = ()
    """The table that the present lines belong to."""
    lengths: dict[Path, int] = field(default_factory=dict)
    """How many headers each array of tables has had."""
    brackets: list[tuple[Path, Iterator[int] | None]] = field(default_factory=list)
    """Open arrays with their next index, and open inline tables with None."""

    def document(self) -> dict[Path, tuple[int, int]]:
        """Note every statement and return the places."""
        while self._pass(_BLANK) < len(self.text):
            if self.text.startswith("[", self.at):
                self._header()
            else:
                self._pair(self.table)
            while self.brackets and self.at < len(self.text):
                self._member()
        return self.places

    def _header(self) -> None:
        """Note `[a.b]` or `[[a.b]]` and make it the present table."""
        start = self.at
        is_array = self.text.startswith("[[", start)
        self._pass(_BRACKETS)
        path: Path = ()
        key = start
        for name, key in self._names():
            path = (*self._last_element(path), name)
            self.places.setdefault(path, (key, start))
        if is_array:
            self.lengths[path] = self.lengths.get(path, 0) + 1
            path, key = self._last_element(path), start
        self.places[path] = (key, start)
        self.table = path
        self._pass(_BRACKETS)

    def _last_element(self, path: Path) -> Path:
        """Return the table that *path* means in a header."""
        length = self.lengths.get(path, 0)
        return (*path, length - 1) if length else path

    def _pair(self, path: Path) -> None:
        """Note a key of the table at *path* and the value behind it."""
        start = self.at
        for name, start in self._names():
            path = (*path, name)
            self.places.setdefault(path, (start, start))
        self._pass(_EQUALS)
        self._value(path, start)

    def _value(self, path: Path, key: int) -> None:
        """Note the value that starts here; pass it, or enter it."""
        self.places[path] = (key, self.at)
        if self.text.startswith(("[", "{"), self.at):
            is_array = self.text[self.at] == "["
            self.brackets.append((path, count() if is_array else None))
            self.at += 1
        else:
            self._pass(_SCALAR)

    def _member(self) -> None:
        """Note one member of the innermost bracket, or pass its comma or its end."""
        self._pass(_BLANK)
        path, indexes = self.brackets[-1]
        if self.text.startswith(("]", "}"), self.at):
            self.brackets.pop()
            self.at += 1
        elif self.text.startswith(",", self.at):
            self.at += 1
        elif indexes is None:
            self._pair(path)
        else:
            self._value((*path, next(indexes)), self.at)

    def _names(self) -> list[tuple[str, int]]:
        """Return the names of the dotted key that starts here, with their offsets."""
        start, end = self.at, self._pass(_KEY)
        parts = _PART.finditer(self.text, start, end)
        return [(_unquoted(part[0]), part.start()) for part in parts]

    def _pass(self, pattern: re.Pattern[str]) -> int:
        """Move behind what *pattern* matches here, and return the offset."""
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else len(self.text)
        return self.at


def _unquoted(name: str) -> str:
    """Return what the bare or quoted key *name* stands for."""
    if name[0] == '"' and "\\" in name:
        return str(tomllib.loads(f"key = {name}")["key"])
    return name[1:-1] if name[0] in "\"'" else name


def header_lines(text: str, name: str) -> list[int]:
    r"""Return the lines, from 1, of the `[[name]]` headers of *text*.

    *name* is found bare and alone, not in quotes nor behind a dot.

    >>> header_lines('[[rule]]\nid = "a"\n\n[[ rule ]]  # second\n', "rule")
    [1, 4]
    """
    header = re.compile(rf"^[ \t]*+\[\[[ \t]*+{re.escape(name)}[ \t]*+\]\][ \t]*+(?:#.*|\r)?$", re.MULTILINE)
    starts = [found.start() for found in header.finditer(text)]
    if '"""' in text or "'''" in text:
        starts = _outside_strings(starts, text)
    return [1 + lines for lines in accumulate(text.count("\n", *span) for span in pairwise([0, *starts]))]


def _outside_strings(offsets: list[int], text: str) -> list[int]:
    """Return those of *offsets* that no multi-line string of *text* covers."""
    spans = [found.span() for found in _TEXT.finditer(text) if "\n" in found[0]]
    ends = [0, *(end for _, end in spans)]
    return [at for at in offsets if at >= ends[bisect_right(spans, (at, at))]]
