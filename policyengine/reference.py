"""Write the reference of the facts from the code: `python -m policyengine.reference` prints docs/facts.md."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise
from typing import TYPE_CHECKING

from policyengine.facts import Facts
from policyengine.request import Request
from policyengine.rules.docstrings import field_docstrings, statement_text
from policyengine.rules.fields import ACCOUNT_FIELDS, Field, fact_fields, fields_for, request_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from policyengine.provider import Dialect

__all__ = ["GROUPS", "facts_markdown"]

GROUPS = ("Where", "When", "Signals", "Counts", "Money", "Identity")
"""Titles of the groups of fields in `Facts`, which an empty line sets apart; the open tables come last."""

_OPEN = ("signal", "account")
_HEAD = """# Facts

Rules read these names and no others. A fact that the answer does not tell is absent: a condition on it is
false, and `not` of that condition is true. Nothing is ever 0 or empty for want of knowledge.

Kinds: *text*; *texts*, a list of which any element may match; *integer*; *number*; *amount*, an exact number;
*boolean*; *time*, a date or a time in UTC. [Writing rules](writing-rules.md#conditions) says which operators fit
which kind. `imgpolicy facts FILE` prints the facts of an answer.

This page is written by `python -m policyengine.reference > docs/facts.md`."""
_DECIDED = """## Decided before

Rules of `bill` and `route` may also name what the rules of `classify` decided."""
_ACCOUNT = """## Account

What the caller, the command line or `accounts.toml` tells of the account. A key under `facts` of an account in
`accounts.toml`, or under `alternatives` of a bill table, is a fact of kind text: `account.<key>`."""
_REQUEST = """## Before a call

Rules of `preflight` read these names instead, and those of the account. See [Before a call](preflight.md)."""
_DIALECTS = """## Dialects

A dialect may declare facts that only it tells, `signal.<name>`. It lists the known values of some facts: another
value is reported as the warning `drift`, with the value, and is decided by whichever rule fits it."""


def facts_markdown(dialects: Iterable[Dialect]) -> str:
    """Return the page about the facts, with the signals and vocabularies of *dialects*."""
    fields = fact_fields()
    parts = [_HEAD]
    for title, documented in zip(GROUPS, _groups(), strict=True):
        parts.append(f"## {title}\n\n{_facts(fields, documented)}")
    decided = {name: field for name, field in fields_for("bill", ()).items() if name not in fields}
    parts.append(f"{_DECIDED}\n\n{_table(('fact', 'kind', 'values'), map(_undocumented, decided.values()))}")
    parts.append(f"{_ACCOUNT}\n\n{_table(('fact', 'kind', 'values'), map(_undocumented, ACCOUNT_FIELDS))}")
    asked = {name: told for name, told in field_docstrings(Request).items() if name not in _OPEN}
    parts.append(f"{_REQUEST}\n\n{_facts(request_fields(), asked)}")
    header = ("dialect", "provider", "own seller", "facts of its own", "known values")
    parts.append(f"{_DIALECTS}\n\n{_table(header, map(_dialect, dialects))}")
    return "\n\n".join(parts) + "\n"


def _groups() -> list[dict[str, str]]:
    """Return the docstrings of the fields, in the groups in which the class lists them."""
    body = ast.parse(textwrap.dedent(inspect.getsource(Facts))).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101  Facts is a class
    groups: list[dict[str, str]] = [{}]
    last = body.body[0].end_lineno or 0
    for statement, docstring in pairwise(body.body):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            if statement.lineno > last + 1 and groups[-1]:
                groups.append({})
            groups[-1][statement.target.id] = statement_text(docstring)
            last = docstring.end_lineno or 0
    kept = [group for group in groups if not group.keys() & set(_OPEN)]
    return [_with_derived(group) for group in kept]


def _with_derived(group: dict[str, str]) -> dict[str, str]:
    """Return *group* with `images_missing`, which follows from other counts, after them."""
    if "images_withheld" not in group:
        return group
    told = (Facts.images_missing.__doc__ or "").strip().removeprefix("Return ")
    return {**group, "images_missing": f"Derived: {told}"}


def _facts(fields: Mapping[str, Field], documented: Mapping[str, str]) -> str:
    rows = [(*_undocumented(fields[name]), told) for name, told in documented.items()]
    return _table(("fact", "kind", "values", "meaning"), rows)


def _undocumented(field: Field) -> tuple[str, str, str]:
    return f"`{field.name}`", field.kind, ", ".join(field.values) or "any"


def _dialect(dialect: Dialect) -> tuple[str, ...]:
    signals = ", ".join(f"`signal.{name}` ({kind})" for name, kind in sorted(dialect.signals.items()))
    known = ", ".join(f"{name} {len(values)}" for name, values in sorted(dialect.vocabulary.items()))
    return f"`{dialect.name}`", dialect.provider, dialect.seller, signals or "-", known or "-"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(_lines(header, rows))


def _lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'|'.join('---' for _ in header)}|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def main() -> None:
    """Print the page for the installed plugins."""
    from policyengine.plugins import load_plugins  # noqa: PLC0415  only when the page is printed

    print(facts_markdown(load_plugins().dialects.values()), end="")  # noqa: T201


if __name__ == "__main__":
    main()
