from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from policyengine.rules.source import bundled_rules

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., Any]
Written = Callable[[str, object], str]
BILL = """
decision = "bill"
seller = "acme"

[[rule]]
id = "acme.delivered"
title = "A call that delivers costs the fee"
when.outcome = "delivered"
then = { request = "charged" }

[[rule]]
id = "acme.blocked"
title = "A call that was blocked is free"
when.outcome = "blocked"
then = { request = "free" }
"""
PRICES = """
seller = "acme"
[[price]]
model = "acme-1"
per_call = "0.05"
source = "contract:2026-17"
checked = 2026-11-01
"""
BLOCKED = {"candidates": [{"finishReason": "IMAGE_SAFETY"}], "usageMetadata": {"promptTokenCount": 300}}
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


class Repository:
    """Write a repository whose policy directory changes from one commit to the next."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.policy = root / "policy"
        self.git("init", "--quiet")

    def git(self, *arguments: str) -> None:
        who = ("-c", "user.name=t", "-c", "user.email=t@t.test", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(self.root), *who, *arguments], check=True, capture_output=True)  # noqa: S603, S607

    def commit(self, *, bill: str = BILL, prices: str = PRICES) -> None:
        for folder, content in (("bill", bill), ("prices", prices)):
            (self.policy / folder).mkdir(parents=True, exist_ok=True)
            (self.policy / folder / "acme.toml").write_text(content, "utf-8")
        self.git("add", "-A")
        self.git("commit", "--quiet", "--allow-empty", "-m", "change")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    (tmp_path / "repository").mkdir()
    made = Repository(tmp_path / "repository")
    made.commit()
    return made


@pytest.fixture
def log(written: Written) -> str:
    line = {"body": BLOCKED, "provider": "gemini", "seller": "acme", "model": "acme-1", "at": "2026-11-10T08:00:00Z"}
    return written("log.ndjson", [line, line, "no JSON"])


@needs_git
def test_two_revisions_that_decide_the_same_are_equivalent(run: Run, repository: Repository) -> None:
    repository.commit(bill=BILL.replace("A call that was blocked", "What was blocked"))

    ran = run("diff", "HEAD~1", "HEAD", "--policy", str(repository.policy))

    assert ran.code == 0
    assert "equivalent: every answer gets the same verdict" in ran.out


@needs_git
def test_a_changed_rule_and_price_are_shown_with_both_sides(run: Run, repository: Repository) -> None:
    repository.commit(bill=BILL.replace('"free"', '"charged"'), prices=PRICES.replace("0.05", "0.06"))

    ran = run("diff", "HEAD~1", "HEAD", "--policy", str(repository.policy))

    assert ran.code == 1
    assert f"bill rule acme.blocked changed, {repository.policy}/bill/acme.toml:11" in ran.out
    assert "before  request free  [acme.blocked]" in ran.out
    assert "now     request charged  [acme.blocked]" in ran.out
    assert any(
        line.split() == ["price", "acme", "acme-1", "(own)", "per_call", "0.05", "0.06"]
        for line in ran.out.splitlines()
    )


def test_an_answer_that_is_shown_is_decided_as_shown(run: Run, tmp_path: Path, written: Written) -> None:
    for name, bill in (("old", BILL), ("new", BILL.replace('"free"', '"charged"'))):
        (tmp_path / name / "bill").mkdir(parents=True)
        (tmp_path / name / "bill" / "acme.toml").write_text(bill, "utf-8")
    ran = run("diff", str(tmp_path / "old"), str(tmp_path / "new"), "--json")
    (kind,) = json.loads(ran.out)["rules"]["found"][0]["kinds"]
    witness = written("witness.json", kind["witness"])

    decided = [
        json.loads(run("evaluate", witness, "--json", "--policy", str(tmp_path / name)).out) for name in ("old", "new")
    ]

    assert [one["bill"]["request"] for one in decided] == ["free", "charged"]
    for when, one in zip(("old", "new"), decided, strict=True):
        assert kind[f"{when}_verdict"]["fingerprint"] == one["fingerprint"]


@needs_git
def test_one_answer_shows_all_components_that_change(run: Run, repository: Repository) -> None:
    both = BILL.replace('"free"', '"free", image = "free"')
    repository.commit(bill=both)
    repository.commit(bill=both.replace('"free"', '"charged"'))

    ran = run("diff", "HEAD~1", "HEAD", "--policy", str(repository.policy))

    assert "before  image free, request free  [acme.blocked]" in ran.out
    assert ran.out.count("given = ") == 1


@needs_git
def test_a_log_shows_what_becomes_of_waits_and_attempts(run: Run, repository: Repository, written: Written) -> None:
    route = repository.policy / "route.toml"
    rule = 'id = "ours.busy"\ntitle = "T"\nwhen.outcome = "throttled"\n'
    then = 'then = { action = "backoff", tag = "busy", max_attempts = 2, backoff = "fixed", wait_s = 5 }\n'
    route.write_text(f'decision = "route"\n[[rule]]\n{rule}{then}', "utf-8")
    repository.commit()
    route.write_text(route.read_text("utf-8").replace("max_attempts = 2", "max_attempts = 3"), "utf-8")
    busy = {"body": {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Slow."}}, "http_status": 429}
    log = written("busy.ndjson", [{**busy, "provider": "gemini", "seller": "acme"}])

    ran = run("diff", "HEAD", "--policy", str(repository.policy), "--log", log)

    assert "backoff after 5 s, 1 attempt left" in ran.out
    assert "backoff after 5 s, 2 attempts left" in ran.out


@needs_git
def test_a_revision_is_compared_with_the_files_as_they_stand(run: Run, repository: Repository) -> None:
    (repository.policy / "prices" / "acme.toml").write_text(PRICES.replace("0.05", "0.07"), "utf-8")

    ran = run("diff", "HEAD", "--policy", str(repository.policy))

    assert ran.code == 1
    assert "0.07" in ran.out


@needs_git
def test_the_policy_directory_one_stands_in_needs_no_name(
    run: Run, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit(prices=PRICES.replace("0.05", "0.06"))
    monkeypatch.chdir(repository.policy)

    ran = run("diff", "HEAD~1", "HEAD", "--json")

    assert [(one["old"], one["new"]) for one in json.loads(ran.out)["tables"]] == [("0.05", "0.06")]


@needs_git
def test_a_hook_of_another_repository_does_not_mislead(
    run: Run, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    Repository(tmp_path / "other")
    repository.commit(prices=PRICES.replace("0.05", "0.06"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))

    ran = run("diff", "HEAD~1", "HEAD", "--policy", str(repository.policy))

    assert (ran.code, ran.err) == (1, "")


@needs_git
@pytest.mark.parametrize("here", [".", "sub"])
def test_a_repository_without_rules_is_wrong_usage(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: str
) -> None:
    (tmp_path / "readme.toml").write_text("", "utf-8")
    repository = Repository(tmp_path)
    repository.git("add", "-A")
    repository.git("commit", "--quiet", "-m", "empty")
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / here)

    ran = run("diff", "HEAD", "HEAD")

    assert ran.code == 2
    assert "holds no rules at 'HEAD'; name your policy directory with --policy" in ran.err


@needs_git
def test_a_revision_before_the_policy_directory_is_taken_as_empty(run: Run, repository: Repository) -> None:
    repository.git("mv", "policy", "elsewhere")
    repository.git("commit", "--quiet", "-m", "move")

    ran = run("diff", "HEAD~1", "HEAD", "--policy", str(repository.root / "elsewhere"))

    assert ran.code == 1
    assert "is not there at 'HEAD~1': taken as empty" in ran.err
    assert "bill rule acme.blocked added" in ran.out


@needs_git
def test_the_shipped_rules_of_a_checkout_are_compared(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(str(bundled_rules()), tmp_path / "rules")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "imagegen-policyengine"\n', "utf-8")
    repository = Repository(tmp_path)
    repository.git("add", "-A")
    repository.git("commit", "--quiet", "-m", "one")
    route = tmp_path / "rules" / "route.toml"
    route.write_text(route.read_text("utf-8").replace("max_attempts = 4", "max_attempts = 5"), "utf-8")
    repository.git("commit", "--quiet", "--allow-empty", "-a", "-m", "two")
    monkeypatch.chdir(tmp_path)

    ran = run("diff", "HEAD~1", "HEAD")

    assert ran.code == 1
    assert "route rule route." in ran.out


@needs_git
def test_a_policy_directory_called_rules_is_not_taken_for_the_shipped_ones(run: Run, repository: Repository) -> None:
    repository.git("mv", "policy", "rules")
    repository.git("commit", "--quiet", "-m", "move")
    (repository.root / "rules" / "prices" / "acme.toml").write_text(PRICES.replace("0.05", "0.06"), "utf-8")

    ran = run("diff", "HEAD", "--policy", str(repository.root / "rules"), "--json")

    told = json.loads(ran.out)
    assert told["rules"]["found"] == []
    assert [one["new"] for one in told["tables"]] == ["0.06"]


@needs_git
@pytest.mark.parametrize("name", ["nowhere", "--exec=x", "HEAD~99", "0123456789ab"])
def test_a_name_of_nothing_is_wrong_usage(run: Run, repository: Repository, name: str) -> None:
    ran = run("diff", "--policy", str(repository.policy), "--", name)

    assert ran.code == 2
    assert f"{name!r} is no directory, no bundle, no fingerprint of --bundles and no revision of" in ran.err


def test_without_git_the_error_says_so(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    ran = run("diff", "HEAD~1", "HEAD")

    assert ran.code == 2
    assert "git is not installed; name directories or bundles instead of revisions" in ran.err


def test_directories_bundles_and_fingerprints_are_compared(run: Run, tmp_path: Path) -> None:
    for name, bill in (("old", BILL), ("new", BILL.replace('"free"', '"unknown"'))):
        (tmp_path / name / "bill").mkdir(parents=True)
        (tmp_path / name / "bill" / "acme.toml").write_text(bill, "utf-8")
    bundles = tmp_path / "bundles"
    assert run("bundle", "-o", f"{bundles}/", "--policy", str(tmp_path / "old")).code == 0
    (file,) = bundles.iterdir()

    by_name = [
        run("diff", side, str(tmp_path / "new"), "--bundles", str(bundles), "--json")
        for side in (str(tmp_path / "old"), str(file), file.stem[:12])
    ]

    reports = [json.loads(ran.out) for ran in by_name]
    assert [ran.code for ran in by_name] == [1, 1, 1]
    assert len({report["old"]["fingerprint"] for report in reports}) == 1
    assert all(report["rules"] == reports[0]["rules"] for report in reports)
    assert reports[0]["rules"]["found"][0]["rule"] == "acme.blocked"


@needs_git
@pytest.mark.parametrize("shape", ["--json", "--markdown", None])
def test_a_log_tells_how_many_verdicts_change_and_how_much_moves(
    run: Run, repository: Repository, log: str, shape: str | None
) -> None:
    repository.commit(bill=BILL.replace('"free"', '"charged"'))

    ran = run("diff", "HEAD~1", "HEAD", "--policy", str(repository.policy), "--log", log, *([shape] if shape else []))

    assert ran.code == 1
    assert f"{log}:3: not JSON" in ran.err
    if shape == "--json":
        told = json.loads(ran.out)["log"]
        assert (told["n"], told["changed"]) == (2, 2)
        (moved,) = told["moved"]
        assert (moved["n"], moved["low"], moved["high"]) == (2, "0.100000000000", "0.100000000000")
        assert moved["pairs"][0]["old"] == "acme.blocked"
        assert [sample["answer"] for sample in moved["samples"]] == [f"{log}:1", f"{log}:2"]
        assert moved["samples"][0]["old"]["charge_high_usd"] != moved["samples"][0]["new"]["charge_high_usd"]
    else:
        assert "2 of 2 answers get another verdict" in ran.out
        assert "at least +$0.10, at most +$0.10" in ran.out
        assert "bill request: acme.blocked, changed" in ran.out
        assert f"{log}:1" in ran.out


@needs_git
@pytest.mark.parametrize("kind", ["facts", "evaluate"])
def test_a_log_of_facts_or_verdicts_is_compared(
    run: Run, repository: Repository, log: str, tmp_path: Path, kind: str
) -> None:
    repository.commit(bill=BILL.replace('"free"', '"charged"'))
    known = tmp_path / "known.ndjson"
    known.write_text(run(kind, log, "--json", "--policy", str(repository.policy)).out, "utf-8")

    ran = run("diff", "HEAD~1", "HEAD", "--policy", str(repository.policy), "--log", str(known), "--json")

    told = json.loads(ran.out)["log"]
    assert (ran.code, told["n"], told["changed"], told["moved"][0]["low"]) == (1, 2, 2, "0.100000000000")


@needs_git
def test_a_log_that_a_change_leaves_alone_changes_nothing(run: Run, repository: Repository, written: Written) -> None:
    repository.commit(bill=BILL.replace('outcome = "delivered"', 'outcome = "partial"'))
    line = {"body": BLOCKED, "provider": "gemini", "seller": "acme"}

    ran = run(
        "diff", "HEAD~1", "HEAD", "--policy", str(repository.policy), "--log", written("log.ndjson", [line, line])
    )

    assert ran.code == 0
    assert "0 of 2 answers get another verdict" in ran.out
    assert "nothing changes" in ran.out


@needs_git
def test_a_revision_with_faults_says_where(run: Run, repository: Repository) -> None:
    repository.commit(bill=BILL.replace("when.outcome", "when.outcom"))

    ran = run("diff", "HEAD~1", "HEAD", "--policy", str(repository.policy))

    assert ran.code == 2
    assert f"{repository.policy}/bill/acme.toml:8:" in ran.err
    assert "did you mean 'outcome'?" in ran.err
