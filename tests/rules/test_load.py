"""Test that rule files load, and that every fault of one is reported with its place and what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyengine.rules.model import BillFile, ClassifyFile, RouteFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from policyengine.errors import Diagnostic
    from policyengine.rules.load import LoadedRules

    LoadFile = Callable[..., tuple[LoadedRules | None, list[Diagnostic]]]

CLASSIFY = """\
decision = "classify"
dialects = ["toy-api"]

[[rule]]
id = "toy.one"
title = "One"
when.finish_reason = "SAFETY"
then = { outcome = "blocked", stage = "output" }

[[rule]]
id = "toy.two"
title = "Two"
when.signal.hint = "x"
then = { outcome = "declined", stage = "generation" }
"""


def shown(faults: list[Diagnostic]) -> list[str]:
    return [str(fault) for fault in faults]


def only_fault(load_file: LoadFile, written: str | bytes) -> str:
    loaded, faults = load_file(written)

    assert loaded is None
    assert len(faults) == 1, shown(faults)
    return str(faults[0])


def test_rules_load_with_their_lines(load_file: LoadFile) -> None:
    loaded, faults = load_file(CLASSIFY)

    assert faults == []
    assert loaded is not None
    assert isinstance(loaded.content, ClassifyFile)
    assert [(rule.rule.id, rule.place.line) for rule in loaded.rules] == [("toy.one", 4), ("toy.two", 10)]
    assert loaded.rules[0].place.path == "/team/rules.toml"


def test_rules_written_as_an_array_load_at_line_one(load_file: LoadFile) -> None:
    loaded, _ = load_file(
        """\
        decision = "route"
        rule = [{ id = "r.one", title = "One", then = { action = "none", tag = "x" } }]
        """
    )

    assert loaded is not None
    assert isinstance(loaded.content, RouteFile)
    assert loaded.rules[0].place.line == 1


def test_a_bill_file_keeps_what_it_says_of_its_seller(load_file: LoadFile) -> None:
    loaded, _ = load_file(
        """\
        decision = "bill"
        seller = "toy-inc"
        hosts = ["api.toy.test"]
        alternatives = { "account.mode" = ["per-token", "per-call"] }
        """
    )

    assert loaded is not None
    assert isinstance(loaded.content, BillFile)
    assert loaded.content.alternatives == {"account.mode": ("per-token", "per-call")}


RULE = '[[rule]]\nid = "toy.one"\ntitle = "One"\n'
HEAD = 'decision = "classify"\ndialects = ["toy-api"]\n' + RULE
THEN = 'then = { outcome = "blocked", stage = "output" }\n'
BILL = 'decision = "bill"\nseller = "toy-inc"\n' + RULE
PREFLIGHT = 'decision = "preflight"\n[[rule]]\nid = "a"\ntitle = "A"\n'
ROUTE = 'decision = "route"\n' + RULE

FAULTS = {
    "misspelled fact": (
        f'{HEAD}when.finish_raeson = "x"\n{THEN}',
        "rules.toml:6:22: rule[0].when.finish_raeson: 'finish_raeson' is no fact; did you mean 'finish_reason'?",
    ),
    "misspelled signal": (f'{HEAD}when.signal.hnit = "x"\n{THEN}', "did you mean 'signal.hint'?"),
    "outcome in classify": (
        f'{HEAD}when.outcome = "x"\n{THEN}',
        "rules.toml:6:16: rule[0].when.outcome: 'outcome' is no fact",
    ),
    "misspelled operator": (f'{HEAD}when.message.contain = "x"\n{THEN}', "did you mean 'contains'?"),
    "misspelled value": (
        f'{HEAD}then = {{ outcome = "blokced", stage = "output" }}\n',
        "rules.toml:6:20: rule[0].then.outcome: 'blokced' is not allowed; did you mean 'blocked'?",
    ),
    "missing then": (HEAD, "rules.toml:3:1: rule[0]: 'then' is missing"),
    "missing stage": (f'{HEAD}then = {{ outcome = "blocked" }}\n', "rules.toml:6:8: rule[0].then: 'stage' is missing"),
    "missing title": (
        f'decision = "classify"\ndialects = ["toy-api"]\n[[rule]]\nid = "x"\n{THEN}',
        "rules.toml:3:1: rule[0]: 'title' is missing",
    ),
    "wrong type": (f'{HEAD}when = "x"\n{THEN}', "rules.toml:6:8: rule[0].when: 'x' is not of type 'object'"),
    "wrong operand": (f'{HEAD}when.http_status = "200"\n{THEN}', "'http_status' takes an integer, not '200'"),
    "unknown key": (
        f"{HEAD}wehn = {{}}\n{THEN}",
        "rules.toml:6:1: rule[0].wehn: unknown key 'wehn'; did you mean 'when'?",
    ),
    "unknown key of the file": (f'dialect = "x"\n{HEAD}{THEN}', "rules.toml:1:1: dialect: unknown key 'dialect'"),
    "wrong id": (
        f'decision = "classify"\ndialects = ["toy-api"]\n[[rule]]\nid = "Toy One"\ntitle = "x"\n{THEN}',
        "rules.toml:4:6: rule[0].id: 'Toy One' is not a rule id",
    ),
    "unknown decision": (
        '# first\ndecision = "clasify"\n',
        "rules.toml:2:12: decision: 'clasify' is no decision; did you mean 'classify'?",
    ),
    "no decision": (
        'dialects = ["x"]\n',
        "rules.toml:1:1: 'decision' is missing; known are bill, classify, preflight, route",
    ),
    "decision of a wrong type": ("decision = 5\n", "rules.toml:1:12: decision: 5 is no decision"),
    "no dialects": ('decision = "classify"\ndialects = []\n', "rules.toml:2:12: dialects:"),
    "all dialects and one": (
        'decision = "classify"\ndialects = ["*", "x"]\n',
        "rules.toml:2:12: dialects: '*' stands alone",
    ),
    "dates in disorder": (
        f"{HEAD}from = 2026-02-01\nuntil = 2026-02-01\n{THEN}",
        "rules.toml:7:9: rule[0].until: 'until' 2026-02-01 is not after 'from' 2026-02-01",
    ),
    "date that is none": (
        f'{HEAD}from = "2026-02-31"\n{THEN}',
        "rules.toml:6:8: rule[0].from: '2026-02-31' is no date",
    ),
    "time instead of a date": (f"{HEAD}from = 2026-02-01T00:00:00Z\n{THEN}", "rules.toml:6:8: rule[0].from:"),
    "empty list": (f"{HEAD}when.code = []\n{THEN}", "rules.toml:6:13: rule[0].when.code: an empty list never matches"),
    "empty text": (f'{HEAD}when.message.contains = ""\n{THEN}', "an empty text is part of every text"),
    "stated without quote": (
        f'{HEAD}{THEN}[[rule.evidence]]\nbasis = "stated"\nsource = "https://x.test"\nchecked = 2026-01-01\n',
        "rules.toml:7:1: rule[0].evidence[0]: basis 'stated' needs the 'quote' that states it",
    ),
    "source that is no address": (
        f'{HEAD}{THEN}[[rule.evidence]]\nbasis = "official"\nsource = "x.test"\nchecked = 2026-01-01\n',
        "rules.toml:9:10: rule[0].evidence[0].source: 'x.test' is not a URL",
    ),
    "conditional without on": (
        f'{BILL}then = {{ image = "conditional" }}\n',
        "rules.toml:6:8: rule[0].then: a 'conditional' needs 'on': what it depends on",
    ),
    "effect of another decision": (
        f'{BILL}then = {{ outcome = "blocked" }}\n',
        "rules.toml:6:10: rule[0].then.outcome: unknown key 'outcome'",
    ),
    "derived value": (f'{BILL}then = {{ image = "na" }}\n', "'na' is not allowed"),
    "unknown alternative": (
        'decision = "bill"\nseller = "x"\nalternatives = { modee = ["a"] }\n',
        "did you mean 'mode'?",
    ),
    "alternative without values": (
        'decision = "bill"\nseller = "x"\n[alternatives]\n"account.mode" = []\n',
        "rules.toml:4:18: alternatives.account.mode: name every value that 'account.mode' may have",
    ),
    "alternative of a number": (
        'decision = "bill"\nseller = "x"\nalternatives = { "account.failures_today" = ["a"] }\n',
        "cannot be left open",
    ),
    "alternative of a signal": (
        'decision = "bill"\nseller = "x"\nalternatives = { "signal.hint" = ["a"] }\n',
        "cannot be left open",
    ),
    "alternative outside its set": (
        'decision = "bill"\nseller = "x"\nalternatives = { tier = ["btach"] }\n',
        "did you mean 'batch'?",
    ),
    "no attempts": (
        f'{ROUTE}then = {{ action = "backoff", tag = "x", max_attempts = 0 }}\n',
        "0 is less than the minimum of 1",
    ),
    "negative wait": (
        f'{ROUTE}then = {{ action = "backoff", tag = "x", wait_s = -1 }}\n',
        "'wait_s' runs from 0 to 86400",
    ),
    "wait that is no number": (
        f'{ROUTE}then = {{ action = "backoff", tag = "x", wait_s = nan }}\n',
        "'wait_s' runs from",
    ),
    "endless wait": (
        f'{ROUTE}then = {{ action = "backoff", tag = "x", max_wait_s = inf }}\n',
        "'max_wait_s' runs from",
    ),
    "misspelled action": (f'{ROUTE}then = {{ action = "bakcoff", tag = "x" }}\n', "did you mean 'backoff'?"),
    "failure reduction that nobody claims": (
        f'{PREFLIGHT}then = {{ severity = "info", advice = "x", failure_reduction_percent = 5 }}\n',
        "rules.toml:5:71: rule[0].then.failure_reduction_percent: a failure reduction needs evidence: who says so",
    ),
    "failure reduction above all": (
        f'{PREFLIGHT}then = {{ severity = "info", advice = "x", failure_reduction_percent = 101 }}\n',
        "failure_reduction_percent",
    ),
    "misspelled severity": (
        f'{PREFLIGHT}then = {{ severity = "critcal", advice = "x" }}\n',
        "did you mean 'critical'?",
    ),
    "fact of an answer before the call": (
        f'{PREFLIGHT}when.http_status = 200\nthen = {{ severity = "info", advice = "x" }}\n',
        "'http_status' is no fact",
    ),
    "rule that is no table": (
        'decision = "route"\nrule = ["x"]\n',
        "rules.toml:2:9: rule[0]: 'x' is not of type 'object'",
    ),
    "rules that are no list": ('decision = "route"\nrule = 5\n', "rules.toml:2:8: rule: 5 is not of type 'array'"),
    "disable that is no list": (
        'decision = "route"\ndisable = "x"\n',
        "rules.toml:2:11: disable: 'x' is not of type 'array'",
    ),
}


@pytest.mark.parametrize(("written", "message"), FAULTS.values(), ids=FAULTS)
def test_fault_is_placed_and_explained(load_file: LoadFile, written: str, message: str) -> None:
    assert message in only_fault(load_file, written)


def test_all_faults_of_a_file_are_reported_in_order_whatever_their_kind(load_file: LoadFile) -> None:
    loaded, faults = load_file(
        """\
        decision = "bill"
        seller = "toy-inc"
        extedns = "other"

        [[rule]]
        id = "toy.one"
        title = "Types and conditions"
        when.outcome = "blokced"
        then = { image = "fre" }

        [[rule]]
        id = "toy.two"
        title = "What types cannot say"
        from = 2026-03-01
        until = 2026-02-01
        when.message.contains = ""
        then = { image = "conditional" }

        [[rule]]
        id = "toy.three"
        title = "A part is missing"
        when.signal.hnit = "x"
        """
    )

    assert loaded is None
    assert [(fault.line, fault.message.split(":")[0]) for fault in faults] == [
        (3, "extedns"),
        (8, "rule[0].when.outcome"),
        (9, "rule[0].then.image"),
        (15, "rule[1].until"),
        (16, "rule[1].when.message.contains"),
        (17, "rule[1].then"),
        (19, "rule[2]"),
        (22, "rule[2].when.signal.hnit"),
    ]


HOSTILE = {
    "200 KB dotted key": (b"a." * 100_000 + b"a = 1", "key exceeds 16 parts"),
    "deep arrays": (b"x = " + b"[" * 5000 + b"]" * 5000, "nesting exceeds 32 levels"),
    "deep tables": (b"x = " + b"{a=" * 500 + b"1" + b"}" * 500, "nesting exceeds 32 levels"),
    "5000 digits": (b"decision = " + b"1" * 5000, "word exceeds 256 characters"),
    "5000 hexadecimal digits": (b"decision = 0x" + b"f" * 5000, "word exceeds 256 characters"),
    "invalid UTF-8": (b'decision = "\xff"', "byte 0xff is not UTF-8"),
    "byte order mark": (b'\xef\xbb\xbfdecision = "route"', "file has a byte order mark"),
    "UTF-16": ('decision = "route"'.encode("utf-16"), "is not UTF-8"),
    "NUL": (b'decision = "ro\x00ute"', "cannot read"),
    "over-size": (b"#" * (256 * 1024 + 1), "262144 are allowed"),
    "unclosed": (b'decision = "route', "cannot read"),
    "key twice": (b'decision = "route"\ndecision = "bill"', "give each key once"),
    "exponent no decimal holds": (b"decision = 1e99999999999999999999", "NaN is no decision"),
    "large exponent": (b"decision = 1e9999999", "1E+9999999 is no decision"),
    "empty": (b"", "'decision' is missing"),
    "long value": (b'decision = "' + b"x" * 200_000 + b'"', "is no decision"),
}


@pytest.mark.parametrize(("data", "message"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_a_fault_and_no_traceback(load_file: LoadFile, data: bytes, message: str) -> None:
    fault = only_fault(load_file, data)

    assert message in fault
    assert len(fault) < 500


LONG = "x" * 100_000
LONG_WORDS = {
    "value": f'{HEAD}then = {{ outcome = "{LONG}", stage = "output" }}\n',
    "key": f'{HEAD}{THEN}"{LONG}" = 1\n',
    "fact": f'{HEAD}when."{LONG}" = "x"\n{THEN}',
    "operator": f'{HEAD}when.code."{LONG}" = "x"\n{THEN}',
    "operand": f'{HEAD}when.http_status = "{LONG}"\n{THEN}',
    "operand of present": f'{HEAD}when.code.present = "{LONG}"\n{THEN}',
    "one of a closed set": f'{HEAD}when.tier = "{LONG}"\n{THEN}',
    "alternative": f'decision = "bill"\nseller = "x"\nalternatives = {{ "{LONG}" = ["a"] }}\n',
}


@pytest.mark.parametrize("written", LONG_WORDS.values(), ids=LONG_WORDS)
def test_what_is_wrong_is_shown_shortened(load_file: LoadFile, written: str) -> None:
    assert len(only_fault(load_file, written)) < 500


def test_keys_that_no_terminal_should_print_are_shown_escaped(load_file: LoadFile) -> None:
    fault = only_fault(load_file, f'{HEAD}{THEN}"\\u001b[2J" = 1\n')

    assert "rule[0].'\\x1b[2J': unknown key '\\x1b[2J'" in fault


OPERANDS = {
    "fraction": ("1.5", "not 1.5"),
    "date": ("2026-01-01", "not 2026-01-01"),
    "time of day": ("07:30:00", "not 07:30:00"),
    "truth value": ("true", "not True"),
    "text": ('"200"', "not '200'"),
}


@pytest.mark.parametrize(("operand", "message"), OPERANDS.values(), ids=OPERANDS)
def test_wrong_operands_are_shown_as_they_are_written(load_file: LoadFile, operand: str, message: str) -> None:
    assert message in only_fault(load_file, f"{HEAD}when.http_status = {operand}\n{THEN}")


@pytest.mark.parametrize("operand", ["nan", "-inf", "1e999", "1e99999999999999999999", "-1e-99999999999999999999"])
@pytest.mark.parametrize("fact", ["elapsed_s", "settled"])
def test_numbers_that_are_not_finite_are_faults(load_file: LoadFile, fact: str, operand: str) -> None:
    fault = only_fault(load_file, f"{HEAD}when.{fact}.gt = {operand}\n{THEN}")

    assert fault.startswith(f"rules.toml:6:{len(fact) + 12}: rule[0].when.{fact}.gt: {fact!r} takes a finite number")


def test_negated_operators_may_not_nest_without_end(load_file: LoadFile) -> None:
    assert "conditions may nest 8 deep at most" in only_fault(
        load_file, f"{HEAD}when.code.{'not.' * 12}present = true\n{THEN}"
    )


def test_many_faults_are_all_reported(load_file: LoadFile) -> None:
    _, faults = load_file(f"{HEAD}{THEN}" + "".join(f"x{number} = 1\n" for number in range(500)))

    assert [fault.line for fault in faults] == list(range(7, 507))


def test_a_file_without_rules_loads(load_file: LoadFile) -> None:
    loaded, faults = load_file('decision = "route"\n')

    assert faults == []
    assert loaded is not None
    assert loaded.rules == ()
