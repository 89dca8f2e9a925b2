"""What openai-python hands out: its objects, its streams and its exceptions, got from a server of our own."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from policyengine.exchange import Exchange
from policyengine_openai.images import OpenAIImages
from policyengine_openai.responses import OpenAIResponses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyengine.facts import Facts

openai = pytest.importorskip("openai")

MODERATED = {
    "message": "Your request was rejected by the safety system. safety_violations=[violence].",
    "type": "image_generation_user_error",
    "param": None,
    "code": "moderation_blocked",
    "moderation_details": {"moderation_stage": "output", "categories": ["violence"]},
}
ANSWER = {
    "created": 1_793_000_000,
    "data": [{"b64_json": "iVBORw0KGgo"}],
    "size": "1024x1024",
    "quality": "medium",
    "usage": {
        "input_tokens": 9,
        "input_tokens_details": {"text_tokens": 9, "image_tokens": 0},
        "output_tokens": 1756,
        "total_tokens": 1765,
    },
}


@contextmanager
def answering(status: int, body: str, *, kind: str = "application/json", hangs: bool = False) -> Iterator[Any]:
    """Yield a client of a server that gives one answer to everything; one that *hangs* waits for the test to end."""
    released = threading.Event()
    if not hangs:
        released.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            released.wait(10)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("x-request-id", "req_7")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        with openai.OpenAI(api_key="sk-none", base_url=url, max_retries=0, timeout=5) as client:
            yield client
    finally:
        released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def images(source: object) -> Facts:
    return OpenAIImages().normalize(Exchange.of(source))[0]


def responses(source: object) -> Facts:
    return OpenAIResponses().normalize(Exchange.of(source))[0]


def raised(status: int, error: object, **call: object) -> BaseException:
    with answering(status, json.dumps({"error": error})) as client, pytest.raises(openai.APIError) as caught:
        client.images.generate(model="gpt-image-2", prompt="a kite", **call)
    exception: BaseException = caught.value
    return exception


def test_refusal_keeps_stage_category_status_request_id_and_request() -> None:
    facts = images(raised(400, MODERATED, n=2))

    assert (facts.http_status, facts.code, facts.filter_stage) == (400, "moderation_blocked", "output")
    assert (facts.category, facts.request_id, facts.images_requested) == (("violence",), "req_7", 2)
    assert (facts.model, facts.operation, facts.images_delivered) == ("gpt-image-2", "generate", 0)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "invalid_api_key"),
        (403, None),
        (404, "model_not_found"),
        (429, "insufficient_quota"),
        (500, None),
        (503, "server_is_overloaded"),
    ],
)
def test_exceptions_keep_status_and_code(status: int, code: str | None) -> None:
    facts = images(raised(status, {"message": "No.", "type": "some_error", "param": None, "code": code}))

    assert (facts.http_status, facts.code, facts.message) == (status, code, "No.")


def test_exception_without_a_response_still_tells_the_error() -> None:
    error = raised(400, MODERATED)
    del error.response  # type: ignore[attr-defined]  # as after pickling by a task queue

    facts = images(error)

    assert (facts.code, facts.filter_stage) == ("moderation_blocked", "output")


def test_text_of_an_exception_of_the_second_generation_tells_the_error() -> None:
    facts = images(f"Error code: 400 - { ({'error': MODERATED}) }")

    assert (facts.http_status, facts.code, facts.category) == (400, "moderation_blocked", ("violence",))


def test_image_answer_object_is_counted() -> None:
    with answering(200, json.dumps(ANSWER)) as client:
        facts = images(client.images.generate(model="gpt-image-2", prompt="a kite"))

    assert (facts.images_delivered, facts.input_tokens, facts.image_tokens) == (1, 9, 1756)
    assert (facts.size, facts.quality) == ("1024x1024", "medium")


def test_any_200_becomes_an_object_and_tells_nothing() -> None:
    with answering(200, '{"weird": 1}') as client:
        facts = images(client.images.generate(model="gpt-image-2", prompt="a kite"))

    assert facts.images_delivered is None


def test_timeout_is_a_transport_error() -> None:
    with answering(200, json.dumps(ANSWER), hangs=True) as client, pytest.raises(openai.APITimeoutError) as caught:
        client.with_options(timeout=0.1).images.generate(model="gpt-image-2", prompt="a kite")

    facts = images(caught.value)

    assert (facts.transport_error, facts.http_status, facts.images_delivered) == ("APITimeoutError", None, 0)


def event(kind: str, **fields: object) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n"


PREVIEW = event("image_generation.partial_image", b64_json="aGk=", partial_image_index=0)


def test_stream_counts_the_final_image_only() -> None:
    final = event("image_generation.completed", b64_json="aGk=", size="1024x1024", usage=ANSWER["usage"])
    with answering(200, PREVIEW + final, kind="text/event-stream") as client:
        events = list(client.images.generate(model="gpt-image-2", prompt="a kite", stream=True, partial_images=1))

    facts = images(events)

    assert (facts.images_delivered, facts.image_tokens, facts.terminal) == (1, 1756, True)


def test_stream_that_ends_after_a_preview_is_not_terminal() -> None:
    with answering(200, PREVIEW, kind="text/event-stream") as client:
        events = list(client.images.generate(model="gpt-image-2", prompt="a kite", stream=True, partial_images=1))

    facts = images(events)

    assert (facts.images_delivered, facts.terminal) == (0, False)


def test_error_inside_a_stream_has_no_status_and_tells_its_code() -> None:
    broken = PREVIEW + event("error", error=MODERATED)
    with answering(200, broken, kind="text/event-stream") as client, pytest.raises(openai.APIError) as caught:
        list(client.images.generate(model="gpt-image-2", prompt="a kite", stream=True, partial_images=1))

    facts = images(caught.value)

    assert (facts.http_status, facts.code, facts.filter_stage) == (None, "moderation_blocked", "output")


def test_response_object_tells_the_call() -> None:
    call = {"id": "ig_1", "type": "image_generation_call", "status": "completed", "result": "aGk=", "quality": "low"}
    body = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_793_000_000,
        "status": "completed",
        "model": "gpt-5.4",
        "output": [call],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [{"type": "image_generation", "model": "gpt-image-2", "n": 1}],
        "usage": {"input_tokens": 2200, "output_tokens": 60, "total_tokens": 2260},
    }
    with answering(200, json.dumps(body)) as client:
        facts = responses(
            client.responses.create(model="gpt-5.4", input="a kite", tools=[{"type": "image_generation"}])
        )

    assert (facts.images_delivered, facts.model, facts.signal["image_model"]) == (1, "gpt-5.4", "gpt-image-2")
    assert (facts.input_tokens, facts.text_tokens, facts.image_tokens) == (2200, 60, None)
