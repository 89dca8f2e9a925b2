"""Read a workload file: how many images a month, what each asks for, and how often which failure comes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, Struct

from policyengine.comparison import STANDARD_WORK
from policyengine.errors import InputError, PolicyFileError, nearest
from policyengine.money.tariff import Workload, megapixels
from policyengine.rules.conditions import Fault, shown
from policyengine.rules.diagnose import in_order, placed, schema_faults
from policyengine.rules.load import parsed
from policyengine.rules.source import Source, bundled_rules, read_source
from policyengine.toml import parse
from policyengine.vocabulary import Action, Outcome, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policyengine.errors import Diagnostic

__all__ = [
    "FailureClass",
    "SellerTerms",
    "Work",
    "WorkloadFile",
    "load_workload",
    "standard_workload",
    "workload_schema",
]

Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
_NOT_A_FAILURE = ("delivered", "partial", "pending")


class FailureClass(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Say how often calls fail in one way."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    """The word for it in the output."""
    outcome: Outcome
    """What happens to the call."""
    stage: Stage | None = None
    """Where it stops; any stage when left out."""
    share: Decimal
    """The part of all calls that end so, such as "0.025"."""
    action: Action | None = None
    """Take the samples that are routed so, where the seller has such."""
    states_free: bool = False
    """Take the answers that state themselves what is free, where the seller has such."""
    source: str | None = None
    """Where the share comes from."""


class Work(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Say what is wanted: one image a call."""

    images_per_month: Annotated[int, Meta(ge=1, le=1_000_000_000)]
    """Pieces of work, one image each, that are started in a month."""
    size: str | None = STANDARD_WORK.size
    """WxH."""
    quality: str | None = STANDARD_WORK.quality
    """low, medium, high, where a seller prices by it."""
    prompt_tokens: Count | None = STANDARD_WORK.prompt_tokens
    """Tokens of the prompt's text."""
    text_tokens: Count | None = STANDARD_WORK.text_tokens
    """Text output and thinking that come with an answer."""
    reference_tokens: Count = 0
    """Tokens of the reference images sent along."""
    reference_megapixels: Count = 0
    """Megapixels of the reference images, for sellers that charge input by area."""
    prices_on: date | None = None
    """The day whose prices hold; today when left out."""

    @property
    def workload(self) -> Workload:
        """Return one piece of it in the words of tariffs."""
        return Workload(
            images=1,
            size=self.size,
            quality=self.quality,
            prompt_tokens=self.prompt_tokens,
            text_tokens=self.text_tokens,
        )


class SellerTerms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Say what is known of the work at one seller."""

    model: str | None = None
    """The model that is called there."""
    mode: str | None = None
    """The speed mode of a queue: fast, relax or turbo."""
    account: dict[str, str | int] = {}
    """Account facts that bill rules read: mode, plan."""


class WorkloadFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold one month of work."""

    work: Work
    """What is wanted, and how often."""
    failure: tuple[FailureClass, ...] | None = None
    """The failures to expect; those of `standard_workload` when left out."""
    seller: dict[str, SellerTerms] = {}
    """By name: terms of single sellers."""

    @property
    def mix(self) -> tuple[FailureClass, ...]:
        """Return the failures to expect."""
        return standard_workload().failure or () if self.failure is None else self.failure


@cache
def standard_workload() -> WorkloadFile:
    """Return the workload that ships beside the rules; its failures hold where a workload names none."""
    return msgspec.convert(parse((bundled_rules() / "workload.toml").read_bytes()), WorkloadFile)


def load_workload(path: str | Path, *, sellers: Sequence[str] = ()) -> WorkloadFile:
    """Return the workload that the file at *path* describes; *sellers* are the names it may use.

    Raises:
        PolicyFileError: the file has faults; it lists all of them.
        InputError: the file cannot be read.
    """
    try:
        source = read_source(Path(path), "user", str(path))
    except OSError as error:
        msg = f"{path}: {error.strerror or error}"
        raise InputError(msg) from error
    document, faults = parsed(source)
    if document is None:
        raise PolicyFileError(faults)
    content, faults = _converted(source, document, sellers)
    if content is None or faults:
        raise PolicyFileError(faults)
    return content


def _converted(
    source: Source, document: Mapping[str, object], sellers: Sequence[str]
) -> tuple[WorkloadFile | None, list[Diagnostic]]:
    """Return *document* as a workload, or None, and every fault in it."""
    found = [*_share_faults(document), *_work_faults(document), *_seller_faults(document, sellers)]
    try:
        content = msgspec.convert(document, WorkloadFile)
    except msgspec.ValidationError as error:
        return None, _all_faults(source, document, found, str(error))
    return content, _all_faults(source, document, found, None) if found else []


def _all_faults(
    source: Source, document: Mapping[str, object], found: Sequence[Fault], refused: str | None
) -> list[Diagnostic]:
    """Return *found* with what the schema finds beside it, in the order of the file."""
    faults = placed(source, found)
    taken = {(fault.line, fault.column) for fault in faults}
    wrong = schema_faults(source, document, workload_schema()) if refused else []
    faults += [fault for fault in wrong if (fault.line, fault.column) not in taken]
    if refused and not faults:
        faults = placed(source, [Fault((), refused)])
    return in_order(faults)


def workload_schema() -> dict[str, Any]:
    """Return the JSON Schema of a workload; a share may also be written without quotes."""
    document = msgspec.json.schema(WorkloadFile)
    classes = document["$defs"]["FailureClass"]["properties"]
    classes["share"] = {"anyOf": [{"type": "string"}, {"type": "number"}]}
    return document


def _share_faults(document: Mapping[str, object]) -> Iterator[Fault]:
    """Yield what is wrong with the classes of failure, alone and together."""
    written = document.get("failure")
    classes = written if isinstance(written, list) else []
    total, names = Decimal(0), set()
    for index, one in enumerate(classes):
        if not isinstance(one, dict):
            continue
        share = _share(one.get("share", "0"))
        if share is None:
            message = f"{shown(one['share'])} is no share; write a part of all calls, from 0 to below 1"
            yield Fault(("failure", index, "share"), message)
        total += share or 0
        if one.get("outcome") in _NOT_A_FAILURE:
            yield Fault(("failure", index, "outcome"), f"{shown(one['outcome'])} is no failure of a call for one image")
        if (name := str(one.get("name"))) in names:
            yield Fault(("failure", index, "name"), f"{shown(name)} is named twice")
        names.add(name)
    if total >= 1:
        message = f"the shares sum to {total}; below 1 leaves some for images that arrive"
        yield Fault(("failure", len(classes) - 1, "share"), message)


def _share(written: object) -> Decimal | None:
    """Return a share written as text or as a number; None when it is none."""
    if isinstance(written, bool) or not isinstance(written, (str, int, Decimal)):
        return None
    try:
        share = Decimal(written)
    except InvalidOperation:
        return None
    return share if share.is_finite() and 0 <= share < 1 else None


def _work_faults(document: Mapping[str, object]) -> Iterator[Fault]:
    work = document.get("work")
    size = work.get("size") if isinstance(work, dict) else None
    if isinstance(size, str) and megapixels(size) is None:
        yield Fault(("work", "size"), f"{shown(size)} is no size; write WxH, such as '1024x1024'")


def _seller_faults(document: Mapping[str, object], sellers: Sequence[str]) -> Iterator[Fault]:
    terms = document.get("seller")
    for name in terms if isinstance(terms, dict) else ():
        if sellers and name not in sellers:
            yield Fault(("seller", name), f"seller {shown(name)} is not known{nearest(name, sellers)}")
