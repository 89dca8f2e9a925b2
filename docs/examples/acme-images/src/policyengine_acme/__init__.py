"""Register Acme: one dialect, one seller, and the rules for both."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from policyengine import Provider, Seller, hookimpl

from policyengine_acme.dialect import AcmeImages

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

PLUGIN_API = 1
_HERE = files(__package__)


@hookimpl
def policyengine_provider() -> Provider:
    """Return the dialects, and where their scenarios are."""
    return Provider("acme", [AcmeImages()], scenarios=_HERE / "scenarios")


@hookimpl
def policyengine_sellers() -> list[Seller]:
    """Return who sends invoices, with the price file."""
    return [Seller("acme", prices=_HERE / "prices.toml", hosts=("api.acme-images.example",))]


@hookimpl
def policyengine_rules() -> Traversable:
    """Return the directory that holds `classify/` and `bill/`."""
    return _HERE / "rules"
