"""Write the first files of a rule, a seller or a provider: they load, hold, and state nothing that nobody looked up."""

from __future__ import annotations

from policyengine.scaffold.files import new_provider, new_rule, new_seller

__all__ = ["new_provider", "new_rule", "new_seller"]
