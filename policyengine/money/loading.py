"""Load a price file: amounts are strings, finite and in range, units are known, dates are in order."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from policyengine.errors import Diagnostic, nearest
from policyengine.money.entry import PriceFile
from policyengine.money.tariff import TOKEN_KEYS
from policyengine.rules.conditions import Fault
from policyengine.rules.diagnose import placed
from policyengine.rules.load import load_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyengine.rules.conditions import Path
    from policyengine.rules.source import Source

__all__ = ["load_prices"]

_AMOUNT_LIMIT = 10**6
_WHOLE = 100
_AMOUNT_KEYS = frozenset(
    {
        "per_mtok",
        "per_image",
        "per_megapixel",
        "per_call",
        "per_kquery",
        "per_gpu_minute",
        "per_gpu_second",
        "credit",
        "discount_percent",
        "usd",
    }
)


def load_prices(source: Source) -> tuple[PriceFile | None, list[Diagnostic]]:
    """Return *source* as prices, or None, and every fault in it."""
    content, faults = load_document(source, PriceFile, "prices", check=_unquoted)
    if content is None or faults:
        return None, faults
    wrong = [*_range_faults(content), *_key_faults(content), *_date_faults(content)]
    return (None, placed(source, wrong)) if wrong else (content, [])


def _unquoted(document: Mapping[str, object]) -> list[Fault]:
    """Return the amounts that are written as numbers: a float is not exact, and editors would not mark it."""
    return [
        Fault(path, f'write the amount as text: "{value}"')
        for path, value in _leaves(document, ())
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and _AMOUNT_KEYS.intersection(path)
    ]


def _leaves(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index))
    else:
        yield path, value


def _range_faults(content: PriceFile) -> Iterator[Fault]:
    for path, amount in _amounts(content, ()):
        if not amount.is_finite() or not 0 <= amount < _AMOUNT_LIMIT:
            yield Fault(path, f"{amount} is no price; amounts run from 0 to below {_AMOUNT_LIMIT}")
        elif path[-1] == "discount_percent" and amount > _WHOLE:
            yield Fault(path, f"a discount of {amount} percent would pay the customer; it runs from 0 to {_WHOLE}")


def _amounts(value: object, path: Path) -> Iterator[tuple[Path, Decimal]]:
    """Yield every amount inside *value* with its path."""
    if isinstance(value, Decimal):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _amounts(inner, (*path, key))
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from _amounts(inner, (*path, index))
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _amounts(getattr(value, name), (*path, name))


def _key_faults(content: PriceFile) -> Iterator[Fault]:
    for index, entry in enumerate(content.price):
        tables: dict[Path, Mapping[str, Decimal]] = {("per_mtok",): entry.per_mtok}
        tables |= {("tier", tier, "per_mtok"): one.per_mtok for tier, one in entry.tier.items()}
        if entry.credits is not None:
            tables["credits", "per_mtok"] = entry.credits.per_mtok
        for path, table in tables.items():
            for key in table:
                if key not in TOKEN_KEYS:
                    message = f"{key!r} is no token price{nearest(key, tuple(TOKEN_KEYS))}"
                    yield Fault(("price", index, *path, key), message)


def _date_faults(content: PriceFile) -> Iterator[Fault]:
    for index, entry in enumerate(content.price):
        if entry.from_ and entry.until and entry.from_ >= entry.until:
            yield Fault(("price", index, "until"), f"'until' {entry.until} is not after 'from' {entry.from_}")
        if entry.credits is not None and entry.credit is None:
            yield Fault(("price", index), "prices in credits need 'credit': what one credit costs")
