"""Ask the language server of Tombi what an editor shows: descriptions on hover, names on completion."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import policyengine

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = Path(policyengine.__file__).parent / "schema" / "bill.json"
FILE = f"""\
#:schema {SCHEMA}

decision = "bill"
seller = "toy"
[[rule]]
id = "toy.one"
title = "One"
when.finish_reason.contains = "X"
when.account.plan = "pro"
then = {{ image = "free" }}
when.mes
"""


class Server:
    """Speak the language server protocol with a child process, one request at a time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.asked = 0

    def tell(self, message: dict[str, Any]) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(content) + content)
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return message

    def ask(self, method: str, **params: object) -> Any:  # noqa: ANN401  any JSON
        self.asked += 1
        self.tell({"id": self.asked, "method": method, "params": params})
        while (answer := self.hear()).get("id") != self.asked or "method" in answer:
            if "method" in answer and "id" in answer:
                self.tell({"id": answer["id"], "result": None})
        return answer["result"]

    def at(self, method: str, place: str) -> Any:  # noqa: ANN401
        """Ask *method* about the end of the first *place* in the file."""
        line = next(number for number, text in enumerate(FILE.splitlines()) if place in text)
        character = FILE.splitlines()[line].index(place) + len(place)
        position = {"line": line, "character": character}
        for _ in range(100):  # the server answers before it has read the schema
            answer = self.ask(method, textDocument={"uri": "file:///bill.toml"}, position=position)
            if answer:
                break
            time.sleep(0.2)
        return answer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = shutil.which("tombi", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        pytest.skip("tombi is not installed; pip install 'imagegen-policyengine[test]'")
    home = tmp_path_factory.mktemp("editor")
    with subprocess.Popen(  # noqa: S603
        [found, "lsp", "--offline"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "XDG_CACHE_HOME": str(home)},
    ) as process:
        server = Server(process)
        server.ask("initialize", processId=os.getpid(), rootUri=home.as_uri(), capabilities={})
        server.tell({"method": "initialized", "params": {}})
        document = {"uri": "file:///bill.toml", "languageId": "toml", "version": 1, "text": FILE}
        server.tell({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        yield server
        process.kill()


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("when.finish_rea", "Why generation ended, in the platform's own spelling."),
        (".conta", "The text stands somewhere in the fact"),
        ("account.pl", "The subscription plan."),
        ("then = { ima", "The images."),
        ("tit", "One line for people."),
    ],
)
def test_hovering_shows_the_description(server: Server, place: str, shown: str) -> None:
    assert shown in server.at("textDocument/hover", place)["contents"]["value"]


def test_a_fact_is_completed_with_its_description(server: Server) -> None:
    found = server.at("textDocument/completion", "when.mes")
    items = found["items"] if isinstance(found, dict) else found

    assert [item["label"] for item in items] == ["message"]
    assert "The platform's words" in items[0]["documentation"]["value"]
