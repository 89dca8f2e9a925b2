"""Test a plugin: subclass `ProviderContract` in a test module and name the plugin.

Needs pytest and hypothesis, which the extra brings: `pip install 'imagegen-policyengine[testing]'`.
"""

from __future__ import annotations

try:
    import hypothesis  # noqa: F401  what is missing is told here, in one line
    import pytest
except ImportError as error:
    msg = f"policyengine.testing needs {error.name}; pip install 'imagegen-policyengine[testing]'"
    raise ImportError(msg, name=error.name) from error

pytest.register_assert_rewrite("policyengine.testing.checks", "policyengine.testing.contract")

from policyengine.testing.contract import ProviderContract  # noqa: E402  after its asserts are registered

__all__ = ["ProviderContract"]
