"""Decide whether a failed image generation was charged, how much, says who, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policyengine.engine import Engine
    from policyengine.errors import (
        AccountError,
        Diagnostic,
        DialectError,
        InputError,
        MissingExtraError,
        PolicyEngineError,
        PolicyFileError,
    )
    from policyengine.exchange import Exchange
    from policyengine.facts import Facts, UsageRow
    from policyengine.hookspecs import hookimpl
    from policyengine.preflight import Preflight
    from policyengine.provider import Claim, Dialect, Provider, Seller
    from policyengine.request import Request
    from policyengine.verdict import Bill, Charge, ChargeLine, Route, Step, Verdict, VerdictWarning
    from policyengine.watch import Watch

__all__ = [
    "AccountError",
    "Bill",
    "Charge",
    "ChargeLine",
    "Claim",
    "Diagnostic",
    "Dialect",
    "DialectError",
    "Engine",
    "Exchange",
    "Facts",
    "InputError",
    "MissingExtraError",
    "PolicyEngineError",
    "PolicyFileError",
    "Preflight",
    "Provider",
    "Request",
    "Route",
    "Seller",
    "Step",
    "UsageRow",
    "Verdict",
    "VerdictWarning",
    "Watch",
    "hookimpl",
]

_HOMES = {
    "Engine": "engine",
    "Exchange": "exchange",
    "Facts": "facts",
    "UsageRow": "facts",
    "Request": "request",
    "Preflight": "preflight",
    "Watch": "watch",
    **dict.fromkeys(("Bill", "Charge", "ChargeLine", "Route", "Step", "Verdict", "VerdictWarning"), "verdict"),
    "hookimpl": "hookspecs",
    **dict.fromkeys(("Claim", "Dialect", "Provider", "Seller"), "provider"),
    **dict.fromkeys(
        (
            "AccountError",
            "Diagnostic",
            "DialectError",
            "InputError",
            "MissingExtraError",
            "PolicyEngineError",
            "PolicyFileError",
        ),
        "errors",
    ),
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that importing the package stays cheap."""
    from importlib import import_module  # noqa: PLC0415

    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        return version("imagegen-policyengine")
    home = _HOMES.get(name)
    if home is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return __all__
