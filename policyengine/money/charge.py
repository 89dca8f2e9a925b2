"""Price one bill: what each component costs, as an interval, with the arithmetic kept."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from policyengine.fallback import NOBODY
from policyengine.money.exact import ZERO, summed, usd
from policyengine.money.tariff import Estimate, Rate, Tariff, Workload
from policyengine.verdict import Charge, ChargeLine
from policyengine.vocabulary import BillValue, Component

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policyengine.facts import Facts, UsageRow
    from policyengine.money.book import PriceBook
    from policyengine.provider import Seller

_MOST_ESTIMATES = 256

__all__ = ["FREE", "ComponentBill", "price_bill", "total", "workload_of"]

FREE = Charge(low=ZERO, high=ZERO)
_ONE_ASSUMED = "one image assumed: neither the answer nor the request tells how many"


class ComponentBill(Struct, frozen=True):
    """Say what the seller does with one component and what is multiplied."""

    component: Component
    value: BillValue
    quantity: Literal["delivered", "requested", "task"] = "delivered"


class _Amount(Struct, frozen=True):
    """Hold how much of one unit was consumed: exactly, or between two bounds."""

    unit: str
    low: int | Decimal
    high: int | Decimal | None
    why: str | None = None
    pieces: int = 1
    """Images that it is spread over."""


class _Priced(Struct, frozen=True):
    """Hold one rate that may apply, and the dollars it makes of an amount; None where those are not known."""

    rate: Rate
    tariff: Tariff
    worth: Decimal | None
    """Dollars for one unit of the currency, when it is another one."""
    low: Decimal | None
    high: Decimal | None


def price_bill(bills: Sequence[ComponentBill], facts: Facts, usage: Sequence[UsageRow], book: PriceBook) -> Charge:
    """Return what *bills* cost, given what was consumed and the tariffs of *book*."""
    lines: list[ChargeLine] = []
    for bill in bills:
        if bill.value not in ("na", "free"):
            lines += _component_lines(bill, facts, usage, book)
    return total(lines) if lines else FREE


def total(lines: Sequence[ChargeLine]) -> Charge:
    """Return the sum of *lines*; one line without a high end leaves the sum without one."""
    if len(lines) == 1:
        return Charge(low=lines[0].low, high=lines[0].high, lines=tuple(lines))
    highs = [line.high for line in lines if line.high is not None]
    high = summed(highs) if len(highs) == len(lines) else None
    return Charge(low=summed(line.low for line in lines), high=high, lines=tuple(lines))


def _component_lines(
    bill: ComponentBill, facts: Facts, usage: Sequence[UsageRow], book: PriceBook
) -> Iterator[ChargeLine]:
    """Yield a line for each unit of the component that was or may have been consumed."""
    by_model: dict[str | None, list[_Amount]] = {}
    for row in usage:
        if row.component == bill.component:
            by_model.setdefault(row.model, []).append(_Amount(row.unit, row.quantity, row.quantity))
    for model, counted in (by_model or {None: []}).items():
        tariffs = book.tariffs(facts, model=model)
        if not counted and _delivers_nothing(bill, facts):
            continue
        if len(tariffs) > 1 and bill.component in tariffs.alternatives:
            yield _hull(bill, [[*_lines(bill, facts, counted, (tariff,), book)] for tariff in tariffs])
            continue
        found = [*_lines(bill, facts, counted, tariffs, book)]
        if not found:
            note = "the price entry does not price this" if tariffs else _why_no_tariff(facts, model)
            found = [ChargeLine(component=bill.component, value=bill.value, unit="", high=_open_end(bill), note=note)]
        yield from found


def _lines(
    bill: ComponentBill, facts: Facts, counted: Sequence[_Amount], tariffs: Sequence[Tariff], book: PriceBook
) -> Iterator[ChargeLine]:
    """Yield a line for each unit, at tariffs that price the component in the same units."""
    plain = [_plain_line(bill, facts, amount, tariffs[0]) for amount in counted] if len(tariffs) == 1 else [None]
    if plain and None not in plain:
        yield from filter(None, plain)
        return
    amounts = _priced(bill, facts, counted, tariffs) if tariffs else counted
    if not amounts and tariffs:
        amounts = _estimated(bill, facts, tariffs, book)
    for amount in amounts:
        yield _line(bill, facts, amount, tariffs, book)


def _hull(bill: ComponentBill, by_tariff: Sequence[Sequence[ChargeLine]]) -> ChargeLine:
    """Return one line from the cheapest to the dearest of tariffs that count in different units.

    Each of the tariffs may be the one that applies, so their lines are alternatives and are not
    added up; one that does not price the component costs nothing.
    """
    totals = [total(lines) if lines else FREE for lines in by_tariff]
    at = max(range(len(totals)), key=lambda index: _height(totals[index]))
    highest = totals[at]
    shown = by_tariff[at][0] if len(by_tariff[at]) == 1 else None
    told = f"the model is not told: from the cheapest to the dearest of {len(totals)}"
    line = shown or ChargeLine(component=bill.component, value=bill.value, unit="", gross=_gross(by_tariff[at]))
    return msgspec.structs.replace(
        line,
        low=min(charge.low for charge in totals),
        high=highest.high,
        note="; ".join(note for note in (line.note, told) if note),
    )


def _height(charge: Charge) -> tuple[bool, Decimal]:
    """Return what to compare charges by: the highest is one without a bound."""
    return charge.high is None, charge.low if charge.high is None else charge.high


def _gross(lines: Sequence[ChargeLine]) -> Decimal | None:
    amounts = [line.gross for line in lines if line.gross is not None]
    return summed(amounts) if amounts and len(amounts) == len(lines) else None


def _plain_line(bill: ComponentBill, facts: Facts, amount: _Amount, tariff: Tariff) -> ChargeLine | None:
    """Return what `_line` returns for a counted quantity at one rate in dollars, at a third of the time; else None."""
    rates = tariff.rates_for(bill.component, amount.unit, facts.size, facts.quality)
    if len(rates) != 1 or tariff.currency != "USD" or tariff.assumed is not None:
        return None
    rate = rates[0]
    gross = usd(rate.pico(amount.low))
    return ChargeLine(
        component=bill.component,
        value=bill.value,
        unit=amount.unit,
        quantity=Decimal(amount.low),
        rate=rate.amount,
        per=rate.per,
        gross=gross,
        low=gross if bill.value == "charged" else ZERO,
        high=ZERO if bill.value == "credited" else gross,
        price=tariff.ref,
    )


def _delivers_nothing(bill: ComponentBill, facts: Facts) -> bool:
    """Return whether images are charged by the piece, and none came."""
    by_piece = bill.component == "image" and bill.value == "charged" and bill.quantity == "delivered"
    return by_piece and facts.images_delivered == 0


def _priced(
    bill: ComponentBill, facts: Facts, counted: Sequence[_Amount], tariffs: Sequence[Tariff]
) -> Sequence[_Amount]:
    """Return the *counted* amounts if their units are priced; else the pieces, where those are priced and known.

    Nothing means that the amounts must be estimated in the units of the tariff.
    """
    for amount in counted:
        for tariff in tariffs:
            if tariff.rates_for(bill.component, amount.unit, facts.size, facts.quality):
                return counted
    unit = {"image": "image", "request": "call"}.get(bill.component)
    if unit is None or not any((bill.component, unit) in tariff.by_unit for tariff in tariffs):
        return ()
    pieces = _pieces(bill, facts)
    if pieces is None:
        return ()
    told = bill.component != "image" or bill.quantity == "task" or facts.images_requested or facts.images_delivered
    return [_Amount(unit, pieces, pieces, None if told or not pieces else _ONE_ASSUMED)]


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
        images=images if images is not None else facts.images_requested or facts.images_delivered or 1,
        size=facts.size,
        quality=facts.quality,
        prompt_tokens=facts.input_tokens,
        prompt_bytes=facts.prompt_bytes,
        text_tokens=facts.text_tokens,
        operation=facts.operation,
        mode=facts.mode,
    )


def _estimated(bill: ComponentBill, facts: Facts, tariffs: Sequence[Tariff], book: PriceBook) -> Sequence[_Amount]:
    """Return bounds of what the component consumed, from the request and the tariffs."""
    workload = workload_of(facts, images=_pieces(bill, facts) if bill.component == "image" else None)
    merged: dict[str, Estimate] = {}
    for tariff in tariffs:
        for estimate in _estimates(workload, tariff, book):
            if estimate.component == bill.component:
                before = merged.get(estimate.unit)
                merged[estimate.unit] = estimate if before is None else _wider(before, estimate)
    return [
        _Amount(one.unit, one.low, one.high, one.why, workload.images or 1)
        for one in merged.values()
        if one.high != 0 or len(merged) == 1
    ]


def _estimates(workload: Workload, tariff: Tariff, book: PriceBook) -> Sequence[Estimate]:
    """Return what the seller estimates for *workload*; many requests are alike."""
    known = tariff.known_estimates
    found = known.get(workload)
    if found is None:
        if len(known) >= _MOST_ESTIMATES:
            known.clear()
        found = known[workload] = _asked(book.sellers[tariff.seller], workload, tariff)
    return found


def _asked(seller: Seller, workload: Workload, tariff: Tariff) -> Sequence[Estimate]:
    """Return what *seller* estimates; nothing, which is unpriced, when its plugin fails."""
    try:
        return seller.estimate(workload, tariff)
    except Exception:  # noqa: BLE001  a plugin may fail in any way
        return ()


def _wider(first: Estimate, second: Estimate) -> Estimate:
    high = None if first.high is None or second.high is None else max(first.high, second.high)
    why = first.why if first.why == second.why else "the models that may have served differ"
    return Estimate(component=first.component, unit=first.unit, low=min(first.low, second.low), high=high, why=why)


def _why_no_tariff(facts: Facts, model: str | None) -> str:
    name = model or facts.model
    if name is None and facts.seller == NOBODY:
        return "neither the model nor the seller is told"
    if name is None:
        return f"the model is not told, and no price of {facts.seller} fits this call"
    return f"no price of {name} at {facts.seller} fits this call"


def _line(bill: ComponentBill, facts: Facts, amount: _Amount, tariffs: Sequence[Tariff], book: PriceBook) -> ChargeLine:
    """Return the line of one unit: the cheapest and the dearest rate that may apply, times the quantity."""
    exact = Decimal(amount.low) if amount.low == amount.high else None
    at_least, at_most = (None, None) if exact is not None else (Decimal(amount.low), _decimal(amount.high))
    found = [
        _costing(rate, tariff, amount, book.usd_per(tariff.currency, facts.at))
        for tariff in tariffs
        for rate in tariff.rates_for(bill.component, amount.unit, facts.size, facts.quality)
    ]
    if not found:
        return ChargeLine(
            component=bill.component,
            value=bill.value,
            unit=amount.unit,
            quantity=exact,
            at_least=at_least,
            at_most=at_most,
            high=_open_end(bill),
            note=f"{amount.unit!r} has no rate" if tariffs else _why_no_tariff(facts, None),
        )
    dearest = found[0] if len(found) == 1 else max(found, key=_cost)
    return ChargeLine(
        component=bill.component,
        value=bill.value,
        unit=amount.unit,
        quantity=exact,
        at_least=at_least,
        at_most=at_most,
        rate=dearest.rate.amount,
        per=dearest.rate.per,
        currency=dearest.tariff.currency,
        usd_per_unit_of_currency=dearest.worth,
        gross=dearest.high,
        low=min(one.low or ZERO for one in found) if bill.value == "charged" else ZERO,
        high=ZERO if bill.value == "credited" else dearest.high,
        price=dearest.tariff.ref,
        estimated=amount.why is not None,
        note=_note(amount, found, dearest),
    )


def _open_end(bill: ComponentBill) -> Decimal | None:
    """Return the high end of what has no price: nothing for what was given back, else no bound."""
    return ZERO if bill.value == "credited" else None


def _decimal(quantity: int | Decimal | None) -> Decimal | None:
    return None if quantity is None else Decimal(quantity)


def _costing(rate: Rate, tariff: Tariff, amount: _Amount, worth: Decimal | None) -> _Priced:
    """Return what *rate* makes of *amount* in dollars."""
    foreign = None if tariff.currency == "USD" else worth
    if worth is None:
        return _Priced(rate, tariff, None, None, None)
    low = usd(rate.pico(amount.low, foreign, pieces=amount.pieces))
    if amount.high is None:
        return _Priced(rate, tariff, foreign, low, None)
    high = low if amount.high == amount.low else usd(rate.pico(amount.high, foreign, pieces=amount.pieces))
    return _Priced(rate, tariff, foreign, low, high)


def _cost(priced: _Priced) -> tuple[bool, Decimal, int]:
    """Return what to compare rates by: the dearest is one whose dollars nobody knows."""
    return priced.high is None, priced.high or priced.low or ZERO, priced.rate.pico(1)


def _note(amount: _Amount, found: Sequence[_Priced], dearest: _Priced) -> str | None:
    """Return what the quantity and the rate rest on, where the answer does not tell."""
    notes = [note for note in (amount.why, dearest.tariff.assumed) if note]
    models = len({one.tariff.entry.model for one in found})
    if models > 1:
        notes.append(f"the model is not told: from the cheapest to the dearest of {models}")
    elif len(found) > 1:
        notes.append("size or quality does not tell which price: from the cheapest to the dearest")
    if dearest.high is None and amount.high is not None:
        notes.append(f"no exchange rate of {dearest.tariff.currency} on that day")
    return "; ".join(notes) or None
