"""Test that each kind of defect is found at its place, with facts that show it, and that sound rules are left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import pytest

from policyengine.engine import Engine
from policyengine.exchange import Exchange
from policyengine.proof.answers import Answer, Answers, answers_of
from policyengine.proof.bills import bill_gaps
from policyengine.proof.evidence import evidence_findings
from policyengine.proof.finding import Finding, Places
from policyengine.proof.gaps import word_gaps
from policyengine.proof.listed import Listed
from policyengine.proof.overlap import overlaps
from policyengine.proof.reach import reach_of, unreached
from policyengine.proof.reads import misspelled, unfilled, unindexed
from policyengine.proof.waivers import unused_waivers, waived

Load = Callable[[Mapping[str, str]], Engine]
HEAD = 'decision = "classify"\ndialects = ["toy-api"]\n'
BILL = 'decision = "bill"\nseller = "toy-inc"\n'
EVIDENCE = '[[rule.evidence]]\nbasis = "official"\nsource = "https://toy.test"\nchecked = 2026-11-01\n'


def rule(name: str, when: str, then: str = 'outcome = "failed", stage = "unknown"', more: str = EVIDENCE) -> str:
    return f'\n[[rule]]\nid = "{name}"\ntitle = "T"\nwhen = {{ {when} }}\nthen = {{ {then} }}\n{more}'


@pytest.fixture
def engine_of(engine_with: Load, toy_files: dict[str, str]) -> Callable[..., Engine]:
    def load(classify: str = "", bill: str = "") -> Engine:
        kept = {name: text for name, text in toy_files.items() if not name.startswith(("classify/", "bill/"))}
        return engine_with({**kept, "classify/toy.toml": HEAD + classify, "bill/toy.toml": BILL + bill})

    return load


def dead(engine: Engine, decision: str = "classify", key: str = "toy-api") -> list[Finding]:
    book = engine.policy.rules
    places = Places(book)
    found = unreached(reach_of(Listed(engine, decision, key), places), places, book)  # type: ignore[arg-type]
    return [one for one in found if one.file.endswith("toy.toml")]


def test_a_rule_that_earlier_ones_cover_together_is_shadowed(engine_of: Callable[..., Engine]) -> None:
    rules = rule("toy.low", "http_status.lt = 450") + rule("toy.high", "http_status.ge = 450")
    engine = engine_of(rules + rule("toy.aside", 'code = "x"') + rule("toy.never", "http_status = [400, 500]"))

    found = dead(engine)

    assert [(one.code, one.rule, one.covered_by) for one in found] == [
        ("shadowed", "toy.never", ("toy.low", "toy.high"))
    ]
    assert found[0].line == 34
    assert found[0].witness is not None
    assert found[0].witness["facts"]["http_status"] in (400, 500)


def test_a_rule_is_not_shadowed_while_one_text_is_left_to_it(engine_of: Callable[..., Engine]) -> None:
    words = rule("toy.words", 'message.contains = ["blocked", "filtered"]')

    assert dead(engine_of(words + rule("toy.rest", "message.present = true"))) == []
    assert [one.code for one in dead(engine_of(words + rule("toy.never", 'message.starts_with = "UNBLOCKED"')))] == [
        "shadowed"
    ]


def test_counts_of_images_are_known_to_add_up(engine_of: Callable[..., Engine]) -> None:
    impossible = rule("toy.never", "images_requested = 2, images_delivered = 2, images_missing.gt = 0")
    possible = rule("toy.some", "images_requested = 9, images_missing = 4, images_withheld = 2")

    assert [(one.code, one.rule) for one in dead(engine_of(impossible + possible))] == [("contradiction", "toy.never")]


def test_a_bill_rule_is_shadowed_component_by_component(engine_of: Callable[..., Engine]) -> None:
    first = rule("toy-bill.text", "http_status.ge = 400", 'text = "free"')
    second = rule("toy-bill.both", "http_status.ge = 500", 'text = "charged", image = "free"')

    found = dead(engine_of(bill=first + second), "bill", "toy-inc")

    assert [(one.rule, one.covered_by) for one in found] == [("toy-bill.both", ("toy-bill.text",))]
    assert "never decides text" in found[0].message


@pytest.mark.parametrize(
    ("when", "key"),
    [
        ('status = "done", any = [{ status = "failed" }]', "any"),
        ("http_status = { ge = 500, lt = 400 }", "http_status"),
        ("images_delivered.lt = 0", "images_delivered"),
        ('message = { contains = "ab", not = { contains = "B" } }', "message"),
        ('signal.tags = { present = false, contains = "x" }', "signal"),
    ],
)
def test_conditions_that_never_hold_contradict_themselves(
    engine_of: Callable[..., Engine], when: str, key: str
) -> None:
    found = dead(engine_of(rule("toy.never", when)))

    assert [one.code for one in found] == ["contradiction"]
    assert f"its condition on {key!r}" in found[0].message


def test_an_alternative_that_never_holds_is_told_at_its_place(engine_of: Callable[..., Engine]) -> None:
    found = dead(engine_of(rule("toy.half", 'status = "done", any = [{ code = "a" }, { status = "failed" }]')))

    assert [(one.code, one.line, one.column) for one in found] == [("contradiction", 7, 50)]


def test_a_rule_without_conditions_hides_those_after_it(engine_of: Callable[..., Engine]) -> None:
    always = rule("toy.always", "").replace("when = {  }\n", "")

    found = dead(engine_of(always + rule("toy.never", 'code = "a"')))

    assert [(one.code, one.rule, one.covered_by) for one in found] == [("shadowed", "toy.never", ("toy.always",))]


def test_dates_that_the_conditions_never_meet_are_dead(engine_of: Callable[..., Engine]) -> None:
    dates = "from = 2026-01-01\nuntil = 2026-02-01\n"
    late = rule("toy.late", "at.ge = 2026-03-01").replace("title", f"{dates}title")
    early = rule("toy.early", "at.lt = 2026-01-02").replace("title", f"{dates}title")

    assert [(one.code, one.rule) for one in dead(engine_of(late + early))] == [("dead-dates", "toy.late")]


def test_a_rule_that_is_replaced_on_all_its_days_is_no_defect(engine_of: Callable[..., Engine]) -> None:
    old = rule("toy.old", 'code = "a"').replace("title", "from = 2026-01-01\ntitle")
    new = rule("toy.new", 'code = "a"').replace("title", 'replace = "toy.old"\nfrom = 2025-01-01\ntitle')

    assert dead(engine_of(old + new)) == []


def shown(engine: Engine, *told: dict[str, object]) -> Answers:
    dialect = engine.plugins.dialects["toy-api"]
    exchanges = [Exchange.of({"toy": facts}, dialect="toy-api", seller="toy-inc", http_status=200) for facts in told]
    return Answers(dialect, tuple(Answer(one, dialect.normalize(one)[0], "failed", "unknown") for one in exchanges))


def test_words_that_fall_through_are_told_with_an_answer(engine_of: Callable[..., Engine]) -> None:
    classify = rule("toy.stop", 'finish_reason = "STOP", images_delivered.gt = 0')
    running = rule("toy.running", "terminal = false")
    engine = engine_of(classify + running + rule("toy.safety", 'finish_reason = "SAFETY"'))
    answers = shown(engine, {"finish_reason": "STOP", "images_delivered": 2, "terminal": True})

    found = [*word_gaps(Listed(engine, "classify", "toy-api"), answers, engine)]

    assert [one.rule for one in found] == ["toy-api/finish_reason/NO_IMAGE"]
    assert found[0].witness is not None
    assert found[0].witness["facts"]["terminal"] is True  # as in the scenario, with the other word
    assert "code" not in found[0].witness["facts"]


def test_a_word_falls_through_only_as_scenarios_show_it(engine_of: Callable[..., Engine]) -> None:
    engine = engine_of(rule("toy.stop", 'finish_reason = ["STOP", "SAFETY", "NO_IMAGE"], images_delivered.gt = 0'))
    some = shown(engine, {"finish_reason": "STOP", "images_delivered": 2})
    none = shown(engine, {"finish_reason": "STOP", "images_delivered": 0})
    listed = Listed(engine, "classify", "toy-api")

    assert [*word_gaps(listed, some, engine)] == []
    assert {one.code for one in word_gaps(listed, none, engine)} == {"gap"}


def test_a_delivered_image_that_is_not_billed_is_an_error(engine_of: Callable[..., Engine]) -> None:
    classify = rule("toy.done", "images_delivered.gt = 0", 'outcome = "delivered", stage = "none"')
    engine = engine_of(
        classify + rule("toy.failed", "http_status.ge = 500"),
        rule("toy-bill.made", 'outcome = "delivered", http_status = 200', 'image = "charged", request = "charged"'),
    )
    answers = answers_of(engine)["toy-api"]

    found = {one.rule: one.code for one in bill_gaps(Listed(engine, "bill", "toy-inc"), [answers], engine)}

    asked = ("toy-inc/delivered/none/", "toy-inc/failed/unknown/")
    assert [code for rule, code in found.items() if rule.startswith(asked)] == ["unbilled", "undecided-bill"]


def test_a_fact_that_no_scenario_tells_is_not_filled(engine_of: Callable[..., Engine]) -> None:
    engine = engine_of(rule("toy.reads", 'any = [{ param = "n" }, { signal.hint = "x" }, { http_status = 400 }]'))
    book = engine.policy.rules

    found = [one for one in unfilled(book, answers_of(engine), Places(book)) if one.rule == "toy.reads"]

    assert [(one.code, one.line, one.column) for one in found] == [("unfilled", 7, 19)]
    assert "'param'" in found[0].message


def test_rules_that_compare_no_whole_fact_are_told(engine_of: Callable[..., Engine]) -> None:
    engine = engine_of(
        rule("toy.words", 'message.contains = "x"') + rule("toy.both", 'message.contains = "x", http_status.ge = 400')
    )
    book = engine.policy.rules

    assert [one.rule for one in unindexed(book, Places(book)) if one.rule.startswith("toy.")] == ["toy.words"]


def test_rules_that_only_order_tells_apart_overlap(engine_of: Callable[..., Engine]) -> None:
    blocked = 'outcome = "blocked", stage = "prompt"'
    engine = engine_of(
        rule("toy.code", 'code = "a"')
        + rule("toy.part", 'message.contains = "bb"')  # part of toy.words: there is but one order for them
        + rule("toy.words", 'message.contains = "b"', blocked)
        + rule("toy.same", 'status = "s"', blocked)
    )
    listed = Listed(engine, "classify", "toy-api")

    found = overlaps(listed, [], Places(engine.policy.rules), set())

    pairs = {tuple(one.message.split("'")[1:4:2]) for one in found if "common." not in one.message}
    assert pairs == {("toy.code", "toy.words"), ("toy.code", "toy.same"), ("toy.part", "toy.same")}


def test_a_word_that_is_nearly_one_of_the_dialect_is_told(engine_of: Callable[..., Engine]) -> None:
    near = rule("toy.near", 'finish_reason = ["STOP", "NO_IMAGES", "SOMETHING_NEW"]')
    engine = engine_of(near + rule("toy.other", 'code = "NO_IMAGES", message.contains = "NO_IMAGES"'))

    found = [*misspelled(engine.policy.rules, answers_of(engine), Places(engine.policy.rules))]

    assert [(one.rule, one.fix, one.line) for one in found] == [("toy.near", "did you mean 'NO_IMAGE'?", 7)]


def evidence(source: str) -> str:
    return f"[[rule.evidence]]\n{source}"


def test_evidence_is_missing_old_or_in_no_example(engine_of: Callable[..., Engine]) -> None:
    stated = evidence('basis = "stated"\nsource = "https://t"\nchecked = 2026-01-01\nquote = "Not  charged"\n')
    example = '[[rule.example]]\ngiven = { message = "It was not\\ncharged." }\n'
    engine = engine_of(
        rule("toy.none", 'code = "a"', more="")
        + rule("toy.unquoted", 'code = "b"', more=stated)
        + rule("toy.quoted", 'code = "c"', more=stated + example)
    )
    book = engine.policy.rules

    found = evidence_findings(book, Places(book), today=date(2026, 6, 30), oldest_days=180)

    assert [(one.code, one.rule) for one in found if one.rule.startswith("toy.")] == [
        ("evidence-missing", "toy.none"),
        ("evidence-unquoted", "toy.unquoted"),
    ]
    later = evidence_findings(book, Places(book), today=date(2026, 7, 1), oldest_days=180)
    assert [one.rule for one in later if one.code == "evidence-old"] == ["toy.unquoted", "toy.quoted"]


def test_waivers_take_out_what_they_name_and_nothing_else(engine_of: Callable[..., Engine]) -> None:
    waiver = '\n[[waive]]\ncode = "contradiction"\nrule = "{}"\nreason = "kept for the record"\n'
    rules = rule("toy.one", "http_status.lt = 50") + rule("toy.two", "http_status.lt = 50")
    engine = engine_of(rules + waiver.format("toy.one") + waiver.format("toy.three"))

    standing, meant = waived(dead(engine), engine.policy.rules)
    unused = [one for one in unused_waivers(meant, engine.policy.rules) if one.file.endswith("toy.toml")]

    assert [one.rule for one in standing] == ["toy.two"]
    assert [one.rule for one in meant] == ["toy.one"]
    assert [(one.code, one.severity, one.rule) for one in unused] == [("waiver-unused", "error", "toy.three")]
