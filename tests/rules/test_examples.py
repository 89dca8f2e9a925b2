"""Test that the examples of rules are run, and that one that proves nothing is a failure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from policyengine.facts import Facts
from policyengine.rules.examples import facts_of, run_examples, untested
from policyengine.rules.layers import RuleBook
from policyengine.rules.why import why_not

if TYPE_CHECKING:
    from policyengine.errors import Diagnostic
    from policyengine.rules.load import LoadedRules

    LoadFile = Callable[..., tuple[LoadedRules | None, list[Diagnostic]]]

HEAD = {
    "classify": 'decision = "classify"\ndialects = ["toy-api", "toy-twin"]\n',
    "bill": 'decision = "bill"\nseller = "toy-inc"\n',
    "route": 'decision = "route"\n',
}
THEN = {
    "classify": 'then = { outcome = "blocked", stage = "output" }',
    "bill": 'then = { image = "free" }',
    "route": 'then = { action = "backoff", tag = "x" }',
}


def rule(decision: str, *lines: str, name: str = "toy.one") -> str:
    return "\n".join(["[[rule]]", f'id = "{name}"', 'title = "One"', THEN[decision], *lines, ""])


def example(given: str) -> str:
    return f"[[rule.example]]\ngiven = {given}"


def near_miss(given: str, *lines: str) -> str:
    return "\n".join(["[[rule.near_miss]]", f"given = {given}", *lines])


@pytest.fixture
def file_of(load_file: LoadFile) -> Callable[..., LoadedRules]:
    """Return a function that loads the rules of one decision."""

    def load(decision: str, *rules: str, origin: Any = "user", file: str = "rules.toml") -> LoadedRules:  # noqa: ANN401
        loaded, faults = load_file(HEAD[decision] + "\n".join(rules), origin=origin, file=file)
        assert faults == []
        assert loaded is not None
        return loaded

    return load


File = Callable[..., "LoadedRules"]


def failures(*files: LoadedRules) -> list[str]:
    return [str(failure) for failure in run_examples(RuleBook(files))[1]]


def test_examples_and_near_misses_that_hold_are_counted(file_of: File) -> None:
    written = rule(
        "classify",
        'when.finish_reason = "SAFETY"',
        example('{ finish_reason = "SAFETY" }'),
        example('{ finish_reason = "SAFETY", http_status = 200 }'),
        near_miss('{ finish_reason = "STOP" }'),
    )

    assert run_examples(RuleBook([file_of("classify", written)])) == (3, [])


def test_an_example_that_another_rule_decides_names_it(file_of: File) -> None:
    first = rule("classify", "when.http_status = 200", name="toy.first")
    second = rule(
        "classify", 'when.finish_reason = "SAFETY"', example('{ finish_reason = "SAFETY", http_status = 200 }')
    )

    assert failures(file_of("classify", first, second)) == [
        "rules.toml:9: toy.one: example 1: decided by toy.first; its conditions hold, an earlier rule decides"
    ]


def test_an_example_that_no_rule_decides_says_what_does_not_hold(file_of: File) -> None:
    written = rule("classify", 'when.finish_reason = "SAFETY"', example("{ http_status = 200 }"))

    assert failures(file_of("classify", written)) == [
        "rules.toml:3: toy.one: example 1: decided by no rule; finish_reason equals 'SAFETY' is false: it is absent"
    ]


def test_a_near_miss_that_hits_is_a_failure(file_of: File) -> None:
    written = rule("classify", "when.http_status = 400", near_miss("{ http_status = 400 }"))

    assert failures(file_of("classify", written)) == ["rules.toml:3: toy.one: near_miss 1: decided by this rule"]


def test_a_near_miss_may_name_the_rule_that_decides_instead(file_of: File) -> None:
    other = rule("classify", "when.http_status = 500", name="toy.other")
    right = rule(
        "classify", "when.http_status = 400", near_miss("{ http_status = 500 }", 'decided_by = "toy.other"'), name="a"
    )
    wrong = rule(
        "classify", "when.http_status = 401", near_miss("{ http_status = 502 }", 'decided_by = "toy.other"'), name="b"
    )

    (failure,) = failures(file_of("classify", right, wrong, other))

    assert failure.endswith(
        "b: near_miss 1: decided by no rule, not by toy.other; http_status equals 500 is false: it is 502"
    )


def test_a_near_miss_that_names_a_rule_that_is_not_there_says_which_is_near(file_of: File) -> None:
    other = rule("classify", "when.http_status = 500", name="toy.other")
    written = rule("classify", "when.http_status = 400", near_miss("{ http_status = 500 }", 'decided_by = "toy.othr"'))

    (failure,) = failures(file_of("classify", written, other))

    assert failure.endswith("there is no rule 'toy.othr'; did you mean 'toy.other'?")


def test_an_example_outside_the_days_of_its_rule_says_so(file_of: File) -> None:
    written = rule(
        "classify", "from = 2026-05-01", "when.http_status = 400", example("{ http_status = 400, at = 2026-04-30 }")
    )

    (failure,) = failures(file_of("classify", written))

    assert "at ge 2026-05-01 00:00:00+00:00 is false: it is 2026-04-30" in failure


def test_a_failure_keeps_the_facts_and_who_decided_where(file_of: File) -> None:
    first = rule("classify", "when.http_status = 200", name="toy.first")
    second = rule("classify", "when.http_status.ge = 200", example("{ http_status = 200 }"))

    (failure,) = run_examples(RuleBook([file_of("classify", first, second)]))[1]

    assert failure.given == {"http_status": 200}
    assert failure.decided_by == ("toy.first (rules.toml:3)",)


GIVEN: dict[str, tuple[str, str, str]] = {
    "misspelled fact": ("bill", '{ finish_raeson = "x" }', "'finish_raeson' is no fact; did you mean 'finish_reason'?"),
    "misspelled signal": ("bill", '{ signal.hnit = "x" }', "'signal.hnit' is no fact; did you mean 'signal.hint'?"),
    "signal of a wrong type": ("bill", '{ signal.level = "2" }', "'signal.level' takes an integer, not '2'"),
    "signal that is no truth value": ("bill", "{ signal.sure = 1 }", "'signal.sure' takes true or false, not 1"),
    "misspelled account fact": ("bill", '{ account.mdoe = "x" }', "did you mean 'account.mode'?"),
    "misspelled outcome": ("bill", '{ outcome = "blokced" }', "'blokced' is no outcome; did you mean 'blocked'?"),
    "misspelled stage": ("route", '{ stage = "ouptut" }', "'ouptut' is no stage; did you mean 'output'?"),
    "misspelled tier": ("bill", '{ tier = "btach" }', "did you mean 'batch'?"),
    "outcome before it is decided": ("classify", '{ outcome = "blocked" }', "'outcome' is no fact"),
    "fact of a wrong type": ("bill", '{ http_status = "200" }', "'http_status' takes an integer, not '200'"),
    "derived fact": ("bill", "{ images_missing = 1 }", "images_missing"),
    "condition instead of a fact": ("bill", '{ message = { contains = "x" } }', "Expected `str"),
    "condition on a signal": ("bill", '{ signal.hint = { contains = "x" } }', "signal"),
    "negation": ("bill", '{ not = { message = "x" } }', "not"),
    "several values for one": ("bill", "{ http_status = [400, 401] }", "Expected `int"),
    "several values for one signal": ("bill", '{ signal.hint = ["a", "b"] }', "'signal.hint' takes text, not several"),
    "empty text": ("bill", '{ message = "" }', "no fact is an empty text"),
}


@pytest.mark.parametrize("kind", ["example", "near_miss"])
@pytest.mark.parametrize(("decision", "given", "message"), GIVEN.values(), ids=GIVEN)
def test_given_that_is_no_set_of_facts_is_a_failure(
    file_of: File, decision: str, given: str, message: str, kind: str
) -> None:
    written = rule(decision, "when.http_status = 418", f"[[rule.{kind}]]\ngiven = {given}")

    (failure,) = failures(file_of(decision, written))

    assert f"toy.one: {kind} 1: 'given' is not a set of facts: " in failure
    assert message in failure


def test_every_fault_of_one_given_is_named(file_of: File) -> None:
    written = rule("bill", near_miss('{ outcome = "blokced", signal = { hnit = "x", level = "y" } }'))

    (failure,) = failures(file_of("bill", written))

    assert "'blocked'" in failure
    assert "'signal.hint'" in failure
    assert "'signal.level' takes an integer" in failure


def test_bill_examples_are_decided_by_any_component(file_of: File) -> None:
    first = '[[rule]]\nid = "a"\ntitle = "A"\nthen = { input = "charged" }\n' + example('{ outcome = "blocked" }')
    second = rule("bill", 'when.outcome = "blocked"', example('{ outcome = "blocked" }'), near_miss("{ }"))

    assert failures(file_of("bill", first, second)) == []


def test_examples_of_dated_rules_are_decided_on_a_day_of_theirs(file_of: File) -> None:
    def dated(name: str, *dates: str) -> str:
        return rule("classify", f'when.code = "{name}"', *dates, example(f'{{ code = "{name}" }}'), name=name)

    written = [
        dated("past", "until = 2020-01-01"),
        dated("future", "from = 2090-01-01"),
        dated("one-day", "from = 2030-05-01", "until = 2030-05-02"),
        dated("never", "until = 0001-01-01"),
    ]

    (failure,) = failures(file_of("classify", *written))

    assert "never: example 1: " in failure


def test_the_day_of_an_example_may_be_given(file_of: File) -> None:
    written = rule("classify", "from = 2026-05-01", near_miss("{ at = 2026-04-30 }"), example("{ at = 2026-05-01 }"))

    assert failures(file_of("classify", written)) == []


def test_examples_of_experimental_rules_are_run_among_themselves(file_of: File) -> None:
    deciding = rule("classify", "when.http_status = 400", name="toy.deciding")
    on_trial = rule("classify", 'status = "experimental"', "when.http_status = 400", example("{ http_status = 400 }"))

    assert failures(file_of("classify", deciding, on_trial)) == []


def test_shipped_examples_hold_whatever_the_team_decides(file_of: File) -> None:
    shipped = rule("classify", "when.http_status = 400", example("{ http_status = 400 }"))
    ours = rule("classify", "when.http_status = 400", 'replace = "toy.one"', name="ours")

    assert failures(file_of("classify", ours), file_of("classify", shipped, origin="bundled")) == []


def test_a_disabled_rule_does_not_hold_its_examples(file_of: File, load_file: LoadFile) -> None:
    written = rule("classify", example("{ http_status = 400 }"))
    off, _ = load_file('decision = "classify"\ndialects = ["*"]\ndisable = ["toy.one"]\n', file="off.toml")
    assert off is not None

    (failure,) = failures(file_of("classify", written), off)

    assert failure.endswith("decided by no rule; toy.one is not asked: it is disabled, replaced, or serves others")


def test_rules_without_an_example_or_a_near_miss_are_listed(file_of: File) -> None:
    written = [
        rule("classify", example("{ http_status = 400 }"), name="a"),
        rule("classify", near_miss("{ http_status = 400 }"), name="b"),
        rule("classify", example("{ http_status = 400 }"), near_miss("{ }"), name="c"),
    ]

    assert [one.rule.id for one in untested(RuleBook([file_of("classify", *written)]))] == ["a", "b"]


def test_given_facts_get_their_types(file_of: File) -> None:
    written = rule("bill", "when.http_status = 1")
    file = file_of("bill", written)
    given = {
        "outcome": "blocked",
        "at": datetime(2026, 5, 1, 12),  # noqa: DTZ001  TOML has local times
        "settled": 3,
        "retry_after_s": 2,
        "category": ["a", "b"],
        "signal": {"tags": ["x"], "level": 2},
    }

    made = facts_of(given, file, file.rules[0])

    assert (made.outcome, made.stage) == ("blocked", None)
    assert isinstance(made.facts, Facts)
    assert made.facts.seller == "toy-inc"
    assert made.facts.at == datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert (str(made.facts.settled), made.facts.retry_after_s) == ("3", 2.0)
    assert made.facts.category == ("a", "b")
    assert made.facts.signal == {"tags": ("x",), "level": 2}


WHY = {
    "absent": ('when.code = "x"', "{ http_status = 1 }", "code equals 'x' is false: it is absent"),
    "other": ('when.code = ["x", "y"]', '{ code = "z" }', "code equals 'x' or 'y' is false: it is 'z'"),
    "part of several": (
        'when.code = "x"\nwhen.http_status.ge = 500',
        '{ code = "x", http_status = 400 }',
        "http_status ge 500 is false: it is 400",
    ),
    "not": ('when.code.not = "x"', '{ code = "x" }', "not so, since code equals 'x' holds"),
    "not a group": (
        'when.not = { code = "x", http_status = 1 }',
        '{ code = "x", http_status = 1 }',
        "not so, since (code equals 'x') and (http_status equals 1) holds",
    ),
    "not a value": ('when.code.not = ["x", "y"]', '{ code = "y" }', "since code equals 'x' or 'y' holds: it is 'y'"),
    "several false": (
        'when = { code = "x", http_status = 1 }',
        "{ http_status = 2 }",
        "code equals 'x' is false: it is absent; http_status equals 1 is false: it is 2",
    ),
    "none of several": (
        'when.any = [{ code = "x" }, { http_status.gt = 1 }]',
        '{ code = "z", http_status = 1 }',
        "none of 2 alternatives holds: (1) code equals 'x' is false: it is 'z', (2) http_status gt 1 is false: it is 1",
    ),
    "absent and negated": ("when.code.present = true", "{ }", "code present is false: it is absent"),
}


@pytest.mark.parametrize(("when", "given", "message"), WHY.values(), ids=WHY)
def test_why_a_rule_does_not_decide_is_told(file_of: File, when: str, given: str, message: str) -> None:
    file = file_of("classify", rule("classify", when, example(given)))
    (bound,) = file.rules

    told = why_not(bound.condition, facts_of(bound.rule.example[0].given, file, bound))

    assert message in told
