"""One map over many jobs: in this process, or in several that may die without harm.

Results come as they are ready; what a job gives may depend on nothing but the job, so their
order means nothing. Next: `schema`.
"""

from __future__ import annotations

import gc
import math
import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

from agentgym.errors import AgentGymError

__all__ = ["Ended", "cores", "each"]

J = TypeVar("J")
R = TypeVar("R")

MOST_JOBS = 400
"""Jobs after which a process is replaced by a fresh one, so that its memory stays bounded."""
COLLECT = (100_000, 50, 100)
"""Thresholds of the garbage collector in a worker: it looks less often than usual."""
TRIES = 2
"""How often a job is given to a process that dies over it."""


class Ended(Generic[J, R]):
    """A job that has ended: it gave a value, or raised, or its process died over it.

    Attributes:
        job: The job.
        value: What it gave; None where it failed.
        error: The mistake of an author that it raised; None otherwise.
        fault: What else went wrong, a traceback or how the process died; empty otherwise.
        seconds: Wall-clock time that it took.
    """

    def __init__(
        self,
        job: J,
        *,
        value: R | None = None,
        error: AgentGymError | None = None,
        fault: str = "",
        seconds: float = 0.0,
    ) -> None:
        self.job = job
        self.value = value
        self.error = error
        self.fault = fault
        self.seconds = seconds


def cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # systems without affinity
        return os.cpu_count() or 1


def each(
    work: Callable[[J], R],
    jobs: Iterator[J | None],
    *,
    workers: int,
    limit_s: float | None = None,
) -> Iterator[Ended[J, R]]:
    """Do all jobs, as many at a time as there are workers; yield each as it ends.

    Args:
        work: A function at the top of a module; jobs and values can be pickled.
        jobs: The jobs. None says that there is none to give until another has ended.
        workers: How many processes; with 1 all is done in this one.
        limit_s: Seconds after which the process of a job is killed; None: never. Not in force
            with one worker.

    Yields:
        Every job once. One whose process dies is tried again once, in a process of its own.
    """
    if workers <= 1:
        for job in jobs:
            if job is not None:
                yield _done(work, job)
        return
    yield from _Crew(work, workers, limit_s).each(jobs)


def _done(work: Callable[[J], R], job: J) -> Ended[J, R]:
    began = time.perf_counter()
    try:
        value = work(job)
    except AgentGymError as error:
        return Ended(job, error=error, seconds=time.perf_counter() - began)
    except Exception:  # noqa: BLE001 - one job's bug must not take the others with it; it is told
        return Ended(job, fault=traceback.format_exc(), seconds=time.perf_counter() - began)
    return Ended(job, value=value, seconds=time.perf_counter() - began)


def _serve(pipe: Connection, work: Callable[[J], R]) -> None:
    """Do the jobs that come through a pipe until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settled = False
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            job = pipe.recv()
            pipe.send(None)  # it has begun: the time that it took to start is not the job's
            ended = _done(work, job)
            pipe.send((ended.value, ended.error, ended.fault, ended.seconds))
            if not settled:  # what the first job loaded stays: the collector need not look at it
                gc.collect()
                gc.freeze()
                gc.set_threshold(*COLLECT)
                settled = True


class _Worker(Generic[J]):
    """One process, its pipe, and what it is doing."""

    def __init__(self, work: Callable[[J], R]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, work), daemon=True)
        self.process.start()
        theirs.close()
        self.job: J | None = None
        self.tries = 0
        self.done = 0
        self.since = 0.0

    def give(self, job: J, tries: int) -> None:
        self.job, self.tries, self.since = job, tries, math.inf
        with suppress(BrokenPipeError, ConnectionResetError):  # it is dead: seen when waited for
            self.pipe.send(job)

    def end(self) -> int | None:
        """Stop the process; return how it ended, None where it had to be killed."""
        self.pipe.close()
        self.process.join(timeout=0.2)
        code = self.process.exitcode
        if code is None:
            self.process.kill()
            self.process.join()
        return code


class _Crew(Generic[J, R]):
    """The processes, and the loop that gives them jobs."""

    def __init__(self, work: Callable[[J], R], workers: int, limit_s: float | None) -> None:
        self.work, self.workers, self.limit_s = work, workers, limit_s
        self.crew: list[_Worker[J]] = []

    def each(self, jobs: Iterator[J | None]) -> Iterator[Ended[J, R]]:
        again: list[tuple[J, int]] = []
        more = True
        try:
            while True:
                while len(self._busy()) < self.workers and (again or more):
                    if again:
                        job, tries = again.pop(0)
                    else:
                        try:
                            drawn = next(jobs)
                        except StopIteration:
                            more = False
                            break
                        if drawn is None:
                            break
                        job, tries = drawn, 0
                    self._idle().give(job, tries + 1)
                if not self._busy():
                    return
                for worker in self._ready():
                    ended, retry = self._collect(worker)
                    if retry is not None:
                        again.append(retry)
                    if ended is not None:
                        yield ended
        finally:
            for worker in self.crew:
                if worker.job is not None:
                    worker.process.kill()
                worker.end()

    def _busy(self) -> list[_Worker[J]]:
        return [worker for worker in self.crew if worker.job is not None]

    def _idle(self) -> _Worker[J]:
        for worker in self.crew:
            if worker.job is None:
                return worker
        self.crew.append(_Worker(self.work))
        return self.crew[-1]

    def _ready(self) -> list[_Worker[J]]:
        """Wait until a worker has an answer, is dead, or has had its time."""
        busy = self._busy()
        pause = None
        if self.limit_s is not None:
            now = time.perf_counter()
            pause = max(min(worker.since + self.limit_s - now for worker in busy), 0)
            pause = None if math.isinf(pause) else pause
        ready = wait([worker.pipe for worker in busy], timeout=pause)
        found = [worker for worker in busy if worker.pipe in ready]
        if not found and self.limit_s is not None:
            late = time.perf_counter() - self.limit_s
            for worker in busy:
                if worker.since <= late:
                    worker.process.kill()
                    found.append(worker)
        return found

    def _collect(self, worker: _Worker[J]) -> tuple[Ended[J, R] | None, tuple[J, int] | None]:
        """Take what a worker answers: the end of its job, or the job to be tried again."""
        assert worker.job is not None
        job, took = worker.job, time.perf_counter() - worker.since
        try:
            answer = worker.pipe.recv()
            if answer is None:
                worker.since = time.perf_counter()
                return None, None
            value, error, fault, seconds = answer
        except (EOFError, ConnectionResetError):
            worker.job = None
            self.crew.remove(worker)
            code = worker.end()
            if self.limit_s is not None and took >= self.limit_s:
                return Ended(job, fault=f"took more than {self.limit_s:g} s", seconds=took), None
            if worker.tries < TRIES:
                return None, (job, worker.tries)
            return Ended(job, fault=f"its process died ({_how(code)})"), None
        worker.job = None
        worker.done += 1
        if worker.done >= MOST_JOBS:
            self.crew.remove(worker)
            worker.end()
        return Ended(job, value=value, error=error, fault=fault, seconds=seconds), None


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit status {code}"
