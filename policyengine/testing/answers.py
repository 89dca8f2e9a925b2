"""Generate answers: any JSON, and a plugin's own samples with one part replaced."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from policyengine.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hypothesis.strategies import SearchStrategy

    from policyengine.provider import Scenario

__all__ = ["exchange_of", "exchanges", "hollow", "variants"]

_HEADERS = ("content-type", "date", "retry-after", "x-request-id")
_STATUSES = (None, 200, 202, 400, 402, 403, 404, 429, 500, 503)
_URLS = (None, "https://api.example.com/v1/images", "https://[half", "no address")
_WORDS = ("error", "message", "code", "status", "usage", "data", "images", "id")
_TEXTS = ("", "0", "-1", "429", "1e400", "2026-11-24T00:00:00Z")
_TRAPS: tuple[object, ...] = (None, "", "x", 0, -1, 1.5, True, [], ["x", 1], {}, {"x": None}, "9" * 400, float("nan"))
"""Values that stand where an answer usually has another one."""
Path = tuple[str | int, ...]


def exchanges(scenarios: Sequence[Scenario]) -> SearchStrategy[Exchange]:
    """Return exchanges with bodies of any JSON, built of the words of *scenarios*, or changed from one of them."""
    samples = [scenario.body for scenario in scenarios]
    names, any_json = _names(samples), _json(samples)
    objects = st.dictionaries(names, any_json, min_size=1, max_size=5)
    bodies = objects | st.lists(objects, max_size=2) | any_json | st.text(max_size=20)
    if samples:
        bodies |= st.sampled_from(samples).flatmap(lambda body: _changed(body, names, any_json))
    return st.builds(
        Exchange,
        body=bodies,
        http_status=st.sampled_from(_STATUSES),
        headers=st.dictionaries(st.sampled_from(_HEADERS), st.text(max_size=8) | st.sampled_from(_TEXTS), max_size=2),
        url=st.sampled_from(_URLS),
        request=st.just({}) | objects,
        transport_error=st.sampled_from((None, "ReadTimeout")),
    )


def exchange_of(scenario: Scenario, provider: str) -> Exchange:
    """Return *scenario* as an exchange with a dialect of *provider*."""
    return Exchange.of(scenario.body, provider=provider, **scenario.context)


def variants(body: object) -> Iterator[object]:
    """Yield *body* with each of its parts replaced by each trap, and with a trap added to each of its objects."""
    for path, value in _places(body):
        added = [(*path, name) for name in _WORDS if name not in value] if isinstance(value, dict) else []
        for place in (path, *added):
            yield from (_replaced(body, place, trap) for trap in _TRAPS)


def hollow(body: object) -> object:
    """Return *body* with null in place of each text, number and truth value."""
    if isinstance(body, dict):
        return {key: hollow(inner) for key, inner in body.items()}
    return [hollow(inner) for inner in body] if isinstance(body, list) else None


def _names(samples: Sequence[object]) -> SearchStrategy[str]:
    """Return names of keys: mostly those of *samples*."""
    objects = (value for sample in samples for _, value in _places(sample) if isinstance(value, dict))
    known = st.sampled_from(sorted({*_WORDS, *(str(key) for value in objects for key in value)}))
    return known | known | known | st.text(max_size=4)


def _json(samples: Sequence[object]) -> SearchStrategy[Any]:
    """Return any JSON, with the words of *samples* among others."""
    texts = {value for sample in samples for _, value in _places(sample) if isinstance(value, str)}
    scalars = (
        st.none()
        | st.booleans()
        | st.integers(-(2**70), 2**70)
        | st.floats()
        | st.text(max_size=8)
        | st.sampled_from(sorted({*_TEXTS, *texts}))
    )
    names = _names(samples)
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5),
        max_leaves=8,
    )


def _changed(body: object, names: SearchStrategy[str], values: SearchStrategy[Any]) -> SearchStrategy[object]:
    """Return *body* with one of its parts, or all of it, replaced by one of *values*, or one added to an object."""
    places = list(_places(body))
    replacing = st.sampled_from([path for path, _ in places])
    objects = [path for path, value in places if isinstance(value, dict)]
    adding = st.tuples(st.sampled_from(objects), names).map(lambda pair: (*pair[0], pair[1])) if objects else replacing
    return st.builds(lambda path, value: _replaced(body, path, value), replacing | adding, values)


def _places(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield *value* and all that stands in it, each with its path."""
    yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in inner:
        yield from _places(part, (*path, step))


def _replaced(body: Any, path: Path, value: object) -> object:  # noqa: ANN401
    if not path:
        return value
    changed = copy.deepcopy(body)
    home = changed
    for step in path[:-1]:
        home = home[step]
    home[path[-1]] = value
    return changed
