from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

Run = Callable[..., Any]
Written = Callable[[str, object], str]
IMGPOLICY = f"{sys.executable} -m policyengine"
BLOCKED = '\'{"candidates": [{"finishReason": "IMAGE_SAFETY", "finishMessage": "日本 😀"}]}\''
ON_UNIX = pytest.mark.skipif(os.name != "posix", reason="needs a shell and devices")
NEEDS_FULL = pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs a device that is full")


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    told = {**os.environ, "NO_COLOR": "1", **environment}
    return subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=False, env=told)  # noqa: S603


@NEEDS_FULL
@pytest.mark.parametrize("command", ["providers", "schema bill", "bundle -o -"])
def test_a_full_disk_is_told_in_one_line(command: str) -> None:
    ran = shell(f"{IMGPOLICY} {command} > /dev/full")

    assert (ran.returncode, ran.stderr) == (2, b"imgpolicy: standard output: No space left on device\n")


@ON_UNIX
@pytest.mark.parametrize(
    ("command", "code"), [("providers >&-", 0), ("bundle -o - >&-", 0), ("evaluate - <&-", 1), ("evaluate x 2>&-", 2)]
)
def test_a_closed_stream_changes_no_exit_code(command: str, code: int) -> None:
    ran = shell(f"{IMGPOLICY} {command}")

    assert ran.returncode == code
    assert b"Traceback" not in ran.stderr


@ON_UNIX
def test_a_pipe_gets_utf_8_whatever_the_terminal_takes() -> None:
    ran = shell(f"echo {BLOCKED} | {IMGPOLICY} evaluate - --json", PYTHONIOENCODING="ascii")

    assert ran.returncode == 0
    assert msgspec.json.decode(ran.stdout)["facts"]["message"] == "日本 😀"


@ON_UNIX
def test_a_terminal_without_a_letter_is_shown_its_number() -> None:
    import pty  # noqa: PLC0415  posix only

    near, far = pty.openpty()
    told = {**os.environ, "NO_COLOR": "1", "PYTHONIOENCODING": "ascii"}
    with subprocess.Popen(["/bin/sh", "-c", f"echo {BLOCKED} | {IMGPOLICY} explain -"], stdout=far, env=told) as ran:  # noqa: S603
        os.close(far)
        shown = b""
        while chunk := _read(near):
            shown += chunk
    os.close(near)

    assert ran.returncode == 0
    assert rb"\u65e5\u672c \U0001f600" in shown


def _read(near: int) -> bytes:
    try:
        return os.read(near, 4096)
    except OSError:  # how Linux says that the other end was closed
        return b""


@ON_UNIX
def test_an_interrupt_is_no_traceback(tmp_path: Path) -> None:
    fifo = tmp_path / "calls.ndjson"
    os.mkfifo(fifo)
    command = [*IMGPOLICY.split(), "evaluate", str(fifo)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as ran, fifo.open("wb"):  # noqa: S603  opens once it is read
        ran.send_signal(signal.SIGINT)
        _, told = ran.communicate()

    assert (ran.returncode, told) == (130, b"")


def test_a_place_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    ran = run("schema", "--write", str(file))

    assert (ran.code, ran.err) == (2, f"imgpolicy: {file}: File exists\n")


def test_an_option_that_is_no_number_is_told_in_words(run: Run) -> None:
    assert "argument --images: '0' is no whole number from 1 on" in run("compare", "--images", "0").err
    assert "argument --size: '0x0' is no size, such as 1024x1024" in run("compare", "--size", "0x0").err


@pytest.mark.parametrize("command", ["facts", "explain"])
def test_an_exchange_that_cannot_be_decided_costs_no_other(run: Run, written: Written, command: str) -> None:
    good = {"body": {"candidates": [{"finishReason": "NO_IMAGE"}]}}
    log = written("log.ndjson", [good, {**good, "at": "yesterday"}, good])

    ran = run(command, log)

    assert ran.code == 1
    assert ran.err.startswith(f"imgpolicy: {log}:2: at='yesterday' is not a time")
    assert ran.out.count("NO_IMAGE") == 2
