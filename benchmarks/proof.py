"""Measure a proof over the repository's own rules, and over a thousand invented ones beside them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING

from benchmarks.measure import Row, written
from policyengine import Engine
from policyengine.proof.check import prove

if TYPE_CHECKING:
    from collections.abc import Iterator

_OUTCOMES = ("failed", "blocked", "rejected")


def proof_rows(rules: int = 1000) -> Iterator[Row]:
    """Yield the CPU time of a proof, loading included: of the repository's rules, and of *rules* more beside them."""
    yield _row("proof, the repository's rules", None, "<= 2")
    with TemporaryDirectory() as home:
        (Path(home) / "classify").mkdir()
        (Path(home) / "classify" / "invented.toml").write_text(invented_rules(rules), encoding="utf-8")
        yield _row(f"proof, {rules} invented rules beside them", home, "<= 10")


def _row(work: str, directory: str | None, target: str) -> Row:
    seconds = _proof_s(directory)
    return Row(work=work, measured=written(seconds), reference="", ratio=seconds, target=target, unit="s")


def _proof_s(directory: str | None) -> float:
    start = process_time()
    prove(Engine.load(directory), today=datetime.now(UTC).date())
    return process_time() - start


def invented_rules(number: int) -> str:
    """Return a classify file of *number* rules that overlap in codes, texts, numbers and alternatives."""
    random = Random(3)  # noqa: S311  no secret
    rules = ['decision = "classify"', 'dialects = ["invented"]']
    for index in range(number):
        code = f'code = ["code-{random.randrange(number // 3)}", "code-{random.randrange(number // 3)}"]'
        reason = f'finish_reason = "reason-{random.randrange(9)}"'
        when = (
            f'{code}, status = "{random.choice(("running", "done", "lost"))}"',
            f'{code}, message.contains = ["word {random.randrange(40)}", "phrase {random.randrange(40)}"]',
            f"{code}, http_status.ge = {random.choice((400, 401, 500))}",
            f"{code}, any = [{{ {reason} }}, {{ error_type.present = true, images_delivered = 0 }}]",
            f'message.contains = "words of {index}", {reason}',
        )[index % 5]
        then = f'outcome = "{random.choice(_OUTCOMES)}", stage = "unknown"'
        rules.append(f'[[rule]]\nid = "invented.{index}"\ntitle = "T"\nwhen = {{ {when} }}\nthen = {{ {then} }}')
    return "\n".join(rules)
