from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import policyengine

MODULES = [
    module.name
    for module in pkgutil.walk_packages(policyengine.__path__, "policyengine.")
    if "__main__" not in module.name
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))

    assert failed == 0
