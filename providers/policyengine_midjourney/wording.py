"""Read the parts that all Midjourney bridges share: speed modes, embed titles, flags in prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["mode_asked", "mode_named", "mode_observed", "title_of"]

_MODES: Mapping[str, str] = {
    "fast": "fast",
    "relax": "relax",
    "relaxed": "relax",
    "turbo": "turbo",
}
_SUFFIXES = (("(fast", "fast"), ("(relax", "relax"), ("(turbo", "turbo"))
_FLAGS = (("--relax", "relax"), ("--turbo", "turbo"), ("--fast", "fast"))
_PATHS = (("/mj-fast/", "fast"), ("/mj-relax/", "relax"), ("/mj-turbo/", "turbo"))
_LONGEST_TITLE = 60


def mode_named(value: object) -> str | None:
    """Return the speed mode that *value* names, whatever its case.

    >>> mode_named("RELAX"), mode_named("warp")
    ('relax', None)
    """
    return _MODES.get(value.lower()) if isinstance(value, str) else None


def mode_observed(content: object) -> str | None:
    """Return the mode that a Discord message ends with: what really ran, whatever was asked.

    >>> mode_observed("**a cat --turbo** - <@1> (fast, stealth)")
    'fast'
    """
    if not isinstance(content, str):
        return None
    at, mode = max((content.rfind(suffix), mode) for suffix, mode in _SUFFIXES)
    return mode if at >= 0 else None


def mode_asked(url: str | None, prompt: object) -> str | None:
    """Return the mode that the address or a flag in the prompt asks for."""
    if url:
        for path, mode in _PATHS:
            if path in url:
                return mode
    if isinstance(prompt, str) and "--" in prompt:
        for flag, mode in _FLAGS:
            if flag in prompt:
                return mode
    return None


def title_of(message: str | None) -> str | None:
    """Return the title of the embed that *message* was made of.

    Bridges write `[title] description` (novicezk) or `title, description` (trueai).

    >>> title_of("[Banned prompt] Sorry!"), title_of("Queue full, please wait"), title_of("Invalid link!")
    ('Banned prompt', 'Queue full', 'Invalid link!')
    """
    if message is None:
        return None
    if message.startswith("["):
        end = message.find("]")
        return message[1:end] or None if 0 < end <= _LONGEST_TITLE else None
    title = message.partition(", ")[0]
    return title if len(title) <= _LONGEST_TITLE else None
