"""Read what several commands take: numbers, sizes, days, and names that somebody must know."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Protocol

from policyengine.errors import InputError, nearest
from policyengine.money.tariff import megapixels

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Iterable

    from policyengine.engine import Engine

__all__ = ["add_narrowing", "check_narrowing", "count_from", "day_of", "is_wanted", "refuse_unknown", "size"]


class Offered(Protocol):
    """Have a platform and a seller, as rows and forecasts do."""

    @property
    def platform(self) -> str:
        """Return the name of the provider."""

    @property
    def seller(self) -> str:
        """Return who invoices."""


def count_from(least: int) -> Callable[[str], int]:
    """Return what reads a whole number from *least* on; argparse names the option when it is none."""

    def read(written: str) -> int:
        try:
            number = int(written)
        except ValueError:  # told as what is too small is
            number = least - 1
        if number < least:
            msg = f"{written!r} is no whole number from {least} on"
            raise ArgumentTypeError(msg)
        return number

    return read


def size(written: str) -> str:
    """Return a size such as 1024x1024."""
    if not megapixels(written):
        msg = f"{written!r} is no size, such as 1024x1024"
        raise ArgumentTypeError(msg)
    return written


def day_of(written: str | None) -> date:
    """Return the day that *written* names, today when it is None.

    Raises:
        InputError: it names none.
    """
    try:
        return date.fromisoformat(written) if written else datetime.now(UTC).date()
    except ValueError as error:
        msg = f"--at {written!r} is no day; write YYYY-MM-DD"
        raise InputError(msg) from error


def refuse_unknown(name: str | None, known: Iterable[str], kind: str = "seller") -> None:
    """Refuse the *name* of a *kind* of thing that nobody knows.

    Raises:
        InputError: it is told and not *known*.
    """
    names = tuple(known)
    if name is not None and name not in names:
        msg = f"{kind} {name!r} is not known{nearest(name, names)}"
        raise InputError(msg)


def add_narrowing(parser: ArgumentParser) -> None:
    """Add `--platform` and `--seller`, which may be repeated."""
    parser.add_argument("--platform", action="append", help="only this provider; may be repeated")
    parser.add_argument("--seller", action="append", help="only this seller; may be repeated")


def check_narrowing(arguments: Namespace, engine: Engine) -> None:
    """Refuse platforms and sellers that *engine* does not know.

    Raises:
        InputError: one of them is not known.
    """
    for name in arguments.platform or ():
        refuse_unknown(name, engine.plugins.providers, "platform")
    for name in arguments.seller or ():
        refuse_unknown(name, engine.policy.prices.sellers)


def is_wanted(one: Offered, arguments: Namespace) -> bool:
    """Return whether *one* is of a platform and a seller that were asked for."""
    return one.platform in (arguments.platform or [one.platform]) and one.seller in (arguments.seller or [one.seller])
