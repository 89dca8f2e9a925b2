"""Test what coverage counts, and that it decides as the compiled rules do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policyengine import Engine
from policyengine.rules.coverage import Coverage, RuleCoverage, Total, coverage_of, decided_by
from policyengine.rules.examples import Given, cases
from policyengine.rules.layers import RuleBook
from policyengine.vocabulary import PARTS

if TYPE_CHECKING:
    from policyengine.errors import Diagnostic
    from policyengine.facts import Facts
    from policyengine.rules.load import LoadedRules
    from policyengine.rules.ordered import BoundRule, OrderedRules

    LoadFile = Callable[..., tuple[LoadedRules | None, list[Diagnostic]]]
    Exchange = tuple[Facts, str | None, str | None]

CLASSIFY = 'decision = "classify"\ndialects = ["toy-api"]\n'
BILL = 'decision = "bill"\nseller = "toy-inc"\n'


def rule(name: str, *lines: str) -> str:
    return "\n".join(["[[rule]]", f'id = "{name}"', 'title = "One"', *lines, ""])


def classify(name: str, *lines: str) -> str:
    return rule(name, 'then = { outcome = "blocked", stage = "output" }', *lines)


def example(given: str) -> str:
    return f"[[rule.example]]\ngiven = {given}"


def near_miss(given: str, *lines: str) -> str:
    return "\n".join(["[[rule.near_miss]]", f"given = {given}", *lines])


Measure = Callable[..., dict[str, RuleCoverage]]


@pytest.fixture
def load(load_file: LoadFile) -> Callable[..., LoadedRules]:
    def load(text: str, **told: Any) -> LoadedRules:  # noqa: ANN401
        loaded, faults = load_file(text, **told)
        assert faults == []
        assert loaded is not None
        return loaded

    return load


@pytest.fixture
def measure(load: Callable[..., LoadedRules]) -> Measure:
    """Return a function that measures the coverage of one file."""

    def measure(text: str) -> dict[str, RuleCoverage]:
        return {one.rule: one for one in coverage_of(RuleBook([load(text)])).rules}

    return measure


def gaps(measured: dict[str, RuleCoverage]) -> dict[str, list[str]]:
    return {name: [*one.gaps] for name, one in measured.items()}


def test_a_rule_with_a_case_on_each_side_of_its_condition_has_no_gap(measure: Measure) -> None:
    written = classify("a", 'when.code = "x"', example('{ code = "x" }'), near_miss('{ code = "y" }'))

    assert gaps(measure(CLASSIFY + written)) == {"a": []}


def test_conditions_that_are_never_true_or_never_false_are_named(measure: Measure) -> None:
    written = classify(
        "a",
        'when.http_status = 400\nwhen.any = [{ code = "x" }, { code.not = "z" }]',
        example('{ http_status = 400, code = "y" }'),
    )

    assert gaps(measure(CLASSIFY + written)) == {
        "a": [
            "http_status equals 400: never false",
            "code equals 'x': never true",
            "not (code equals 'z'): never false",
        ]
    }


def test_cases_of_other_rules_count_too(measure: Measure) -> None:
    first = classify("a", 'when.code = "x"', example('{ code = "x" }'))
    second = classify("b", 'when.code = "y"', example('{ code = "y" }'))

    assert gaps(measure(CLASSIFY + first + second)) == {"a": [], "b": []}


def test_a_rule_that_only_matches_behind_others_never_decides(measure: Measure) -> None:
    first = classify(
        "a", "when.http_status.ge = 400", example("{ http_status = 500 }"), near_miss("{ http_status = 1 }")
    )
    second = classify("b", "when.http_status = 500", near_miss("{ http_status = 400 }"))

    measured = measure(CLASSIFY + first + second)

    assert (measured["b"].decided, measured["b"].shadowed) == (0, 1)
    assert gaps(measured) == {"a": [], "b": ["never decides; it matches 1 times behind others"]}


def test_each_component_of_a_bill_must_be_decided_in_a_test_of_the_rule(measure: Measure) -> None:
    first = rule("a", 'then = { image = "free" }', "when.http_status = 400", example("{ http_status = 400 }"))
    second = rule(
        "b",
        'then = { image = "charged", text = "charged" }',
        "when.http_status.ge = 400",
        example("{ http_status = 400 }"),
    )
    near = near_miss("{ http_status = 200 }")

    measured = measure(BILL + first + near + "\n" + second + near)

    assert measured["b"].parts == {"text": True, "image": False}
    assert gaps(measured)["b"] == ["image: asserted by no test"]


def test_a_near_miss_that_names_a_rule_asserts_what_that_rule_decides(measure: Measure) -> None:
    first = rule(
        "a",
        'then = { image = "free" }',
        "when.http_status = 400",
        example("{ http_status = 400 }"),
        near_miss("{ http_status = 500 }", 'decided_by = "b"'),
    )
    second = rule("b", 'then = { image = "charged" }', "when.http_status.ge = 400")

    assert measure(BILL + first + second)["b"].parts == {"image": True}


def test_what_is_no_set_of_facts_counts_nothing(measure: Measure) -> None:
    written = classify("a", 'when.code = "x"', example("{ cdoe = 1 }"))

    assert measure(CLASSIFY + written)["a"].decided == 0


def test_rules_on_trial_are_covered_among_themselves(measure: Measure) -> None:
    first = classify("a", "when.http_status = 400", example("{ http_status = 400 }"))
    trial = classify("b", 'status = "experimental"', "when.http_status = 400", example("{ http_status = 400 }"))

    assert measure(CLASSIFY + first + trial)["b"].decided == 1


def test_the_rules_of_a_team_count_alone(load: Callable[..., LoadedRules]) -> None:
    ours = load(CLASSIFY + classify("ours", 'when.code = "x"'))
    shipped = load(CLASSIFY + classify("shipped", 'when.code = "x"'), origin="bundled", file="shipped.toml")

    assert [one.rule for one in coverage_of(RuleBook([ours, shipped])).rules] == ["ours"]
    assert [one.rule for one in coverage_of(RuleBook([shipped])).rules] == ["shipped"]


def test_every_rule_of_a_preflight_that_matches_decides(measure: Measure) -> None:
    then = 'then = { severity = "info", advice = "x" }'
    first = rule("a", then, "when.words.lt = 30", example("{ words = 3 }"), near_miss("{ words = 30 }"))
    second = rule("b", then, "when.words.lt = 5", example("{ words = 3 }"))

    measured = measure('decision = "preflight"\n' + first + second)

    assert gaps(measured) == {"a": [], "b": []}
    assert (measured["b"].decided, measured["b"].shadowed) == (2, 0)


def test_only_all_of_it_is_a_hundred_percent() -> None:
    assert [str(Total("x", *counts).percent) for counts in ((2, 3), (99_999, 100_000), (5, 5), (0, 0))] == [
        "66.6",
        "99.9",
        "100",
        "100",
    ]


def test_the_total_adds_up_all_kinds(measure: Measure) -> None:
    written = classify("a", 'when.code = "x"', example('{ code = "x" }'))

    coverage = Coverage(rules=tuple(measure(CLASSIFY + written).values()))

    assert [(total.kind, total.covered, total.of) for total in coverage.totals()] == [
        ("rules that decide", 1, 1),
        ("conditions seen true", 1, 1),
        ("conditions seen false", 0, 1),
        ("parts of bills asserted", 0, 0),
        ("all", 2, 3),
    ]
    assert str(coverage.percent) == "66.6"


BOOK = Engine.load().policy.rules
LISTS = [
    *(("classify", key) for key in Engine.load().plugins.dialects),
    *(("bill", key) for key in BOOK.sellers()),
    ("route", ""),
]


def compiled(rules: OrderedRules, decision: str, told: Given) -> list[BoundRule]:
    if decision == "preflight":
        return rules.matching(told.facts) * len(PARTS)
    if decision == "bill":
        found = rules.per_component(told.facts, told.outcome or "", told.stage or "")
    else:
        found = (rules.first(told.facts, told.outcome, told.stage),) * len(PARTS)
    return [one for one in found if one is not None]


def walked(rules: OrderedRules, told: Given) -> list[BoundRule]:
    decided = decided_by(rules.rules, told)
    return [rule for bit in range(len(PARTS)) for rule, parts in decided if (parts or 0) >> bit & 1]


def test_coverage_decides_the_shipped_cases_as_the_compiled_rules_do() -> None:
    for case in cases(BOOK):
        told = case.given()

        assert walked(case.rules(told), told) == compiled(case.rules(told), case.rule.decision, told), case


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), chosen=st.sampled_from(LISTS))
def test_coverage_decides_as_the_compiled_rules_do(
    exchanges: st.SearchStrategy[Exchange], data: st.DataObject, chosen: tuple[Any, str]
) -> None:
    decision, key = chosen
    rules = BOOK.deciding(decision, key)
    facts, outcome, stage = data.draw(exchanges)
    told = Given(facts=facts, outcome=outcome or "failed", stage=stage or "unknown")

    assert walked(rules, told) == compiled(rules, decision, told)
