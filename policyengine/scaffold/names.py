"""Check the names of what is new: how they are written, and that nobody has them yet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policyengine.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["class_name", "free_name", "module_name"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 40


def free_name(kind: str, name: str, taken: Iterable[str]) -> str:
    """Return *name* if it is written as names are and none of *taken*.

    Raises:
        InputError: it is not, and why.
    """
    if len(name) > _LONGEST:
        msg = f"the name of a {kind} has {_LONGEST} characters at most, this one has {len(name)}"
        raise InputError(msg)
    if _NAME.fullmatch(name) is None:
        msg = f"{name!r} is no name of a {kind}: lower-case letters, digits and single hyphens{_suggestion(name)}"
        raise InputError(msg)
    if name in taken:
        msg = f"{kind} {name!r} exists already; choose another name"
        raise InputError(msg)
    return name


def _suggestion(name: str) -> str:
    written = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return f"; write {written!r}" if _NAME.fullmatch(written) else ""


def module_name(name: str) -> str:
    """Return the import package of the provider *name*.

    >>> module_name("acme-images")
    'policyengine_acme_images'
    """
    return f"policyengine_{name.replace('-', '_')}"


def class_name(name: str) -> str:
    """Return *name* as classes are written.

    >>> class_name("acme-images")
    'AcmeImages'
    """
    return "".join(part.capitalize() for part in name.split("-"))
