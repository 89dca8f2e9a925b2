"""Decide recorded exchanges and compare the verdicts with their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from policyengine.errors import InputError, PolicyEngineError
from policyengine.native import mapping, text
from policyengine.vocabulary import COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from policyengine.engine import Engine
    from policyengine.verdict import Verdict

__all__ = ["Disagreement", "Score", "Tally", "score_corpus"]

_CONTEXT = ("http_status", "headers", "request", "url", "seller", "model", "at", "elapsed_s", "transport_error")


class Tally(Struct):
    """Count how often verdict and label agree."""

    agree: int = 0
    of: int = 0

    def add(self, *, agrees: bool) -> None:
        """Count one comparison."""
        self.of += 1
        self.agree += agrees

    def __str__(self) -> str:
        """Return `57 of 58, 98.3 %`."""
        return f"{self.agree} of {self.of}, {100 * self.agree / self.of:.1f} %" if self.of else "none"


class Disagreement(Struct, frozen=True):
    """Name one field of one exchange on which verdict and label differ."""

    name: str
    field: str
    got: object
    accepted: object


class Score(Struct, kw_only=True):
    """Hold the tallies of a corpus or of one provider in it."""

    decided: Tally = msgspec.field(default_factory=Tally)
    outcome: Tally = msgspec.field(default_factory=Tally)
    stage: Tally = msgspec.field(default_factory=Tally)
    images: Tally = msgspec.field(default_factory=Tally)
    bill: dict[str, Tally] = msgspec.field(default_factory=lambda: {component: Tally() for component in COMPONENTS})
    route: Tally = msgspec.field(default_factory=Tally)
    providers: dict[str, Score] = {}
    disagreements: list[Disagreement] = []


def score_corpus(engine: Engine, directory: Path) -> Score:
    """Return how far *engine* agrees with the labels below *directory*.

    Each folder holds `labels.json` (labels by name) and `<name>.json` with one exchange
    each: the body under `native` or `body`, and what is known beside it.

    Raises:
        InputError: there are no labels, or a file cannot be read.
    """
    found = sorted(directory.iterdir()) if directory.is_dir() else []
    folders = [folder for folder in found if (folder / "labels.json").is_file()]
    if (directory / "labels.json").is_file():
        folders = [directory]
    if not folders:
        msg = f"{directory}: no labels.json; lay it out as <provider>/labels.json and <provider>/<name>.json"
        raise InputError(msg)
    whole = Score()
    for folder in folders:
        part = whole.providers[folder.name] = Score()
        for name, label in sorted(_read(folder / "labels.json").items()):
            _score_one(engine, folder, name, mapping(label), (part, whole))
    return whole


def _read(path: Path) -> Mapping[str, object]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, object])
    except (OSError, msgspec.DecodeError, RecursionError) as error:
        msg = f"{path}: {error}"
        raise InputError(msg) from error


def _score_one(
    engine: Engine, folder: Path, name: str, label: Mapping[str, object], scores: tuple[Score, Score]
) -> None:
    where = f"{folder.name}/{name}"
    try:
        verdict = _verdict(engine, folder.name, _read(folder / f"{name}.json"))
    except PolicyEngineError as error:
        for score in scores:
            score.decided.add(agrees=False)
            score.disagreements.append(Disagreement(where, "decided", str(error), "a verdict"))
        return
    for score in scores:
        score.decided.add(agrees=True)
        for field, got, accepted, tally in _compared(verdict, label, score):
            agrees = got in accepted if isinstance(accepted, list) else got == accepted
            tally.add(agrees=agrees)
            if not agrees:
                score.disagreements.append(Disagreement(where, field, got, accepted))


def _verdict(engine: Engine, provider: str, recorded: Mapping[str, object]) -> Verdict:
    """Decide one exchange; the folder narrows the dialects, unless none of that provider fits."""
    body = recorded.get("native", recorded.get("body"))
    context: dict[str, Any] = {name: recorded[name] for name in _CONTEXT if recorded.get(name) is not None}
    if url := text(recorded.get("request_uri")):
        context.setdefault("url", url)
    if provider in engine.plugins.providers:
        verdict = engine.evaluate(body, provider=provider, **context)
        if verdict.facts.dialect != "none":
            return verdict
    return engine.evaluate(body, **context)


def _compared(
    verdict: Verdict, label: Mapping[str, object], score: Score
) -> Iterator[tuple[str, object, object, Tally]]:
    """Yield (field, got, accepted, tally) of what the label says."""
    yield "outcome", verdict.outcome, label.get("outcome"), score.outcome
    yield "stage", verdict.stage, label.get("stage"), score.stage
    if label.get("images_delivered") is not None:
        yield "images", verdict.images, label["images_delivered"], score.images
    for component, accepted in mapping(label.get("bill")).items():
        if component in COMPONENTS:
            yield f"bill.{component}", verdict.bill[component], accepted, score.bill[component]
    if label.get("route") is not None:
        yield "route", verdict.route.action, label["route"], score.route
