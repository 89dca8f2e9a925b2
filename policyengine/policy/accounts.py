"""Map the accounts of a team to who invoices them and on what terms."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Account", "AccountsFile"]


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Say what is known of one account, so that calls pass its key and nothing else."""

    seller: str | None = None
    """Who sends the invoice."""
    mode: str | None = None
    """The tariff: per-token, per-call and so on."""
    plan: str | None = None
    """The subscription plan."""
    prices: str | None = None
    """The layer of user price files that holds its negotiated rates."""
    base_url: str | None = None
    """Calls below this address belong to the account."""
    facts: dict[str, str | int] = {}
    """Further account facts that bill rules read."""

    @property
    def account_facts(self) -> dict[str, str | int]:
        """Return the account facts that rules read."""
        named = {"mode": self.mode, "plan": self.plan, "prices": self.prices}
        return {**self.facts, **{name: value for name, value in named.items() if value is not None}}


class AccountsFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold the accounts by their keys."""

    account: dict[str, Account] = {}
    """By key: the name that calls pass as `account=`."""
