"""The training loop: seeded, repeatable, interruptible, and exactly continued from its checkpoint.

Everything random comes from the run's seed: the initial weights, each epoch's order and shifts (a generator per epoch),
and dropout (torch's global stream, kept in the checkpoint). The learning rate is a pure function of the step. So a run
that was interrupted any number of times ends with the same bits as one that was not, on the same machine.
"""

from __future__ import annotations

import contextlib
import math
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from codegen.errors import Refusal, Stopped, Unusable
from codegen.job import Control
from codegen.train.checkpoint import Checkpoint, save_tensors
from codegen.train.evaluate import check_fit, evaluate, finite
from codegen.train.examples import Examples, batch_bounds, batches
from codegen.train.optimizers import build_optimizer
from codegen.train.run import BEST, LAST, WEIGHTS, Run
from codegen.train.team import Team
from graph_core.schedules import Place

Watch = Callable[[dict[str, Any]], None]

SAVE_EVERY = 5.0  # seconds between checkpoints at the ends of epochs; a stop and a pause always save
PATIENCE = 1.0  # seconds after which a paused leader tells its team that it is still there
TELL_EVERY = 0.05  # seconds between reports within an epoch
THREADS = torch.get_num_threads()  # as torch found them right for this machine, before any run sets its own
MANY_PARAMETERS = 500_000  # below, a second thread costs more than it brings (measured on LeNet: 1.3 times slower)


def train(
    build: Callable[[], nn.Module],
    examples: Examples,
    run: Run,
    watch: Watch | None = None,
    control: Control | None = None,
    team: Team | None = None,
) -> nn.Module:
    """Train the module that `build` makes until the run's epochs are done or `control` stops it.

    `run.state` says which (`finished`, `stopped`), `run.history` and `run.result` what came of it; the folder holds
    the weights either way. A run that has a checkpoint continues from it. `watch` is told of batches
    (`{"kind": "batch", "epoch", "epochs", "batch", "batches", "loss", "lr", "seconds"}`), epochs
    (`{"kind": "epoch", **row}`) and changes of state (`{"kind": "state", "state"}`). Returns the module, in eval mode.

    With a `team` of several processes each takes its share of every batch; this one leads it.

    Raises Refusal with one sentence if network and data do not fit, the loss stops being a number, a process of the
    team dies or the disk is full.
    """
    with repeatable(run):
        loop = Loop(build, examples, run, watch or (lambda report: None), control or Control(), team or Team())
        try:
            loop.go()
        except Refusal:
            run.state = "failed"
            with contextlib.suppress(OSError):
                run.save()
            raise
        except OSError as error:
            raise Refusal(f"The run in {run.folder} cannot be saved: {error.strerror}.") from None
        return loop.module.eval()


@contextmanager
def repeatable(run: Run) -> Iterator[None]:
    """Within: torch's global stream belongs to the run, algorithms are deterministic, threads those of the run."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    warn = torch.is_deterministic_algorithms_warn_only_enabled()
    with torch.random.fork_rng(devices=[]):
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.manual_seed(run.settings.seed)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(strict, warn_only=warn)
            torch.set_num_threads(threads)


class Loop:
    """A run on its way: `go` leads it to its end, `follow` takes a member's part in it."""

    def __init__(
        self,
        build: Callable[[], nn.Module],
        examples: Examples,
        run: Run,
        watch: Watch,
        control: Control,
        team: Team,
    ) -> None:
        self.examples, self.run, self.watch, self.control, self.team = examples, run, watch, control, team
        self.settings = run.settings
        if self.settings.shift and len(examples.shape) != 3:
            raise Refusal(f"Shifting moves images (C×H×W); these examples have shape {tuple(examples.shape)}.")
        self.module = build()
        self.optimizer = build_optimizer(self.module, self.settings.optimizer)
        self.parameters = [p for p in self.module.parameters() if p.requires_grad]
        self.batches = len(batch_bounds(len(examples.x_train), self.settings.batch_size, team.least))
        self.epoch = self.batch = 0
        self.sums = [0.0, 0, 0]  # of this epoch so far: loss times examples, right answers, examples
        self.spent = 0.0
        self.best_weights: dict[str, Tensor] | None = None
        self.saved = -math.inf  # so that the first epoch is saved: from then on there is something to look at
        self.told = -math.inf
        if run.path(LAST).exists():
            self.restore(Checkpoint.read(run.path(LAST)))
        else:
            self.start()

    def start(self) -> None:
        """Begin anew: this run's threads, versions and random stream."""
        run = self.run
        size = sum(p.numel() for p in self.module.parameters())
        run.threads = 1 if size < MANY_PARAMETERS else max(1, THREADS // self.team.size)
        run.history, run.best, run.result = [], {}, {}
        run.versions = {"torch": torch.__version__, "python": platform.python_version()}
        torch.set_num_threads(run.threads)
        torch.manual_seed(self.team.seed(self.settings.seed))  # whatever building the network drew
        check_fit(self.module, self.examples)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Stand where a checkpoint stood. Raises Unusable if it belongs to another network."""
        try:
            self.module.load_state_dict(checkpoint.model)
            self.optimizer.load_state_dict(checkpoint.optimizer)
            at = checkpoint.position
            self.epoch, self.batch, self.sums = at["epoch"], at["batch"], list(at["sums"])
            self.spent, self.run.history, self.run.best = at["seconds"], at["history"], at["best"]
            losses = [row["test_loss"] for row in self.run.history]
            self.team.heard[:] = [math.inf if loss is None else float(loss) for loss in losses]
            torch.set_num_threads(self.run.threads)
            torch.set_rng_state(checkpoint.random[self.team.rank].clone())
        except (RuntimeError, KeyError, ValueError, TypeError, IndexError):
            raise Unusable(
                f"The checkpoint {self.run.path(LAST)} does not fit this network; start a new run."
            ) from None

    def go(self) -> None:
        """Train to the end or until a stop; either way the folder then holds the weights."""
        settings = self.settings
        self.began = time.monotonic()
        self.become("running")
        try:
            while self.epoch < settings.epochs:
                self.run_epoch()
                self.batch, self.sums = 0, [0.0, 0, 0]
                self.epoch += 1
                last = self.epoch == settings.epochs
                if last or time.monotonic() - self.saved >= SAVE_EVERY:
                    self.save()
            self.finish("finished")
        except Stopped:
            self.save()
            self.finish("stopped")

    def follow(self) -> None:
        """Take part in every step until the leader says that it is over."""
        while self.epoch < self.settings.epochs:
            for x, y in self.stream():
                if not self.team.called():
                    return
                self.step(x, y)
            self.batch = 0
            self.epoch += 1
        while self.team.called():
            pass

    def stream(self) -> Iterator[tuple[Tensor, Tensor]]:
        """What is left of this epoch's batches."""
        settings = self.settings
        return batches(
            self.examples,
            settings.batch_size,
            settings.seed,
            self.epoch,
            settings.shift,
            first=self.batch,
            least=self.team.least,
        )

    def place(self) -> Place:
        """Where the run stands, for the schedule."""
        epochs = self.settings.epochs
        step = self.epoch * self.batches + self.batch
        return Place(step, epochs * self.batches, self.epoch, epochs, self.team.heard)

    def step(self, x: Tensor, y: Tensor) -> tuple[float, float]:
        """Learn from one batch (a member: from its share); returns the whole batch's loss and the learning rate."""
        lr = self.optimizer.set_rates(self.settings.schedule, self.place())
        self.module.train()
        value, correct = self.gradients(x, y)
        if not math.isfinite(value):
            raise Refusal(
                f"Training diverged in epoch {self.epoch + 1}: the loss is no longer a number; "
                f"lower the learning rate (its peak is {self.optimizer.param_groups[0]['peak_lr']:g})."
            )
        if self.optimizer.closes:
            first = [value]  # what the gradients just computed are those of
            self.optimizer.step(lambda: first.pop() if first else self.gradients(x, y)[0])
        else:
            self.optimizer.step()
        self.sums[0] += value * len(y)
        self.sums[1] += correct
        self.sums[2] += len(y)
        self.batch += 1
        return value, lr

    def gradients(self, x: Tensor, y: Tensor) -> tuple[float, int]:
        """Compute the gradients of one batch, summed over the team; returns its loss and number of right answers."""
        team = self.team
        self.optimizer.zero_grad()
        mine = slice(team.rank, None, team.size)
        try:
            scores = self.module(x[mine])
        except (RuntimeError, ValueError) as error:
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise Refusal(f"The network failed in epoch {self.epoch + 1}: {reason[0]}") from None
        smoothing = self.settings.label_smoothing
        loss = F.cross_entropy(scores, y[mine], label_smoothing=smoothing) * (len(y[mine]) / len(y))
        loss.backward()  # type: ignore[no-untyped-call]
        right = (scores.detach().argmax(1) == y[mine]).sum()
        return team.summed(self.parameters, loss.detach(), right)

    def run_epoch(self) -> None:
        """Train through what is left of an epoch, evaluate, and note its row."""
        settings, examples = self.settings, self.examples
        for x, y in self.stream():
            self.obey()
            self.team.call()
            value, lr = self.step(x, y)
            self.tell_batch(value, lr)
        test_loss, test_accuracy = evaluate(self.module, examples.x_test, examples.y_test)
        self.team.tell(test_loss if math.isfinite(test_loss) else math.inf)
        row = {
            "epoch": self.epoch + 1,
            "train_loss": self.sums[0] / self.sums[2],
            "train_accuracy": self.sums[1] / self.sums[2],
            "test_loss": finite(test_loss),
            "test_accuracy": test_accuracy,
            "lr": lr,
            "seconds": round(self.seconds(), 3),
        }
        self.run.history.append(row)
        best = self.run.best
        rank = (test_accuracy, -test_loss if math.isfinite(test_loss) else -math.inf)
        if not best or rank > (best["test_accuracy"], -math.inf if best["test_loss"] is None else -best["test_loss"]):
            self.run.best = {name: row[name] for name in ("epoch", "test_accuracy", "test_loss")}
            self.best_weights = {name: tensor.detach().clone() for name, tensor in self.module.state_dict().items()}
        self.watch({"kind": "epoch", "epochs": settings.epochs, **row})

    def obey(self) -> None:
        """Between two steps: save and wait while paused, stop when asked to."""
        if self.control.paused:
            self.save()
            self.spent = self.seconds()
            self.become("paused")
            while not self.control.wait(PATIENCE):
                self.team.hold()
            self.began = time.monotonic()
            if not self.control.stopped:
                self.become("running")
        self.control.check()

    def tell_batch(self, loss: float, lr: float) -> None:
        """Report a step, unless one was reported a moment ago."""
        now = time.monotonic()
        if now - self.told < TELL_EVERY:
            return
        self.told = now
        place = {"epoch": self.epoch + 1, "epochs": self.settings.epochs, "batch": self.batch, "batches": self.batches}
        self.watch({"kind": "batch", **place, "loss": loss, "lr": lr, "seconds": self.seconds()})

    def seconds(self) -> float:
        """Time spent training so far, pauses and interruptions not counted."""
        return self.spent + time.monotonic() - self.began

    def become(self, state: str) -> None:
        """Write the run's state down and tell it."""
        self.run.state = state
        self.run.save()
        self.watch({"kind": "state", "state": state})

    def save(self) -> None:
        """Write best, then last: if the second is lost, continuing from the older one finds the same best again."""
        run = self.run
        if self.best_weights is not None:
            save_tensors(run.path(BEST), self.best_weights, run.best)
            self.best_weights = None
        position = {"epoch": self.epoch, "batch": self.batch, "sums": self.sums, "seconds": self.seconds()}
        position |= {"history": run.history, "best": run.best}
        state = self.optimizer.state_dict()
        Checkpoint(self.module.state_dict(), state, self.team.random_states(), position).write(run.path(LAST))
        self.saved = time.monotonic()

    def finish(self, state: str) -> None:
        """Measure, write the weights, and note the result."""
        run, examples = self.run, self.examples
        loss, accuracy = evaluate(self.module, examples.x_test, examples.y_test)
        run.result = {
            "accuracy": accuracy,
            "loss": finite(loss),
            "epochs": self.epoch,
            "seconds": round(self.seconds(), 3),
            "best": run.best,
        }
        save_tensors(run.path(WEIGHTS), self.module.state_dict(), {"accuracy": accuracy, "epochs": self.epoch})
        self.become(state)
