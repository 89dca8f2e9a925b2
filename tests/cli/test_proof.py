"""Test the proof, the suggestions and given facts as commands."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

import pytest

from policyengine.proof.finding import CODES
from policyengine.rules.model import FindingCode
from policyengine.rules.source import bundled_rules

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., Any]
HEAD = 'decision = "bill"\nseller = "pixelmarkt"\n'
RULE = """
[[rule]]
id = "ours.{name}"
title = "T"
when = {{ {when} }}
then = {{ image = "{value}" }}
  [[rule.evidence]]
  basis = "official"
  source = "contract:x"
  checked = 2026-11-01
"""
SHADOWED = RULE.format(name="errors", when="http_status.ge = 400", value="free") + RULE.format(
    name="never", when="http_status = 500", value="charged"
)
MADE = RULE.format(name="made", when='outcome = ["delivered", "partial"]', value="charged").replace(
    "then = { ", 'then = { input = "charged", text = "charged", request = "charged", '
)
WAIVER = """
[[waive]]
code = "{}"
rule = "{}"
reason = "a, b: 100 %"
"""


@pytest.fixture
def policy(tmp_path: Path) -> Callable[[str], str]:
    """Return a function that writes a policy directory with one bill table."""

    def write(rules: str) -> str:
        (tmp_path / "policy" / "bill").mkdir(parents=True, exist_ok=True)
        (tmp_path / "policy" / "bill" / "pixelmarkt.toml").write_text(HEAD + rules + MADE, encoding="utf-8")
        return str(tmp_path / "policy")

    return write


def test_the_bundled_rules_pass_the_proof(run: Run) -> None:
    ran = run("check", "--proof", "--json")

    found = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0
    assert {one["severity"] for one in found} <= {"information"}
    assert {one["code"] for one in found} <= {"overlap", "undecided-bill", "not-indexable"}


def test_findings_fail_the_check_and_are_counted(run: Run, policy: Callable[[str], str]) -> None:
    ran = run("check", "--proof", "--policy", policy(SHADOWED))

    assert ran.code == 1
    assert re.search(
        r"pixelmarkt.toml:14:1: error shadowed: 'ours.never' never decides: ours.errors comes first · ", ran.out
    )
    assert " information " not in ran.out
    assert re.match(r"proof: 1 errors, 0 warnings, \d+ for information \(.+; --all shows them\), \d+ waived", ran.err)


def test_without_proof_the_check_looks_at_each_file_alone(run: Run, policy: Callable[[str], str]) -> None:
    ran = run("check", "--policy", policy(SHADOWED))

    assert (ran.code, "shadowed" in ran.out) == (0, False)


def test_a_waiver_with_its_reason_lets_the_check_pass(run: Run, policy: Callable[[str], str]) -> None:
    passed = run("check", "--proof", "--policy", policy(SHADOWED + WAIVER.format("shadowed", "ours.never")))
    unused = run("check", "--proof", "--policy", policy(SHADOWED + WAIVER.format("gap", "ours.never")))
    nameless = run("check", "--policy", policy(SHADOWED + WAIVER.format("wrong", "ours.never").replace("reason", "#")))

    assert passed.code == 0
    assert "error waiver-unused: nothing is 'gap' about 'ours.never'" in unused.out
    assert "waive[0].code: 'wrong' is not allowed" in nameless.out
    assert "'reason' is missing" in nameless.out


def test_rules_of_a_team_leave_the_waivers_of_shipped_files_in_force(
    run: Run, policy: Callable[[str], str], tmp_path: Path
) -> None:
    where = policy("")
    rule = RULE.format(name="odd", when='code = "never seen"', value="free")
    (tmp_path / "policy" / "bill" / "openai.toml").write_text(f'decision = "bill"\nseller = "openai"\n{rule}', "utf-8")

    ran = run("check", "--proof", "--policy", where)

    assert (ran.code, "openai" in ran.out) == (0, False)


def test_a_waiver_for_one_component_hides_no_other(run: Run, policy: Callable[[str], str], tmp_path: Path) -> None:
    where = policy("")
    table = 'decision = "bill"\nseller = "openai"\ndisable = ["openai.bill.delivered"]\n'
    (tmp_path / "policy" / "bill" / "openai.toml").write_text(table, encoding="utf-8")

    ran = run("check", "--proof", "--policy", where)

    assert ran.code == 1
    assert "error unbilled: no rule of openai decides input and text and image of every answer 'delivered'" in ran.out
    assert "waiver-unused" not in ran.out


def test_annotations_are_what_github_reads(run: Run, policy: Callable[[str], str]) -> None:
    unused = WAIVER.format("gap", "50%,\\n:x")

    ran = run("check", "--proof", "--github", "--policy", policy(SHADOWED + unused))

    lines = [line for line in ran.out.splitlines() if line.startswith("::")]
    assert all(
        re.match(r"::(error|warning|notice) file=[^,:]+,line=\d+,col=\d+,title=[a-z-]+::", line) for line in lines
    )
    assert any(line.endswith("nothing is 'gap' about '50%25,\\n:x' · delete the waiver") for line in lines)


def test_annotations_tell_faults_too(run: Run, policy: Callable[[str], str]) -> None:
    ran = run("check", "--github", "--policy", policy(SHADOWED.replace("http_status", "http_statuss")))

    assert ran.code == 1
    assert ran.out.startswith("::error file=")


def test_the_age_of_evidence_can_be_set(run: Run, policy: Callable[[str], str]) -> None:
    where = policy("")

    assert (
        "evidence-old: contract:x was last read on 2026-11-01"
        in run("check", "--proof", "--days", "0", "--policy", where).out
    )
    assert run("check", "--proof", "--days", "-1").code == 2


def test_advice_and_routes_of_a_team_need_no_evidence(run: Run, policy: Callable[[str], str], tmp_path: Path) -> None:
    where = policy("")
    rule = '[[rule]]\nid = "ours.{0}"\ntitle = "T"\nwhen.{1}\nthen = {{ {2} }}\n'
    advice = rule.format("names", 'terms = ["acme"]', 'severity = "critical", advice = "ask legal"')
    route = rule.format("busy", 'outcome = "throttled"', 'action = "none", tag = "busy"')
    (tmp_path / "policy" / "preflight.toml").write_text(f'decision = "preflight"\n{advice}', encoding="utf-8")
    (tmp_path / "policy" / "route.toml").write_text(f'decision = "route"\n{route}', encoding="utf-8")

    ran = run("check", "--proof", "--policy", where)

    assert (ran.code, "evidence-missing" in ran.out) == (0, False)


def test_every_witness_can_be_explained(run: Run, policy: Callable[[str], str], tmp_path: Path) -> None:
    proof = run("check", "--proof", "--json", "--policy", policy(SHADOWED))
    witnesses = [one["witness"] for line in proof.out.splitlines() if (one := json.loads(line))["witness"]]
    few = witnesses[:: max(1, len(witnesses) // 40)]
    file = tmp_path / "witnesses.ndjson"
    file.write_text("\n".join(map(json.dumps, few)), encoding="utf-8")

    ran = run("explain", str(file), "--policy", policy(SHADOWED))

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("What happened:") == len(few) > 20


def test_given_facts_are_explained_as_they_are_told(run: Run) -> None:
    told = 'given = { dialect = "bfl", outcome = "failed", stage = "unknown", at = 2026-11-01, settled = 0.5 }'

    ran = run("explain", "--given", told)

    assert ran.code == 0
    assert "What happened: failed" in ran.out
    assert "so it was told" in ran.out
    assert "bfl answer, invoiced by bfl, 2026-11-01" in ran.out


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("{ finish_raeson = 1 }", "did you mean 'finish_reason'?"),
        ("{ code = }", "--given: "),
        ('{ outcome = "gone" }', "'gone' is no outcome"),
        ("{ http_status = 'x' }", "'http_status' takes an integer"),
    ],
)
def test_given_facts_that_are_none_are_refused(run: Run, told: str, said: str) -> None:
    ran = run("explain", "--given", told)

    assert ran.code == 2
    assert said in ran.err


def test_a_file_or_facts_but_not_both(run: Run) -> None:
    assert run("explain").code == 2
    assert run("explain", "x.json", "--given", "{}").code == 2


def test_what_is_suggested_passes_the_test_and_leaves_nothing_to_suggest(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "rules"
    shutil.copytree(str(bundled_rules()), copy)
    bare = copy / "bill" / "bfl.toml"
    bare.write_text(re.sub(r" +\[\[rule\.(example|near_miss)\]\]\n(  .*\n)+\n?", "", bare.read_text("utf-8")), "utf-8")
    monkeypatch.setattr("policyengine.policy.sources.bundled_rules", lambda: copy)

    suggested = run("suggest")
    for where, pasted in re.findall(r"^# (.+\n)((?:  .*\n)+)", suggested.out, re.MULTILINE):
        file, _, name = re.fullmatch(r"rules/(\S+):(\d+): below (\S+)\n", where).groups()  # type: ignore[union-attr]
        paste(copy / file, name, pasted)

    assert suggested.out.count("[[rule.example]]") > suggested.out.count("bill/bfl.toml") > 5
    assert (run("test").code, run("check").code) == (0, 0)
    assert run("suggest").out.count("[[") <= suggested.out.count("[[") // 20


def test_what_is_suggested_covers_a_rule(run: Run, policy: Callable[[str], str], tmp_path: Path) -> None:
    when = (
        'http_status = { ge = 400, lt = 500 }, category = "violence", images_missing.gt = 0, '
        'account.mode = "per-call", message = { contains = ["a", "b"], not = { ends_with = "x" } }, '
        'any = [{ code = "c" }, { param = "p" }]'
    )
    where = policy(RULE.format(name="all", when=when, value="free").replace("title", "from = 2026-12-01\ntitle"))

    file = tmp_path / "policy" / "bill" / "pixelmarkt.toml"
    for name in ("ours.all", "ours.made"):
        paste(file, name, run("suggest", name, "--policy", where).out)

    ran = run("test", "--coverage", "--fail-under", "100", "--policy", where)
    assert (ran.code, ran.err) == (0, "")


def paste(file: Path, name: str, text: str) -> None:
    """Put *text* at the end of the rule called *name*."""
    written = file.read_text(encoding="utf-8")
    start = re.search(rf'^id *= "{re.escape(name)}"$', written, re.MULTILINE)
    assert start is not None
    end = re.search(r"^\[\[(rule|waive)\]\]", written[start.end() :], re.MULTILINE)
    place = start.end() + end.start() if end else len(written)
    file.write_text(f"{written[:place].rstrip()}\n{text}\n{written[place:]}", encoding="utf-8")


def test_an_id_that_is_none_is_refused(run: Run) -> None:
    ran = run("suggest", "bfl.redy")

    assert ran.code == 2
    assert "there is no rule 'bfl.redy'; did you mean 'bfl.ready'?" in ran.err


def test_every_code_can_be_waived() -> None:
    assert set(CODES) == set(get_args(FindingCode))
