"""Test where faults are placed in awkward files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.errors import Diagnostic, PolicyFileError, nearest
from policyengine.rules.conditions import Fault
from policyengine.rules.diagnose import placed
from policyengine.rules.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from policyengine.rules.load import LoadedRules

    LoadFile = Callable[..., tuple[LoadedRules | None, list[Diagnostic]]]


def source(written: str) -> Source:
    return Source(file="x.toml", path="/x.toml", origin="user", data=written.encode())


def test_a_path_without_a_place_gets_that_of_its_parent() -> None:
    faults = placed(source("a = 1\n[b]\nc = 2\n"), [Fault(("b", "gone", 0), "is wrong")])

    assert [str(fault) for fault in faults] == ["x.toml:2:1: b.gone[0]: is wrong"]


def test_a_fault_of_the_file_has_no_path() -> None:
    assert str(placed(source("a = 1\n"), [Fault((), "is wrong")])[0]) == "x.toml:1:1: is wrong"


def test_columns_count_characters_and_lines_may_end_in_two(load_file: LoadFile) -> None:
    rule = 'id = "x", title = "\u00e4\u00f6\U0001f600", thne = 1, then = { action = "none", tag = "t" }'
    written = f'decision = "route"\r\nrule = [{{ {rule} }}]\r\n'

    _, faults = load_file(written.encode())

    assert [(fault.line, fault.column) for fault in faults] == [(2, 36)]


def test_headers_inside_texts_are_no_rules(load_file: LoadFile) -> None:
    _, faults = load_file(
        """\
        decision = "route"

        [[rule]]
        id = "r.one"
        title = '''
        [[rule]]
        '''
        then = { action = "nnoe", tag = "x" }
        """
    )

    assert [(fault.line, fault.column) for fault in faults] == [(8, 19)]


def test_a_warning_says_so() -> None:
    fault = Diagnostic(file="x.toml", line=2, column=3, message="is odd", severity="warning")

    assert str(fault) == "x.toml:2:3: warning: is odd"


def test_an_error_prints_one_fault_a_line() -> None:
    faults = [Diagnostic(file="x.toml", message="a"), Diagnostic(file="y.toml", message="b")]

    assert str(PolicyFileError(faults)) == "x.toml:1:1: a\ny.toml:1:1: b"


def test_nearest_lists_what_is_known_when_nothing_is_near() -> None:
    assert nearest("zzz", ["a", "b"]) == "; known are a, b"
    assert nearest("x", [str(number) for number in range(100, 120)]).endswith(", …")
