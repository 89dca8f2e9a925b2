"""Advise on calls before they are made, and quote what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from policyengine.cli.loading import engine_for
from policyengine.cli.output import warn
from policyengine.cli.reading import BadLine, RecordedFacts, read_all
from policyengine.errors import InputError, PolicyEngineError, nearest
from policyengine.native import timestamp
from policyengine.request import Request
from policyengine.vocabulary import TIERS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

    from policyengine.cli.reading import Found
    from policyengine.engine import Engine
    from policyengine.preflight import Preflight

EPILOG = """examples:
  imgpolicy preflight --provider NAME --model MODEL --size 1K --prompt "An orange cat"
  imgpolicy preflight request.json
  imgpolicy preflight requests.ndjson --account prod-eu --json

FILE holds a request, an array of them, or one a line: an object with any of provider, model, seller, tier,
size, quality, mode, n, at, prompt, words, input_tokens, has_input_image, input_megapixels, account.
The exit code is 1 when some advice is critical.
"""
_OPTIONS = (
    "provider",
    "model",
    "seller",
    "tier",
    "size",
    "quality",
    "n",
    "prompt",
    "words",
    "input_tokens",
    "has_input_image",
    "input_megapixels",
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of `preflight`."""
    parser.add_argument("file", metavar="FILE", nargs="?", help="requests as JSON or NDJSON; - for standard input")
    parser.add_argument("--json", action="store_true", help="print one JSON object a request")
    group = parser.add_argument_group("the request; wins over what the file says")
    group.add_argument("--provider", help="the plugin whose platform is called")
    group.add_argument("--model", help="the model that is asked for")
    group.add_argument("--seller", help="who will send the invoice")
    group.add_argument("--account", help="a key of accounts.toml")
    group.add_argument("--mode", help="the account's tariff: per-token, per-call")
    group.add_argument("--plan", help="the account's subscription plan")
    group.add_argument("--tier", choices=TIERS, help="the service tier")
    group.add_argument("--speed", help="the speed mode of a queue: fast, relax, turbo")
    group.add_argument("--size", help="the image size, as the platform spells it")
    group.add_argument("--quality", help="the image quality, as the platform spells it")
    group.add_argument("-n", type=int, help="images asked for")
    group.add_argument("--prompt", help="the text of the prompt")
    group.add_argument("--words", type=int, help="words of the prompt, where it is not told")
    group.add_argument("--input-tokens", type=int, help="tokens of prompt and reference images, where counted")
    group.add_argument("--input-megapixels", type=float, help="megapixels of the reference image")
    images = group.add_mutually_exclusive_group()
    images.add_argument(
        "--input-image", action="store_true", default=None, dest="has_input_image", help="a reference image goes along"
    )
    images.add_argument("--no-input-image", action="store_false", dest="has_input_image", help="none goes along")


def run(arguments: Namespace) -> int:
    """Print advice and quote of each request; exit with 1 when some is critical, or cannot be read."""
    engine = engine_for(arguments)
    if arguments.file is None:
        if not _options(arguments) and arguments.account is None:
            msg = "nothing is told of the call; name a FILE, or tell --model, --prompt and what else is known"
            raise InputError(msg)
        return _print(_done(engine, _options(arguments), arguments.account), as_json=arguments.json)
    code = 0
    for read in read_all([arguments.file], {}, each=True):
        try:
            table = {**_table(read), **_options(arguments)}
            code = max(code, _print(_done(engine, table, arguments.account), as_json=arguments.json))
        except PolicyEngineError as error:
            warn(f"{read.where}: {error}")
            code = 1
    return code


def _options(arguments: Namespace) -> dict[str, object]:
    """Return what the command line tells of the request."""
    told = {name: getattr(arguments, name) for name in _OPTIONS} | {"mode": arguments.speed}
    facts = {name: value for name in ("mode", "plan") if (value := getattr(arguments, name)) is not None}
    return {
        **{name: value for name, value in told.items() if value is not None},
        **({"account": facts} if facts else {}),
    }


def _table(read: Found | BadLine) -> Mapping[str, object]:
    """Return the object that was read.

    Raises:
        InputError: it is none.
    """
    if isinstance(read, BadLine):
        raise InputError(read.message)
    if isinstance(read, RecordedFacts) or not isinstance(read.body, dict):
        msg = "no request: write a JSON object, an array of them, or one a line"
        raise InputError(msg)
    return read.body


def _done(engine: Engine, table: Mapping[str, object], account: str | None) -> Preflight:
    """Return the advice on the request that *table* tells.

    Raises:
        PolicyEngineError: a key, a value or a name is not known.
    """
    if strange := next((key for key in table if key not in Request.__struct_fields__), None):
        msg = f"{strange!r} is no part of a request{nearest(strange, Request.__struct_fields__)}"
        raise InputError(msg)
    try:
        request = msgspec.convert({**table, **_moment(table.get("at"))}, Request)
    except msgspec.ValidationError as error:
        msg = f"the request cannot be read: {error}"
        raise InputError(msg) from error
    return engine.preflight(request, account=account)


def _moment(at: object) -> dict[str, object]:
    """Return the time *at* as any file has it, with or without an offset or a time of day."""
    moment = timestamp(at)
    return {} if moment is None else {"at": moment}


def _print(done: Preflight, *, as_json: bool) -> int:
    """Print *done*; return 1 when it is critical."""
    print(done.to_json().decode() if as_json else f"{done.explain()}\n")
    return int(done.is_critical)
