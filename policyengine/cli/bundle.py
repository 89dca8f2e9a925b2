"""Write all that decides into one file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from policyengine.bundle import bundle_name
from policyengine.cli.loading import engine_for

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EPILOG = """examples:
  imgpolicy bundle -o bundles/
  imgpolicy bundle -o release.json --policy policy/
  imgpolicy explain verdict.json --bundle bundles/

In a directory the file is named by its fingerprint, so that an old verdict finds it. A bundle holds
your accounts and negotiated prices: keep it where you keep them.
"""
_STDOUT = "-"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `bundle`."""
    parser.add_argument(
        "-o", "--output", metavar="FILE", required=True, help="a file, a directory, or - for standard output"
    )


def run(arguments: Namespace) -> int:
    """Write the bundle and print where."""
    engine = engine_for(arguments)
    written = engine.bundle()
    if arguments.output == _STDOUT:
        sys.stdout.buffer.write(written)
        return 0
    target = Path(arguments.output)
    if target.is_dir() or arguments.output.endswith(os.sep):
        target /= bundle_name(engine.fingerprint)
    _replace(target, written)
    print(target)
    return 0


def _replace(target: Path, written: bytes) -> None:
    """Write *target* whole or not at all; what is no file, such as a device, is written into."""
    target = target.resolve()
    part = target.with_name(f".{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and not target.is_file():
        target.write_bytes(written)
        return
    part.write_bytes(written)
    part.replace(target)
