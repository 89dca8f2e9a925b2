"""Measure a success body with a picture of 2 MB in it, of which hardly anything needs to be decoded."""

from __future__ import annotations

import base64
import random
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from benchmarks.cost_peers import COST_PEERS, cost_peer
from benchmarks.measure import absent
from benchmarks.peer_cases import GOOGLE, gemini
from policyengine.intake import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.measure import Row, Stopwatch
    from policyengine import Engine

__all__ = ["large_body", "large_body_rows"]


class _Inline(Struct, rename="camel"):
    mime_type: str | None = None


class _Part(Struct, rename="camel"):
    text: str | None = None
    inline_data: _Inline | None = None


class _Content(Struct):
    parts: list[_Part] = []


class _Candidate(Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: str | None = None


class _Counts(Struct, rename="camel"):
    prompt_token_count: int | None = None
    candidates_token_count: int | None = None


class _Answer(Struct, rename="camel"):
    """Hold what a caller would declare to read such an answer: the picture itself is not asked for."""

    candidates: list[_Candidate] = []
    usage_metadata: _Counts | None = None
    model_version: str | None = None


def large_body(size: int = 2_000_000) -> bytes:
    """Return a success with about *size* bytes of picture."""
    picture = base64.b64encode(random.Random(2).randbytes(size * 3 // 4)).decode()  # noqa: S311  any bytes will do
    counted = {
        "promptTokenCount": 12,
        "candidatesTokenCount": 1120,
        "totalTokenCount": 1132,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}],
    }
    part = {"inlineData": {"mimeType": "image/png", "data": picture}}
    return gemini(counted, content={"parts": [part], "role": "model"}, finishReason="STOP")


def large_body_rows(watch: Stopwatch, engine: Engine) -> Iterator[Row]:
    """Yield what deciding a large success takes beside decoding it into a Struct, and beside the cost libraries."""
    body = large_body()
    work = f"bytes to verdict, gemini success, {len(body) / 1e6:.1f} MB"
    struct = partial(msgspec.json.Decoder(_Answer).decode, body)
    yield watch.ratio(work, partial(engine.evaluate, body, **GOOGLE), "msgspec, Struct decode", struct, "<= 0.1")
    yield watch.ratio("of which reading the body", partial(decoded, body), "msgspec, Struct decode", struct)
    for peer in COST_PEERS:
        price = cost_peer(peer)
        if price is None:
            yield absent(work, peer)
        else:
            theirs = partial(price, body, GOOGLE)
            yield watch.ratio(work, partial(engine.evaluate, body, **GOOGLE), f"{peer}, price only", theirs, ">= 1")
