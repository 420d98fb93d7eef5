"""A worker survives what it is sent, keeps its pipe clean, obeys, and its death is told in one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from codegen.client import Client, WorkerFailed, ending, worker_command, worker_environment
from codegen.errors import Refusal, Stopped
from codegen.protocol import LONGEST_LINE, BadLine, decode, decode_request, encode, lines

ODD = [
    sys.executable,
    "-P",
    "-c",
    "from codegen.worker import main; from tests.codegen.odd_verbs import FUNCTIONS; main(FUNCTIONS)",
]
PATIENCE = 60.0


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(ODD, cancel_grace=0.5, kill_grace=0.5) as client:
        yield client


def talk(sent: bytes) -> list[dict[str, Any]]:
    """What a worker says, heartbeats left out, to raw bytes followed by the end of its input."""
    done = subprocess.run(ODD, input=sent, capture_output=True, env=worker_environment(), timeout=PATIENCE, check=True)
    return [message for message in map(json.loads, done.stdout.splitlines()) if message["event"] != "heartbeat"]


def test_garbage_gets_one_sentence_each_and_does_no_harm() -> None:
    garbage = [
        b"not json",
        b"\xff\xfe\x00",
        b"[1, 2]",
        b"[" * 100_000,
        b'{"v": 2, "id": "a", "verb": "echo"}',
        b'{"v": 1, "verb": "echo"}',
        b'{"v": 1, "id": "b", "verb": 3}',
        b'{"v": 1, "id": "c", "verb": "echo", "args": []}',
        b'{"v": 1, "id": "d", "verb": "launch"}',
        b'{"v": 1, "id": "nobody", "verb": "cancel"}',
    ]
    # One by one, since what is still waiting when the input ends is rightly cancelled.
    said = talk(b"".join(line + b"\n" for line in garbage))
    assert [message["id"] for message in said] == [None, None, None, None, "a", None, "b", "c", "d"]
    assert all(message["event"] == "error" and message["kind"] == "protocol" for message in said)
    assert all(message["message"].endswith(".") and "\n" not in message["message"] for message in said)


def test_huge_line_is_skipped_whole() -> None:
    (said,) = talk(b"x" * (3 * LONGEST_LINE) + b"\n")
    assert "longer" in said["message"]


def test_a_line_without_an_end_is_dropped() -> None:
    assert talk(b'{"v": 1, "id": "a", "verb": "ec') == []


def test_after_garbage_the_next_request_is_answered(client: Client) -> None:
    assert client.process.stdin is not None
    client.process.stdin.write(b"garbage\n" + b"y" * (LONGEST_LINE + 5) + b"\n")
    client.process.stdin.flush()
    assert client.call("echo", {"x": [1, "é"]}, PATIENCE) == {"echo": {"x": [1, "é"]}, "thread": True}


def test_prints_never_touch_the_pipe(client: Client) -> None:
    assert client.call("noisy", timeout=PATIENCE) == {"noise": "made"}
    assert client.call("reads", timeout=PATIENCE) == {"read": ""}
    client.close()
    noise = "\n".join(client.errors)
    for text in ("forged", "old standard output", "file descriptor", "from a child"):
        assert text in noise


@pytest.mark.parametrize(("verb", "said"), [("leaves", "exit code 7"), ("segfaults", "SIGSEGV")])
def test_a_crash_is_one_sentence_and_later_requests_learn_it_at_once(client: Client, verb: str, said: str) -> None:
    with pytest.raises(WorkerFailed, match=said) as failure:
        client.call(verb, timeout=PATIENCE)
    assert "\n" not in str(failure.value)
    with pytest.raises(WorkerFailed, match=said):
        client.call("echo", timeout=PATIENCE)


def test_cancel_is_obeyed_between_steps_and_the_worker_lives(client: Client) -> None:
    started = threading.Event()
    pending = client.submit("obedient", listener=lambda message: started.set())
    assert started.wait(PATIENCE)
    pending.cancel()
    with pytest.raises(Stopped):
        pending.result(PATIENCE)
    assert client.call("echo", timeout=PATIENCE)["echo"] == {}


def test_a_waiting_request_can_be_cancelled(client: Client) -> None:
    first, second = client.submit("obedient"), client.submit("echo")
    client.control("cancel", second.request.id)
    client.control("cancel", first.request.id)
    for pending in (first, second):
        with pytest.raises(Stopped):
            pending.result(PATIENCE)


def test_the_deaf_are_killed(client: Client) -> None:
    started = threading.Event()
    pending = client.submit("deaf", listener=lambda message: started.set())
    assert started.wait(PATIENCE)
    pending.cancel()
    with pytest.raises(WorkerFailed, match="SIGKILL"):
        pending.result(PATIENCE)


def test_pause_holds_and_resume_continues(client: Client) -> None:
    numbers: list[int] = []
    moved = threading.Event()

    def listen(message: dict[str, Any]) -> None:
        if message["event"] == "progress":
            numbers.append(message["data"]["number"])
            moved.set()

    pending = client.submit("obedient", listener=listen)
    assert moved.wait(PATIENCE)
    pending.pause()
    while True:  # until a whole quarter second passes without a step
        moved.clear()
        if not moved.wait(0.25):
            break
    held = numbers[-1]
    pending.resume()
    assert moved.wait(PATIENCE)
    assert numbers[-1] > held
    pending.cancel()


def test_failures_are_one_sentence_and_the_traceback_goes_to_stderr(client: Client) -> None:
    with pytest.raises(WorkerFailed, match="unexpected KeyError") as failure:
        client.call("fails", timeout=PATIENCE)
    assert "\n" not in str(failure.value)
    with pytest.raises(Refusal, match="do this instead"):
        client.call("refuses", timeout=PATIENCE)
    client.close()
    assert any("Traceback" in line for line in client.errors)


def test_numbers_that_json_has_not_become_null(client: Client) -> None:
    assert client.call("nan", timeout=PATIENCE) == {"numbers": [None, None, 1.5]}


def test_an_answer_too_long_is_an_error(client: Client) -> None:
    with pytest.raises(WorkerFailed, match="too long"):
        client.call("vast", timeout=PATIENCE)


def test_the_heart_beats_while_a_job_is_deaf(client: Client) -> None:
    beaten = threading.Event()
    pending = client.submit("deaf")
    client.listener = lambda message: beaten.set() if message.get("busy") == pending.request.id else None
    assert beaten.wait(PATIENCE)


def test_hello_and_the_end_of_input_ends_the_worker() -> None:
    client = Client()
    answer = client.call("hello", timeout=PATIENCE)
    assert answer["protocol"] == 1
    assert "torch" in answer["versions"]
    client.close()
    assert client.process.returncode == 0
    with pytest.raises(WorkerFailed, match="closed"):
        client.call("hello", timeout=PATIENCE)


def test_a_worker_starts_light() -> None:
    """Hello must not wait for torch, and the client and protocol belong to the window's process."""
    code = (
        "import codegen.worker, codegen.client, sys; print([n for n in ('torch','onnx','numpy') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, env=worker_environment(), text=True, check=True
    )
    assert done.stdout.strip() == "[]"
    assert "-P" in worker_command()


def test_lines_and_messages() -> None:
    import io

    assert list(lines(io.BytesIO(b"ab\ncdefgh\nij\nk"), longest=3)) == [b"ab\n", None, b"ij\n"]
    assert decode(encode({"v": 1, "x": "ü\n"})) == {"v": 1, "x": "ü\n"}
    with pytest.raises(BadLine) as error:
        decode_request(b'{"v": 1, "id": "k", "verb": null}')
    assert error.value.id == "k"


def test_endings_name_the_signal() -> None:
    assert "SIGSEGV" in ending(-11)
    assert "exit code 3" in ending(3)
    assert ending(-11, asked=True) == "The worker was closed."
