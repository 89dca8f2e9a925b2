"""Read the docstrings of a class's fields from its source, which Python does not keep."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise

from msgspec import Struct

__all__ = ["field_docstrings", "statement_text"]


def field_docstrings(kind: type) -> dict[str, str]:
    """Return what stands below each field of the Struct *kind*, by the name of the field; bases included.

    Where the source is not at hand there are none.
    """
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if isinstance(base, type(Struct)):
            found |= _own_docstrings(base)
    return found


def _own_docstrings(kind: type) -> dict[str, str]:
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    except (OSError, TypeError):
        return {}
    statements = body.body if isinstance(body, ast.ClassDef) else []
    return {
        statement.target.id: told
        for statement, below in pairwise(statements)
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
        if (told := statement_text(below))
    }


def statement_text(statement: ast.stmt) -> str:
    """Return the text of *statement* on one line where it is a string and nothing else, else ""."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    written = value.value if isinstance(value, ast.Constant) else ""
    return " ".join(written.split()) if isinstance(written, str) else ""
