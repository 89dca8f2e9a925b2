"""Price one bill: what each component costs, as an interval, with the arithmetic kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from policyengine.money.tariff import Estimate, Rate, Tariff, Workload
from policyengine.verdict import Charge, ChargeLine, PriceRef

if TYPE_CHECKING:
    from policyengine.facts import Facts, UsageRow
    from policyengine.money.book import PriceBook
    from policyengine.vocabulary import BillValue, Component

__all__ = ["FREE", "ComponentBill", "price_bill", "total", "workload_of"]

_ZERO = Decimal(0)
FREE = Charge(low=_ZERO, high=_ZERO)
Quantity = Literal["delivered", "requested", "task"]


class ComponentBill(Struct, frozen=True):
    """Say what the seller does with one component and what is multiplied."""

    component: Component
    value: BillValue
    quantity: Quantity = "delivered"


class _Amount(Struct, frozen=True):
    """Hold how much of one unit was consumed: exactly, or between two bounds."""

    unit: str
    low: int | Decimal
    high: int | Decimal | None
    why: str | None = None
    model: str | None = None


def price_bill(bills: Sequence[ComponentBill], facts: Facts, usage: Sequence[UsageRow], book: PriceBook) -> Charge:
    """Return what *bills* cost, given what was consumed and the tariffs of *book*."""
    lines: list[ChargeLine] = []
    for bill in bills:
        if bill.value not in ("na", "free"):
            lines += _component_lines(bill, facts, usage, book)
    return total(lines) if lines else FREE


def total(lines: Sequence[ChargeLine]) -> Charge:
    """Return the sum of *lines*; one line without a high end leaves the sum without one."""
    highs = [line.high for line in lines]
    high = None if None in highs else sum((end for end in highs if end is not None), _ZERO)
    return Charge(low=sum((line.low for line in lines), _ZERO), high=high, lines=tuple(lines))


def _component_lines(bill: ComponentBill, facts: Facts, usage: Sequence[UsageRow], book: PriceBook) -> Iterable[ChargeLine]:
    """Yield a line for each unit of the component that was or may have been consumed."""
    rows = [row for row in usage if row.component == bill.component]
    models = {row.model for row in rows} or {None}
    for model in sorted(models, key=str):
        tariffs = book.tariffs(facts, model=model)
        amounts = [_Amount(row.unit, row.quantity, row.quantity, model=model) for row in rows if row.model == model]
        amounts = _priced_amounts(bill, facts, amounts, tariffs) or _estimated(bill, facts, tariffs, book)
        if not amounts:
            yield _unpriced(bill, facts, tariffs)
        for amount in amounts:
            yield _line(bill, facts, amount, tariffs, book)


def _priced_amounts(
    bill: ComponentBill, facts: Facts, amounts: Sequence[_Amount], tariffs: Sequence[Tariff]
) -> Sequence[_Amount]:
    """Return *amounts* if a tariff prices their units; images are counted where they are priced by the piece."""
    if not tariffs:
        return amounts
    priced = [amount for amount in amounts if any(_has_rate(tariff, bill, amount, facts) for tariff in tariffs)]
    if priced or bill.component not in ("image", "request"):
        return priced or amounts
    unit = "image" if bill.component == "image" else "call"
    if not any((bill.component, unit) in tariff.by_unit for tariff in tariffs):
        return ()
    pieces = _pieces(bill, facts)
    return [_Amount(unit, pieces, pieces)] if pieces is not None else ()


def _has_rate(tariff: Tariff, bill: ComponentBill, amount: _Amount, facts: Facts) -> bool:
    return bool(tariff.rates_for(bill.component, amount.unit, facts.size, facts.quality))


def _pieces(bill: ComponentBill, facts: Facts) -> int | None:
    """Return how many images or tasks are multiplied; None when the exchange does not tell."""
    if bill.quantity == "task" or bill.component == "request":
        return 1
    if bill.quantity == "delivered" and bill.value == "charged":
        return facts.images_delivered
    return facts.images_requested or facts.images_delivered or 1


def workload_of(facts: Facts, *, images: int | None = None) -> Workload:
    """Return the piece of work that *facts* tell of."""
    return Workload(
        images=images or facts.images_requested or facts.images_delivered or 1,
        size=facts.size,
        quality=facts.quality,
        prompt_tokens=facts.input_tokens,
        prompt_bytes=facts.prompt_bytes,
        text_tokens=facts.text_tokens,
        operation=facts.operation,
        mode=facts.mode,
    )


def _estimated(bill: ComponentBill, facts: Facts, tariffs: Sequence[Tariff], book: PriceBook) -> Sequence[_Amount]:
    """Return bounds of what the component consumed, from the request and the tariff."""
    workload = workload_of(facts, images=_pieces(bill, facts) if bill.component == "image" else None)
    merged: dict[str, Estimate] = {}
    for tariff in tariffs:
        for estimate in book.sellers[tariff.seller].estimate(workload, tariff):
            if estimate.component == bill.component:
                merged[estimate.unit] = _wider(merged.get(estimate.unit), estimate)
    found = [_Amount(one.unit, one.low, one.high, one.why) for one in merged.values() if one.high != 0 or len(merged) == 1]
    return found


def _wider(first: Estimate | None, second: Estimate) -> Estimate:
    if first is None:
        return second
    high = None if first.high is None or second.high is None else max(first.high, second.high)
    return Estimate(
        component=first.component, unit=first.unit, low=min(first.low, second.low), high=high, why="the dearest model that fits"
    )


def _unpriced(bill: ComponentBill, facts: Facts, tariffs: Sequence[Tariff]) -> ChargeLine:
    reason = "the price entry does not price this" if tariffs else _why_no_tariff(facts)
    return ChargeLine(component=bill.component, value=bill.value, unit="", note=reason)


def _why_no_tariff(facts: Facts) -> str:
    model = f"model {facts.model!r}" if facts.model else "the answer names no model and the seller"
    return f"{model} has no price at {facts.seller} on that day" if facts.model else f"{model} {facts.seller} has no price entry that fits"


def _line(
    bill: ComponentBill, facts: Facts, amount: _Amount, tariffs: Sequence[Tariff], book: PriceBook
) -> ChargeLine:
    """Return the line of one unit: the cheapest and the dearest rate that may apply, times the quantity."""
    rates = [(tariff, rate) for tariff in tariffs for rate in tariff.rates_for(bill.component, amount.unit, facts.size, facts.quality)]
    if not rates:
        line = _unpriced(bill, facts, tariffs)
        note = line.note if not tariffs else f"no rate for {amount.unit!r}"
        return _with_quantity(ChargeLine(component=bill.component, value=bill.value, unit=amount.unit, note=note), amount)
    tariff, dearest = max(rates, key=lambda pair: pair[1].pico(1))
    worth = book.usd_per(tariff.currency, facts.at)
    least = min((rate for _, rate in rates), key=lambda rate: rate.pico(1))
    gross_low = _usd(least, amount.low, worth)
    gross_high = _usd(dearest, amount.high, worth)
    low, high = _billed(bill.value, gross_low, gross_high)
    notes = [amount.why, *_rate_notes(facts, rates, tariff, worth)]
    return ChargeLine(
        component=bill.component,
        value=bill.value,
        unit=amount.unit,
        **_quantities(amount),
        rate=dearest.amount,
        per=dearest.per,
        currency=tariff.currency,
        usd_per_unit_of_currency=None if tariff.currency == "USD" else worth,
        gross=gross_high,
        low=low,
        high=high,
        price=price_ref(tariff),
        note="; ".join(note for note in notes if note) or None,
    )


def _rate_notes(facts: Facts, rates: Sequence[tuple[Tariff, Rate]], tariff: Tariff, worth: Decimal | None) -> Iterable[str]:
    models = {rate_tariff.entry.model for rate_tariff, _ in rates}
    if len(models) > 1:
        yield f"the model is not told: between the cheapest and the dearest of {len(models)}"
    elif len(rates) > 1:
        yield "size or quality is not told: between the cheapest and the dearest"
    if worth is None:
        yield f"no exchange rate of {tariff.currency} on that day"


def _usd(rate: Rate, quantity: int | Decimal | None, worth: Decimal | None) -> Decimal | None:
    """Return *quantity* times *rate* in dollars; None without a quantity or an exchange rate."""
    if quantity is None or worth is None:
        return None
    pico = rate.pico(quantity)
    dollars = Decimal(pico).scaleb(-12)
    return dollars if worth == 1 else (dollars * worth).quantize(Decimal("1e-12"))


def _billed(value: BillValue, low: Decimal | None, high: Decimal | None) -> tuple[Decimal, Decimal | None]:
    """Return what of [low, high] a bill value makes certain and possible."""
    if value == "charged":
        return low or _ZERO, high
    return _ZERO, _ZERO if value == "credited" else high


def _quantities(amount: _Amount) -> Mapping[str, Decimal | None]:
    if amount.low == amount.high:
        return {"quantity": Decimal(amount.low)}
    high = None if amount.high is None else Decimal(amount.high)
    return {"at_least": Decimal(amount.low), "at_most": high}


def _with_quantity(line: ChargeLine, amount: _Amount) -> ChargeLine:
    quantities = _quantities(amount)
    return ChargeLine(component=line.component, value=line.value, unit=line.unit, note=line.note, **quantities)


def price_ref(tariff: Tariff) -> PriceRef:
    """Return the reference to the entry behind *tariff*."""
    entry = tariff.entry
    return PriceRef(
        seller=tariff.seller,
        model=entry.model,
        source=entry.source,
        checked=entry.checked.isoformat(),
        file=tariff.file,
    )
