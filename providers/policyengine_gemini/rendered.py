"""Read answers that a gateway rendered in another API's shape: chat completions, messages, images, tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.native import items, mapping, mappings, scalar_text, text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Rendered", "read_rendered"]

_DATA_URI = "data:image/"


class Rendered:
    """Gather what the chunks or events of one rendered answer say."""

    def __init__(self) -> None:
        """Start with nothing said."""
        self.head: dict[str, object] = {}
        """The fields of the envelope; later chunks win."""
        self.usage: dict[str, object] = {}
        self.images = 0
        self.shown = False
        """Whether the answer itself was there, so that no image means that none came."""
        self.texts: list[str] = []
        self.finish_reason: str | None = None
        self.finish_message: str | None = None
        self.error: Mapping[str, object] | None = None

    @property
    def text(self) -> str | None:
        """Return what the model wrote; pictures written into the text as data are cut out."""
        return "".join(self.texts).partition(f"![image]({_DATA_URI}")[0].partition(_DATA_URI)[0] or None

    def finish(self, reason: object, native: object = None) -> None:
        """Keep why it ended; the model's own word says more than the gateway's translation of it."""
        self.finish_reason = text(native) or text(reason) or self.finish_reason


def read_rendered(chunks: tuple[object, ...]) -> Rendered:
    """Return what *chunks* say together."""
    found = Rendered()
    for chunk in chunks:
        if isinstance(chunk, dict):
            _read_chunk(found, chunk)
    return found


def _read_chunk(found: Rendered, chunk: Mapping[str, object]) -> None:
    message = chunk.get("message")
    if chunk.get("type") == "message_start" and isinstance(message, dict):
        chunk = message
    found.head.update({key: value for key, value in chunk.items() if value is not None})
    _read_usage(found, chunk.get("usage"))
    error = chunk.get("error")
    if error and found.error is None:
        found.error = mapping(error) if isinstance(error, dict) else {"message": text(error)}
    for choice in mappings(chunk.get("choices")):
        _read_choice(found, choice)
    for item in mappings(chunk.get("data")):
        _read_item(found, item)
    found.shown = found.shown or isinstance(chunk.get("data"), list)
    for block in (*mappings(chunk.get("content")), mapping(chunk.get("content_block"))):
        _read_block(found, block)
    _read_delta(found, chunk)
    for result in items(chunk.get("results")):
        found.images += isinstance(result, str)


def _read_usage(found: Rendered, usage: object) -> None:
    """Take the newest counts; a stream of messages starts with zeros that mean nothing yet."""
    for key, value in mapping(usage).items():
        if value or key not in found.usage:
            found.usage[key] = value


def _read_choice(found: Rendered, choice: Mapping[str, object]) -> None:
    found.shown = True
    # LiteLLM keeps Google's word in a field of its own (1.109.1, checked 2026-11-22).
    specific = mapping(choice.get("provider_specific_fields"))
    found.finish(choice.get("finish_reason"), choice.get("native_finish_reason", specific.get("native_finish_reason")))
    if found.error is None and isinstance(error := choice.get("error"), dict):
        found.error = error
    for message in (mapping(choice.get("message")), mapping(choice.get("delta"))):
        content = message.get("content")
        if isinstance(content, str):
            found.images += content.count(_DATA_URI)
            found.texts.append(content)
        for block in mappings(content):
            _read_block(found, block)
        found.images += sum(1 for _ in mappings(message.get("images")))
        if refusal := text(message.get("refusal")):
            found.texts.append(refusal)


def _read_block(found: Rendered, block: Mapping[str, object]) -> None:
    """Read one part of a message's content."""
    kind = block.get("type")
    if kind in ("image", "image_url", "output_image"):
        found.images += 1
    elif written := text(block.get("text")):
        found.texts.append(written)


def _read_item(found: Rendered, item: Mapping[str, object]) -> None:
    """Read one image of an Images answer.

    `finish_reason` and `finish_message` on an item are taken from one article's sample code and
    confirmed nowhere else; they are read here in case a gateway does send them.
    """
    found.images += bool(item.get("b64_json") or item.get("url"))
    found.finish(item.get("finish_reason"))
    found.finish_message = text(item.get("finish_message")) or found.finish_message


def _read_delta(found: Rendered, chunk: Mapping[str, object]) -> None:
    """Read the end of a message, whole or streamed."""
    delta = mapping(chunk.get("delta"))
    found.finish(delta.get("stop_reason") or chunk.get("stop_reason"))
    if delta.get("type") == "text_delta" and (written := text(delta.get("text"))):
        found.texts.append(written)
    if "stop_reason" in chunk or "stop_reason" in delta:
        found.shown = True
    found.head.setdefault("status", scalar_text(chunk.get("status")))
