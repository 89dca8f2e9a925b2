"""List the installed plugins with their dialects and sellers, and those that did not load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.cli.loading import engine_for
from policyengine.cli.output import print_table

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from policyengine.policy.load import Policy

EPILOG = """examples:
  imgpolicy providers
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `providers`: none."""
    del parser


def run(arguments: Namespace) -> int:
    """Print the plugins; exit with 1 when some did not load."""
    engine = engine_for(arguments)
    plugins = engine.plugins
    print_table(("plugin", "distribution"), sorted(plugins.versions.items()))
    print()
    scenarios = {
        dialect.name: len(provider.scenarios(dialect.name))
        for provider in plugins.providers.values()
        for dialect in provider.dialects
    }
    print_table(
        ("dialect", "provider", "own seller", "scenarios"),
        [(one.name, one.provider, one.seller, scenarios[one.name]) for one in plugins.dialects.values()],
    )
    print()
    print_table(
        ("seller", "bill rules", "prices"),
        [_seller(engine.policy, name) for name in sorted(engine.policy.prices.sellers)],
    )
    return 1 if plugins.problems else 0


def _seller(policy: Policy, name: str) -> tuple[str, int, int]:
    rules = policy.rules.deciding("bill", name).rules
    return name, len(rules), sum(1 for _ in policy.prices.entries(name))
