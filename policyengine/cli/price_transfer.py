"""Write price files as TOML, JSON or CSV, and make a price file of JSON or CSV."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from policyengine.cli.arguments import refuse_unknown
from policyengine.cli.loading import engine_for
from policyengine.cli.output import warn
from policyengine.errors import InputError
from policyengine.money.documents import toml_text
from policyengine.money.interchange import json_text, prices_from_csv, prices_from_json
from policyengine.money.spreadsheet import csv_text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Mapping, Sequence

    from policyengine.money.book import LoadedPrices
    from policyengine.money.entry import PriceFile

_WRITERS: Mapping[str, Callable[[Sequence[PriceFile]], str]] = {"json": json_text, "csv": csv_text}
_READERS: Mapping[str, Callable[..., PriceFile]] = {".json": prices_from_json, ".csv": prices_from_csv}


def run(arguments: Namespace) -> int:
    """Export or import, as the first word says."""
    for name in ("check", "stale", "at", "all", "json"):
        if getattr(arguments, name) not in (None, False):
            msg = f"--{name} does not go with `prices {arguments.seller}`"
            raise InputError(msg)
    return _export(arguments) if arguments.seller == "export" else _import(arguments)


def _export(arguments: Namespace) -> int:
    engine = engine_for(arguments)
    seller = arguments.operand or arguments.of
    refuse_unknown(seller, engine.policy.prices.sellers)
    files = [
        one
        for one in engine.policy.prices.files
        if seller in (None, one.content.seller) and arguments.file in (None, one.file)
    ]
    if not files:
        msg = "no such price file; `imgpolicy prices export --format csv` has those of all sellers"
        raise InputError(msg)
    _write(_written(files, arguments.format or "toml"), arguments.output)
    return 0


def _written(files: Sequence[LoadedPrices], kind: str) -> str:
    contents = [one.content for one in files]
    if kind in _WRITERS:
        return _WRITERS[kind](contents)
    if len(contents) > 1:
        names = ", ".join(repr(one.file) for one in files)
        msg = f"TOML holds one price file; name a seller, or one of --file {names}"
        raise InputError(msg)
    return toml_text(contents[0])


def _import(arguments: Namespace) -> int:
    if arguments.operand is None or arguments.of is None or arguments.format or arguments.file:
        msg = "write `imgpolicy prices import FILE --seller SELLER -o policy/prices/SELLER.toml`"
        raise InputError(msg)
    file = Path(arguments.operand)
    suffix = file.suffix.lower()
    if suffix == ".toml":
        msg = f"{str(file)!r} is a price file as it is; put it into `prices/` of a policy directory"
        raise InputError(msg)
    reader = _READERS.get(suffix)
    if reader is None:
        msg = f"{str(file)!r} is neither .json nor .csv"
        raise InputError(msg)
    content = reader(_read(file), file=str(file), seller=arguments.of)
    _write(toml_text(content), arguments.output)
    warn(f"{len(content.price)} prices and {len(content.currencies)} exchange rates of {content.seller}")
    return 0


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        msg = f"{str(file)!r} cannot be read: {error.strerror or error}"
        raise InputError(msg) from error


def _write(text: str, output: str | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    try:
        Path(output).write_bytes(text.encode())
    except OSError as error:
        msg = f"{output!r} cannot be written: {error.strerror or error}"
        raise InputError(msg) from error
