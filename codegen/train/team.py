"""Several processes that train one network together, on one machine: data parallelism, gradients summed by gloo.

Every process has the whole network, the same batches in the same order and its share of each; after the sum of the
gradients all take the same step. The leader (rank 0) alone evaluates, writes and listens to people; before each step it
calls the others, so that a pause, a checkpoint and the end reach them all at the same place.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from io import RawIOBase
from pathlib import Path
from typing import Any, BinaryIO, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn

from codegen.client import worker_environment
from codegen.errors import Refusal

TIMEOUT = datetime.timedelta(minutes=5)  # for one exchange; deaths show at once, and a paused leader still calls
STEP, RANDOM, HOLD, END, SCORE = range(5)
STRIDE = 0x9E3779B1  # between the seeds of two members


class Team:
    """A team of one: every exchange is trivial. `Partners` is one of several.

    `heard` holds the test losses of the epochs so far, which the leader alone measures.
    """

    size = 1
    rank = 0

    def __init__(self) -> None:
        self.heard: list[float] = []

    @property
    def least(self) -> int:
        """The smallest batch: two examples for each, since batch normalization can't learn from one."""
        return 2 * self.size

    def seed(self, seed: int) -> int:
        """The seed of this member's own draws (dropout)."""
        return seed + self.rank * STRIDE

    def call(self) -> None:
        """The leader's: the next step begins."""

    def hold(self) -> None:
        """The leader's: still here, wait."""

    def tell(self, loss: float) -> None:
        """The leader's: what an epoch brought on the test examples, for schedules that follow it."""
        self.heard.append(loss)

    def called(self) -> bool:
        """A member's: wait for the next step; False when it is over."""
        return False

    def summed(self, parameters: Sequence[nn.Parameter], loss: Tensor, right: Tensor) -> tuple[float, int]:
        """Sum the gradients over the team, in place; returns the summed loss and number of right answers."""
        return float(loss), int(right)

    def random_states(self) -> Tensor:
        """The leader's: every member's random state (size, bytes), for the checkpoint."""
        return torch.get_rng_state()[None]


class Partners(Team):
    """One process of a team of several, joined through a file that all of them know."""

    def __init__(self, rank: int, size: int, meeting: Path) -> None:
        super().__init__()
        self.rank, self.size = rank, size
        if sys.platform == "linux":
            os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # else gloo looks the host's name up, which may fail
        with _told():
            dist.init_process_group(
                "gloo", init_method=meeting.absolute().as_uri(), rank=rank, world_size=size, timeout=TIMEOUT
            )

    def call(self) -> None:
        self._order(STEP)

    def hold(self) -> None:
        self._order(HOLD)

    def tell(self, loss: float) -> None:
        super().tell(loss)
        self._order(SCORE)
        self._score(loss)

    def called(self) -> bool:
        while True:
            order = self._order(None)
            if order == RANDOM:
                self._gather()
            elif order == SCORE:
                self.heard.append(self._score(0.0))
            elif order != HOLD:
                return order == STEP

    def summed(self, parameters: Sequence[nn.Parameter], loss: Tensor, right: Tensor) -> tuple[float, int]:
        parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        flat = torch.cat([part.flatten() for part in parts] + [loss.reshape(1), right.reshape(1).to(loss.dtype)])
        with _told():
            dist.all_reduce(flat)
        at = 0
        for p, part in zip(parameters, parts, strict=True):
            p.grad = flat[at : at + part.numel()].view_as(part).clone()
            at += part.numel()
        return float(flat[-2]), round(float(flat[-1]))

    def random_states(self) -> Tensor:
        self._order(RANDOM)
        return torch.stack(self._gather())

    def leave(self) -> None:
        """End the team; the leader tells the others first."""
        with contextlib.suppress(Refusal):
            if self.rank == 0:
                self._order(END)
        with contextlib.suppress(RuntimeError, ValueError):
            dist.destroy_process_group()

    def _order(self, order: int | None) -> int:
        cell = torch.tensor([-1 if order is None else order])
        with _told():
            dist.broadcast(cell, src=0)
        return int(cell)

    def _score(self, loss: float) -> float:
        cell = torch.tensor([loss], dtype=torch.float64)
        with _told():
            dist.broadcast(cell, src=0)
        return float(cell)

    def _gather(self) -> list[Tensor]:
        mine = torch.get_rng_state()
        states = [torch.empty_like(mine) for _ in range(self.size)] if self.rank == 0 else None
        with _told():
            dist.gather(mine, states, dst=0)
        return states or []


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Say in one sentence that an exchange failed, which is how a process's death shows."""
    try:
        yield
    except (RuntimeError, dist.DistBackendError) as error:
        raise Refusal("One of the training processes died; continue with --resume.") from error


@contextlib.contextmanager
def team_of(size: int, run: Path) -> Iterator[Team]:
    """A team of `size` processes for the run in a folder, which the caller leads; all end with the context.

    Raises Refusal if one of them cannot start.
    """
    if size == 1:
        yield Team()
        return
    with tempfile.TemporaryDirectory(prefix="netwright-team-") as folder:
        meeting = Path(folder, "meeting")
        members = [_start(rank, size, run, meeting) for rank in range(1, size)]
        try:
            for member in members:
                if cast(BinaryIO, member.stdout).readline() != b"ready\n":
                    raise Refusal("One of the training processes could not start; its message above says why.")
            leader = Partners(0, size, meeting)
            try:
                yield leader
            finally:
                leader.leave()
        finally:
            for member in members:
                _end(member)


def _start(rank: int, size: int, run: Path, meeting: Path) -> subprocess.Popen[bytes]:
    member = subprocess.Popen(
        [sys.executable, "-P", "-m", "codegen.train.member"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=worker_environment(),
        start_new_session=os.name == "posix",  # Ctrl-C is the leader's affair
    )
    spec = {"rank": rank, "size": size, "run": str(run.absolute()), "meeting": str(meeting)}
    stdin = cast(BinaryIO, member.stdin)
    with contextlib.suppress(OSError):  # it died already, which its missing "ready" tells
        stdin.write(json.dumps(spec).encode() + b"\n")
        stdin.flush()
    return member


def _end(member: subprocess.Popen[bytes]) -> None:
    for stream in (member.stdin, member.stdout):
        with contextlib.suppress(OSError):
            cast(BinaryIO, stream).close()  # a member whose input ends leaves
    try:
        member.wait(5)
    except subprocess.TimeoutExpired:
        member.kill()
        member.wait()


def leave_with(stream: RawIOBase) -> None:
    """End this process when `stream` ends, which it does when the leader is gone, however that came about."""

    def watch() -> None:
        while stream.read(1):
            pass
        os._exit(0)

    threading.Thread(target=watch, name="leader", daemon=True).start()


def read_spec(stream: RawIOBase) -> dict[str, Any]:
    """What the leader says first: rank, size, run and meeting."""
    return cast(dict[str, Any], json.loads(stream.readline()))
