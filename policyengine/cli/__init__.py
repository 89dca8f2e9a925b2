"""Run the library from a terminal: one module per command."""
