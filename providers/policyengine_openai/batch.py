"""Open a line of the Batch API's output file: an answer, or an error, with an id of the caller's.

https://help.openai.com/en/articles/9197833, checked 2026-11-22.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from policyengine.native import count, mapping, text

if TYPE_CHECKING:
    from policyengine.exchange import Exchange
    from policyengine_openai.envelope import JSON

__all__ = ["answer_of_line", "is_batch_line"]


def is_batch_line(body: object) -> bool:
    """Return whether *body* is one line of a batch: it has the caller's id and an answer or an error."""
    line = mapping(body)
    return "custom_id" in line and ("response" in line or "error" in line)


def answer_of_line(exchange: Exchange, line: JSON) -> Exchange:
    """Return the exchange that *line* reports; a line of the error file has an error in place of an answer."""
    answer = mapping(line.get("response"))
    headers = dict(exchange.headers)
    if request_id := text(answer.get("request_id")):
        headers["x-request-id"] = request_id
    body = {"error": line["error"]} if line.get("error") else answer.get("body")
    return msgspec.structs.replace(
        exchange,
        body=None if is_batch_line(body) else body,
        http_status=count(answer.get("status_code")) or exchange.http_status,
        headers=headers,
    )
