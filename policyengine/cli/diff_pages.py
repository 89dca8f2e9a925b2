"""Write what a change does, as text for a terminal and as Markdown for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from policyengine.cli.output import bold, print_markdown, print_table, printable
from policyengine.explain import interval, money
from policyengine.rules.given import given_inline
from policyengine.vocabulary import COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from decimal import Decimal

    from policyengine.diff.log import LogChange, Moved, RulePair
    from policyengine.diff.report import Report
    from policyengine.diff.semantic import Kind, RuleChange, RuleChanges
    from policyengine.verdict import Route, Verdict

__all__ = ["print_page", "print_text"]

_MOST_SHOWN = 20
_MOST_KINDS = 3
_MOST_LISTS = 6
_TABLES = ("table", "entry", "field", "before", "now")
_MONEY = ("", "at least", "at most", "without a bound")


def print_text(report: Report) -> None:
    """Print *report* for a terminal."""
    for word, side in (("old", report.old), ("new", report.new)):
        print(f"{word}  {printable(side.name)}  {side.fingerprint[:12]}")
    if report.log is not None:
        _print_log(report.log)
    if report.rules is not None and report.rules.found:
        print(f"\n{_number(len(report.rules.found), 'rule makes', 'rules make')} a difference")
        for change in report.rules.found[:_MOST_SHOWN]:
            _print_change(change)
        _print_rest(report.rules)
    if report.tables:
        print(f"\n{_number(len(report.tables), 'entry', 'entries')} beside the rules changed")
        print_table(_TABLES, _table_rows(report))
    print(f"\n{bold(_conclusion(report))}")


def print_page(report: Report) -> None:
    """Print *report* as Markdown."""
    names = (f"`{printable(side.name)}` ({side.fingerprint[:12]})" for side in (report.old, report.new))
    print(f"### What changes from {' to '.join(names)}\n\n{_conclusion(report)}")
    if report.log is not None:
        _print_log_page(report.log)
    if report.rules is not None and report.rules.found:
        print()
        rows = map(_change_row, report.rules.found[:_MOST_SHOWN])
        print_markdown(("rule", "kinds of answers", "such as", "before", "now"), rows)
        _print_rest(report.rules)
    if report.tables:
        print()
        print_markdown(_TABLES, _table_rows(report))


def _conclusion(report: Report) -> str:
    """Return the answer in one sentence."""
    undecided = report.rules.undecided if report.rules is not None else ()
    if report.is_equivalent:
        return "nothing changes" if report.log is not None else "equivalent: every answer gets the same verdict"
    if undecided:
        return f"not decided, since it takes too much work: {', '.join(undecided)}; there may be more differences"
    if report.log is not None:
        return "verdicts of the log change" if report.log.changed else "no verdict of the log changes, tables do"
    return "not equivalent"


def _print_rest(rules: RuleChanges) -> None:
    more = len(rules.found) - _MOST_SHOWN
    if more > 0:
        print(f"\n… and {_number(more, 'more rule', 'more rules')}; --json prints all")


def _print_change(change: RuleChange) -> None:
    print(f"\n{change.decision} rule {change.rule} {change.what}, {printable(change.place)}")
    kinds = _together(change.kinds)
    for kind in kinds[:_MOST_KINDS]:
        print(f"  given = {printable(given_inline(kind.given))}")
        print(f"    before  {printable(kind.was)}  [{kind.old or '-'}]{_follows(kind.old_verdict)}")
        print(f"    now     {printable(kind.becomes)}  [{kind.new or '-'}]{_follows(kind.new_verdict)}")
        print(f"    for     {_for(kind.lists)}")
    more = len(kinds) - _MOST_KINDS
    if more > 0:
        print(f"  … and {_number(more, 'more kind', 'more kinds')} of answers")


def _together(kinds: Iterable[Kind]) -> list[Kind]:
    """Return *kinds* with those as one that the same answer shows and the same rules decide, part by part."""
    found: dict[tuple[object, ...], Kind] = {}
    for kind in kinds:
        key = (repr(kind.given), kind.old, kind.new, kind.lists)
        known = found.get(key)
        found[key] = kind if known is None else _joined(known, kind)
    return [*found.values()]


def _joined(one: Kind, other: Kind) -> Kind:
    was, becomes = (
        mine if mine == yours else f"{mine}, {yours}"
        for mine, yours in ((one.was, other.was), (one.becomes, other.becomes))
    )
    return replace(one, was=was, becomes=becomes)


def _change_row(change: RuleChange) -> tuple[str, ...]:
    kinds = _together(change.kinds)
    kind = kinds[0]
    return (
        f"{change.decision} `{change.rule}` {change.what}",
        str(len(kinds)),
        f"`{given_inline(kind.given)}`",
        f"{kind.was} (`{kind.old or '-'}`)",
        f"{kind.becomes} (`{kind.new or '-'}`)",
    )


def _number(n: int, one: str, several: str) -> str:
    return f"{n} {one if n == 1 else several}"


def _component(name: str | None) -> str:
    return f" {name}" if name else ""


def _for(lists: tuple[str, ...]) -> str:
    named = [one for one in lists if one]
    more = f" and {len(named) - _MOST_LISTS} more" if len(named) > _MOST_LISTS else ""
    return f"{', '.join(named[:_MOST_LISTS])}{more}" if named else "all"


def _follows(record: Mapping[str, object]) -> str:
    """Return the bill of a verdict and what to do next."""
    bill = [f"{name} {record[f'bill_{name}']}" for name in COMPONENTS if record[f"bill_{name}"] != "na"]
    return f"; {', '.join(bill)}; {record['action']}"


def _table_rows(report: Report) -> Iterator[tuple[object, ...]]:
    return ((one.table, one.entry, one.field, one.old, one.new) for one in report.tables)


def _print_log(log: LogChange) -> None:
    print(f"\n{_counted(log)}")
    print_table(_MONEY, _money_rows(log))
    for moved in log.moved:
        print(f"\n{_number(moved.n, 'answer', 'answers')}: {_change_of_money(moved)}")
        for pair in moved.pairs:
            print(f"  {printable(_pair(pair))}")
        for sample in moved.samples:
            print(f"    {printable(sample.answer)}")
            print(f"      before  {_verdict(sample.old)}")
            print(f"      now     {_verdict(sample.new)}")


def _print_log_page(log: LogChange) -> None:
    print(f"\n{_counted(log)}\n")
    print_markdown(_MONEY, _money_rows(log))
    if log.moved:
        print()
        print_markdown(("answers", "dollars", "rules", "such as", "before", "now"), _moved_rows(log))


def _moved_rows(log: LogChange) -> Iterator[tuple[object, ...]]:
    for moved in log.moved:
        head: tuple[object, ...] = (moved.n, _change_of_money(moved), "; ".join(map(_pair, moved.pairs)))
        for sample in moved.samples:
            yield *head, sample.answer, _verdict(sample.old), _verdict(sample.new)
            head = ("", "", "")


def _counted(log: LogChange) -> str:
    others = f", {log.same_by_others} get the same from other rules" if log.same_by_others else ""
    return f"{log.changed} of {log.n} answers get another verdict{others}"


def _money_rows(log: LogChange) -> list[tuple[object, ...]]:
    sides = (("before", log.old), ("now", log.new))
    return [(name, money(side.low), money(side.high), side.unpriced) for name, side in sides]


def _change_of_money(moved: Moved) -> str:
    words = [f"at least {_signed(moved.low)}", f"at most {_signed(moved.high)}"]
    words += [f"{moved.unbounded} lose their upper bound"] if moved.unbounded else []
    words += [f"{moved.bounded} get an upper bound"] if moved.bounded else []
    return ", ".join(words)


def _signed(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else '+'}{money(abs(amount))}" if amount else "no change"


def _pair(pair: RulePair) -> str:
    head = f"{pair.decision}{_component(pair.component)}"
    return f"{head}: {pair.old}, changed" if pair.old == pair.new else f"{head}: {pair.old} -> {pair.new}"


def _verdict(verdict: Verdict) -> str:
    bill = ", ".join(f"{name} {value}" for name, value in verdict.bill.values().items() if value != "na")
    charge = interval(verdict.charge.low, verdict.charge.high)
    return f"{verdict.outcome} at {verdict.stage}; {bill}; {charge}; {_route(verdict.route)}"


def _route(route: Route) -> str:
    if not route.retry:
        return route.action
    return f"{route.action} after {route.wait_s:g} s, {_number(route.attempts_left, 'attempt', 'attempts')} left"
