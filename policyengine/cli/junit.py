"""Write the results of examples and near misses, and their coverage, as JUnit XML for CI systems."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal
    from pathlib import Path

    from policyengine.rules.coverage import Coverage
    from policyengine.rules.examples import Case, Failure

__all__ = ["write_junit"]

_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(
    path: Path,
    results: Sequence[tuple[Case, Failure | None]],
    coverage: Coverage | None,
    least: Decimal | None,
) -> None:
    """Write a suite per rule file to *path*, and one for *coverage*, which fails below *least* percent."""
    root = Element("testsuites", name="imgpolicy test")
    for file, group in groupby(results, key=lambda result: result[0].file.source.file):
        _suite(root, file, [_tested(case, failure) for case, failure in group])
    if coverage is not None:
        _suite(root, "coverage", [*_covered(coverage), _threshold(coverage, least)])
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    indent(root)
    ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _suite(root: Element, name: str, tests: Sequence[Element]) -> None:
    failures = sum(test.find("failure") is not None for test in tests)
    counts = {"tests": str(len(tests)), "failures": str(failures), "errors": "0", "skipped": "0", "time": "0"}
    SubElement(root, "testsuite", {"name": _xml(name), **counts}).extend(tests)


def _tested(case: Case, failure: Failure | None) -> Element:
    place = case.rule.place
    name = f"{case.rule.rule.id} {case.kind} {case.number}"
    test = _case(place.file, name, place.line)
    if failure is not None:
        told = SubElement(test, "failure", type=case.kind, message=_xml(failure.message))
        told.text = _xml("\n".join([str(failure), *failure.details()]))
    return test


def _covered(coverage: Coverage) -> Iterable[Element]:
    """Yield a test per rule that says what no example shows; it does not fail."""
    for rule in coverage.rules:
        test = _case(rule.file, rule.rule, rule.line, group="coverage")
        if gaps := [*rule.gaps]:
            SubElement(test, "system-out").text = _xml("\n".join(gaps))
        yield test


def _threshold(coverage: Coverage, least: Decimal | None) -> Element:
    test = Element("testcase", classname="coverage", name="total", time="0")
    told = f"{coverage.percent} % covered"
    if least is not None and coverage.percent < least:
        SubElement(test, "failure", type="coverage", message=f"{told}, less than {least} %")
    else:
        SubElement(test, "system-out").text = told
    return test


def _case(file: str, name: str, line: int, *, group: str | None = None) -> Element:
    where = {"classname": group or file, "name": name, "file": file, "line": str(line), "time": "0"}
    return Element("testcase", {key: _xml(value) for key, value in where.items()})


def _xml(text: str) -> str:
    """Return *text* with a mark in the place of what XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)
