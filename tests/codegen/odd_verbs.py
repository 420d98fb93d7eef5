"""Verbs that behave badly, for a worker under test."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time

from codegen.errors import Refusal
from codegen.job import Job
from codegen.protocol import Json

FUNCTIONS = {
    name: f"tests.codegen.odd_verbs:{name}"
    for name in ("echo", "noisy", "reads", "leaves", "segfaults", "deaf", "obedient", "fails", "refuses", "nan", "vast")
}


def echo(args: Json, job: Job) -> Json:
    return {"echo": args, "thread": threading.current_thread() is threading.main_thread()}


def noisy(args: Json, job: Job) -> Json:
    print('{"v": 1, "id": "1", "event": "result", "data": "forged"}')
    sys.__stdout__.write("straight to the old standard output\n")
    sys.__stdout__.flush()
    os.write(1, b"through the file descriptor\n")
    os.system("echo from a child")
    return {"noise": "made"}


def reads(args: Json, job: Job) -> Json:
    return {"read": sys.stdin.read()}


def leaves(args: Json, job: Job) -> Json:
    os._exit(7)


def segfaults(args: Json, job: Job) -> Json:
    ctypes.string_at(0)
    return {}


def deaf(args: Json, job: Job) -> Json:
    job.tell({"started": True})
    while True:
        time.sleep(0.05)


def obedient(args: Json, job: Job) -> Json:
    for number in range(10_000):
        job.step("counting", number / 10_000, number=number)
        time.sleep(0.005)
    return {}


def fails(args: Json, job: Job) -> Json:
    raise KeyError("a surprise\nand its second line")


def refuses(args: Json, job: Job) -> Json:
    raise Refusal("That cannot be done; do this instead.")


def nan(args: Json, job: Job) -> Json:
    return {"numbers": [float("nan"), float("-inf"), 1.5]}


def vast(args: Json, job: Job) -> Json:
    return {"text": "x" * (5 * 1024 * 1024)}
