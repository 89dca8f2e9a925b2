"""Check what the wheel holds: its top-level names, the rule files, the price files, the scenarios."""

from __future__ import annotations

import sys
from pathlib import Path
from zipfile import ZipFile


def main(wheel: str) -> int:
    """Return 0 when *wheel* holds what the checkout holds, and nothing else at the top."""
    names = ZipFile(wheel).namelist()
    faults = [*unexpected(names), *missing(names)]
    for fault in faults:
        print(f"{wheel}: {fault}", file=sys.stderr)
    if not faults:
        print(f"{wheel}: {len(names)} files, as expected")
    return 1 if faults else 0


def unexpected(names: list[str]) -> list[str]:
    """Return the top-level names that are none of ours."""
    tops = {name.split("/")[0] for name in names}
    return [
        f"unexpected top-level name {top!r}"
        for top in sorted(tops)
        if not top.startswith(("policyengine", "imagegen_"))
    ]


def missing(names: list[str]) -> list[str]:
    """Return the data files of the checkout that the wheel lacks."""
    held = set(names)
    wanted = {f"policyengine/_rules/{path.relative_to('rules')}" for path in Path("rules").rglob("*.toml")}
    wanted |= {str(path.relative_to("providers")) for path in Path("providers").rglob("*.toml")}
    wanted |= {str(path.relative_to("providers")) for path in Path("providers").rglob("*.json")}
    wanted |= {str(path) for kind in ("*.template", "*.json", "py.typed") for path in Path("policyengine").rglob(kind)}
    return [f"missing {name}" for name in sorted(wanted - held)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
