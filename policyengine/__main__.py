"""Run the command line as `python -m policyengine`."""

from __future__ import annotations

from policyengine.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
