"""Parse TOML with the places of its values, and refuse what would take long or nest deep."""

from policyengine.toml.text import Path, PositionMap, TomlTextError, header_lines, parse, positions

__all__ = ["Path", "PositionMap", "TomlTextError", "header_lines", "parse", "positions"]
