"""Measure one decision: by twelve rules and by ten thousand, beside the function that somebody would write instead."""

from __future__ import annotations

import gc
import tomllib
import tracemalloc
from functools import partial
from time import process_time
from typing import TYPE_CHECKING

from benchmarks.measure import Each, Row, absent, written
from benchmarks.rule_peers import RULE_PEERS, rule_peer
from benchmarks.twelve_rules import UNRECOGNIZED, by_hand, exchanges, record_of, toml_of
from policyengine.facts import Facts
from policyengine.rules.fields import fields_for
from policyengine.rules.layers import RuleBook, cross_faults
from policyengine.rules.load import LoadedRules, load_rules
from policyengine.rules.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.measure import Stopwatch
    from policyengine.rules.ordered import OrderedRules

__all__ = ["decided", "decision_rows", "loaded", "many_rules", "twelve_rules"]

_PER_FILE = 1000
_MIB = 1024 * 1024


def loaded(texts: Sequence[str]) -> OrderedRules:
    """Return the rules of *texts* as a policy directory's would be: checked, cross-checked and indexed."""
    fields = fields_for("classify", ())
    files: list[LoadedRules] = []
    for number, text in enumerate(texts):
        name = f"classify/{number}.toml"
        file, faults = load_rules(Source(file=name, path=name, origin="user", data=text.encode()), lambda _: fields)
        if file is None:
            msg = f"the benchmark's own rules have faults: {faults}"
            raise ValueError(msg)
        files.append(file)
    if faults := cross_faults(files):
        msg = f"the benchmark's own rules have faults: {faults}"
        raise ValueError(msg)
    return RuleBook(files).deciding("classify", "acme")


def twelve_rules() -> OrderedRules:
    """Return the twelve rules."""
    return loaded([toml_of()])


def many_rules(number: int = 10_000) -> list[str]:
    """Return *number* rules on model and finish reason, a thousand to a file."""
    starts = range(0, number, _PER_FILE)
    head = 'decision = "classify"\ndialects = ["acme"]\n'
    return [head + "".join(map(_rule, range(start, min(start + _PER_FILE, number)))) for start in starts]


def _rule(index: int) -> str:
    return (
        f'\n[[rule]]\nid = "acme.rule-{index:05}"\ntitle = "Rule {index} of the table"\n'
        f'when = {{ model = "model-{index // 20}", finish_reason = "REASON_{index % 20}" }}\n'
        'then = { outcome = "blocked", stage = "output" }\n'
    )


def _facts_of(index: int) -> Facts:
    model, reason = f"model-{index // 20}", f"REASON_{index % 20}"
    return Facts(provider="acme", dialect="acme", seller="acme", http_status=200, model=model, finish_reason=reason)


def decided(rules: OrderedRules, facts: Facts) -> tuple[str, str]:
    """Return outcome and stage as the rules have them."""
    rule = rules.first(facts)
    return UNRECOGNIZED if rule is None else (rule.rule.then.outcome, rule.rule.then.stage)


def decision_rows(watch: Stopwatch, number: int = 10_000) -> Iterator[Row]:
    """Yield the cost of one decision, of loading *number* rules and of keeping them."""
    facts = exchanges()
    twelve = twelve_rules()
    if [decided(twelve, one) for one in facts] != [by_hand(one) for one in facts]:
        msg = "the rules and the function by hand do not decide alike"
        raise ValueError(msg)
    hand = Each(by_hand, facts)
    yield watch.ratio("one decision, 12 rules", Each(twelve.first, facts), "by hand, if/elif", hand, "<= 3")
    yield from _peers(watch, facts)
    texts = many_rules(number)
    many = loaded(texts)
    name = f"one decision, {number} rules"
    kinds = [_facts_of(index) for index in range(number)]
    yield _first_sight(watch, f"{name}, kind not seen before", many, kinds, hand)
    yield watch.ratio(f"{name}, {number} kinds", Each(many.first, kinds), "by hand, 12 rules", hand, "<= 6")
    yield watch.ratio(
        f"load {number} rules, {sum(map(len, texts)) / 1e6:.1f} MB",
        partial(loaded, texts),
        "tomllib, the same text",
        lambda: [tomllib.loads(text) for text in texts],
        "<= 1.5",
    )
    yield _retained(texts, kinds)


def _peers(watch: Stopwatch, facts: Sequence[Facts]) -> Iterator[Row]:
    """Yield what other rule engines take for the same twelve rules, as a multiple of the function by hand."""
    records = [record_of(one) for one in facts]
    expected = [by_hand(one) for one in facts]
    for peer in RULE_PEERS:
        decide = rule_peer(peer)
        if decide is None:
            yield absent("one decision, 12 rules", peer)
            continue
        if [decide(record) for record in records] != expected:
            msg = f"the rules as translated for {peer} do not decide alike"
            raise ValueError(msg)
        yield watch.ratio(f"{peer}, 12 rules", Each(decide, records), "by hand, if/elif", Each(by_hand, facts))


def _first_sight(watch: Stopwatch, name: str, rules: OrderedRules, kinds: Sequence[Facts], hand: Each) -> Row:
    """Return what the first decision on each of *kinds* takes, whose way the rules then remember."""
    start = process_time()
    Each(rules.first, kinds)()
    ours = (process_time() - start) / len(kinds)
    [theirs] = watch.in_turn(hand)
    return Row(
        work=name,
        measured=written(ours),
        reference="by hand, 12 rules",
        against=written(theirs),
        ratio=ours / theirs,
    )


def _retained(texts: Sequence[str], facts: Sequence[Facts]) -> Row:
    """Return the memory that rules hold once loaded and used."""
    gc.collect()
    tracemalloc.start()
    rules = loaded(texts)
    for one in facts:
        rules.first(one)
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] / _MIB
    tracemalloc.stop()
    return Row(
        work=f"kept by {len(rules.rules)} rules",
        measured=f"{held:.3g} MiB",
        reference="",
        ratio=held,
        target="<= 20",
        unit="MiB",
    )
