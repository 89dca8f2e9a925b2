"""Tell at a glance that a TOML text has short names and little nesting, as nearly every rule file has."""

from __future__ import annotations

import re

__all__ = ["is_plain"]


def is_plain(text: str) -> bool:
    r"""Return whether each line of *text* is whole by itself, with names of at most four parts and three brackets.

    >>> is_plain('[[rule]]\nwhen.http_status = { ge = 500 }'), is_plain('a = [[[[1]]]]')
    (True, False)
    """
    return _NOT_PLAIN.search(text) is None


def _nested(value: str, levels: int) -> str:
    """Return a pattern for *value*, in arrays and inline tables up to *levels* deep."""
    if not levels:
        return value
    inner = _nested(value, levels - 1)
    array = rf"\[ *+(?:{inner}(?:, *+|(?= *+\])))* *+\]"
    table = rf"\{{ *+(?:{_SHORT_KEY}{inner}(?:, *+|(?= *+\}})))* *+\}}"
    return rf"(?:{value}|{array}|{table})"


_ONE_LINE = r'"(?:[^"\\\n]++|\\.)*"' + r"|'[^'\n]*+'"
_SHORT_NAME = rf"(?:[A-Za-z0-9_-]{{1,64}}+|{_ONE_LINE})"
_SHORT_NAMES = rf"{_SHORT_NAME}(?:\.{_SHORT_NAME}){{0,3}}"
_SHORT_KEY = rf"{_SHORT_NAMES} *+= *+"
_FLAT = _nested(rf"(?:{_ONE_LINE}|[A-Za-z0-9_.:+-]{{1,64}}+)", 3)
_PLAIN = rf"[ \t]*+(?:\[\[?+{_SHORT_NAMES}\]\]?+|{_SHORT_KEY}{_FLAT})?[ \t]*+(?:#[^\n]*+)?"
_NOT_PLAIN = re.compile(rf"^(?!{_PLAIN}$)", re.MULTILINE)
