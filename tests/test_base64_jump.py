"""Test that long base64 texts are cut and that nothing else of a body changes."""

from __future__ import annotations

import base64
import json
import random
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine import Engine
from policyengine.base64_jump import KEPT, LONG, without_long_base64
from policyengine.intake import decoded

PICTURE = base64.b64encode(random.Random(1).randbytes(30_000)).decode()  # noqa: S311  any bytes will do
_BASE64 = re.compile(r"(data:image/[a-z]+;base64,)?[A-Za-z0-9+/_-]{1024}")


def agree(read: object, whole: object) -> bool:
    """Return whether *read* is *whole*, but for long texts that begin as base64 does, which may be cut."""
    if isinstance(read, list) and isinstance(whole, list):
        return len(read) == len(whole) and all(map(agree, read, whole))
    if isinstance(read, dict) and isinstance(whole, dict):
        return [*read] == [*whole] and all(map(agree, read.values(), whole.values()))
    if isinstance(whole, str) and len(whole) >= LONG and _BASE64.match(whole):
        return read in (whole, whole[:KEPT])
    return type(read) is type(whole) and read == whole


LONG_TEXTS: dict[str, str] = {
    "<picture>": PICTURE,
    "<just long>": PICTURE[: LONG + 1],
    "<nearly long>": PICTURE[: LONG - 10],
    "<padded>": PICTURE[:-1] + "=",
    "<address>": f"data:image/png;base64,{PICTURE}",
    "<for addresses>": PICTURE.replace("+", "-").replace("/", "_"),
    "<quote>": PICTURE[:500] + '"' + PICTURE,
    "<backslash at the end>": PICTURE + "\\",
    "<backslash at the start>": "\\" + PICTURE,
    "<line end>": PICTURE[: LONG // 2] + "\n" + PICTURE,
    "<words>": "no picture, but words " * 1000,
    "<json>": json.dumps({"data": PICTURE, "note": '"'}),
    "<json in json>": json.dumps([json.dumps({"data": PICTURE})]),
    "<markdown>": f"![image](data:image/png;base64,{PICTURE})",
    "<umlauts>": "ü" * LONG,
    "<commas>": "," * LONG,
    "<emoji>": "🖼" + PICTURE,
}


def grown(value: object) -> object:
    """Return *value* with its long texts in place of their names, so that failures print short."""
    if isinstance(value, str):
        return LONG_TEXTS.get(value, value)
    if isinstance(value, list):
        return [grown(item) for item in value]
    return {str(grown(key)): grown(item) for key, item in value.items()} if isinstance(value, dict) else value


_texts = st.sampled_from(sorted(LONG_TEXTS)) | st.text(max_size=20)
_values = st.recursive(
    _texts | st.integers(-(2**63), 2**63) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=10,
)
_layouts = st.fixed_dictionaries(
    {
        "indent": st.sampled_from([None, 2]),
        "ensure_ascii": st.booleans(),
        "separators": st.sampled_from([None, (",", ":"), (" ,\n", "\t: ")]),
    }
)


@given(value=_values, layout=_layouts)
@settings(max_examples=300, deadline=None)
def test_a_body_reads_as_if_decoded_whole_but_for_pictures(value: object, layout: dict[str, Any]) -> None:
    body = json.dumps(grown(value), **layout).encode()

    read, fault = decoded(body)

    assert fault is None
    assert agree(read, json.loads(body))


@given(value=_values, end=st.floats(0, 1), junk=st.binary(max_size=3))
@settings(max_examples=200, deadline=None)
def test_a_broken_body_reads_as_without_the_jump(value: object, end: float, junk: bytes) -> None:
    body = json.dumps({"value": grown(value)}).encode()
    at = int(end * len(body))
    broken = body[:at] + junk + body[at + 1 :]

    read, fault = decoded(broken)

    try:
        whole = msgspec.json.decode(broken)
    except (msgspec.DecodeError, UnicodeError):
        assert fault is not None or agree(read, json.loads(body))  # a fault inside what is jumped over goes unseen
    else:
        assert agree(read, whole)


@given(value=_values, end=st.floats(0, 1, exclude_max=True))
@settings(max_examples=100, deadline=None)
def test_a_body_that_breaks_off_is_no_json(value: object, end: float) -> None:
    body = json.dumps({"value": grown(value)}).encode()

    _, fault = decoded(body[: int(end * len(body))])

    assert fault is not None


@given(body=st.binary(max_size=200).map(lambda part: part * 400))
@settings(deadline=None)
def test_bytes_that_are_no_json_never_raise(body: bytes) -> None:
    decoded(body)


@pytest.mark.parametrize("before", ["", "x" * 5000, "x y" * (LONG // 2), "x y" * LONG, '\\"' * 9000])
@pytest.mark.parametrize("length", [LONG, LONG + 4096, len(PICTURE)])
def test_a_long_picture_is_cut_wherever_it_stands(before: str, length: int) -> None:
    body = f'{{"a": "{before}", "b": ["{PICTURE[:length]}", {{"c":"{PICTURE[:length]}"}} ]}}'.encode()

    short = without_long_base64(body)

    assert short is not None
    assert json.loads(short) == {"a": json.loads(f'"{before}"'), "b": [PICTURE[:KEPT], {"c": PICTURE[:KEPT]}]}


@pytest.mark.parametrize(
    "body",
    {
        "a key": f'{{"{PICTURE}": 1}}',
        "a key behind white space": f'{{"{PICTURE}" \n : 1}}',
        "text with escapes": json.dumps({"a": PICTURE[:600] + "\n" + PICTURE}),
        "escaped slashes": json.dumps({"a": PICTURE}).replace("/", "\\/"),
        "JSON in a string": json.dumps({"a": json.dumps({"data": PICTURE})}),
        "JSON in JSON in a string": json.dumps({"a": json.dumps(json.dumps({"data": PICTURE}))}),
        "words": json.dumps({"a": "no picture " * 5000}),
        "a string that does not end": f'{{"a": "{PICTURE}',
        "nothing but the string": f'"{PICTURE}"',
        "numbers": json.dumps([{"a": 1}, *range(20_000), {"b": 2}]),
        "a picture just too short": json.dumps({"a": PICTURE[: LONG - 1]}),
        "no quotes": json.dumps([*range(20_000)]),
    }.values(),
)
def test_what_is_no_plain_base64_value_is_left_whole(body: str) -> None:
    assert without_long_base64(body.encode()) is None


def test_a_picture_is_not_checked_byte_by_byte() -> None:
    broken = f'{{"a": "{PICTURE}"}}'.encode().replace(PICTURE[5000:5002].encode(), b"\xff\x00", 1)

    assert decoded(broken) == ({"a": PICTURE[:KEPT]}, None)


def test_faults_behind_a_picture_are_told_as_of_the_whole_body() -> None:
    body = f'{{"a": "{PICTURE}", "b": nonsense}}'.encode()

    with pytest.raises(msgspec.DecodeError) as met:
        msgspec.json.decode(body)
    assert decoded(body)[1] == f"not JSON: {met.value}"


GEMINI = {
    "candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "?"}}]}}],
    "usageMetadata": {
        "promptTokenCount": 12,
        "candidatesTokenCount": 1120,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}],
    },
    "modelVersion": "gemini-3.1-flash-image",
}
OPENAI = {"created": 1_780_000_000, "data": [{"b64_json": "?"}, {"b64_json": "?"}], "size": "1024x1024"}


@pytest.mark.parametrize(
    ("body", "context"),
    [
        (GEMINI, {"provider": "gemini", "seller": "google-ai"}),
        (OPENAI, {"provider": "openai", "seller": "openai", "model": "gpt-image-1"}),
    ],
)
def test_the_verdict_on_a_large_body_is_that_on_a_small_one(body: dict[str, Any], context: dict[str, str]) -> None:
    engine = Engine.load()
    told = {"http_status": 200, "at": "2026-06-01T00:00:00Z", **context}
    small = json.dumps(body)

    large = engine.evaluate(small.replace("?", PICTURE).encode(), **told)

    assert large.images
    assert large == engine.evaluate(small, **told)
