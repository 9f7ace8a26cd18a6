"""The parent's side of the rendering workers: calls in, mails out; a worker that dies is replaced, the template at fault is named."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from chassis import telemetry
from chassis.errors import Unavailable
from services.campaign.domain.compiling import MJML, Compiled
from services.campaign.domain.rendering import LIMIT, Rendered
from services.campaign.outbound.render_worker import LENGTH, Answer, CompileCall, RenderCall

MAILS_PER_CALL: Final = 50
CALL_SECONDS: Final = 30.0
LONGEST_ANSWER: Final = 128 * 1024 * 1024

_log = telemetry.logger(__name__)
_ROOT: Final = Path(__file__).resolve().parents[3]

Item = tuple[int, dict[str, Any]]


class WorkerDied(Exception):
    """The worker ended or did not answer within its time."""


class Renderers:
    """A few rendering processes, started when first needed. Use as an async context manager."""

    def __init__(self, *, workers: int = 1) -> None:
        self._idle: asyncio.Queue[_Worker] = asyncio.Queue()
        self._workers = [_Worker() for _ in range(workers)]
        for worker in self._workers:
            self._idle.put_nowait(worker)

    async def __aenter__(self) -> Renderers:
        return self

    async def __aexit__(self, *_: object) -> None:
        for worker in self._workers:
            await worker.stop()

    async def compile(self, *, subject: str, body: str, locale: str, form: str = MJML) -> Answer:
        """Check and compile one locale; a template that kills the worker is answered as `template.limit`."""
        try:
            return await self._call(CompileCall(subject=subject, body=body, locale=locale, form=form))
        except WorkerDied:
            return Answer(problem="template.limit", part="body", detail="compiling the template takes too much")

    async def render(self, templates: Sequence[Compiled], items: Sequence[Item], *, strict: bool = False) -> list[Rendered]:
        """One mail per item, in order; 50 a call. A mail that kills the worker comes back as `template_limit`, the others are made."""
        calls = [items[start : start + MAILS_PER_CALL] for start in range(0, len(items), MAILS_PER_CALL)]
        made = await asyncio.gather(*(self._render(templates, call, strict=strict) for call in calls))
        return [mail for part in made for mail in part]

    async def _render(self, templates: Sequence[Compiled], items: Sequence[Item], *, strict: bool) -> list[Rendered]:
        try:
            return (await self._call(RenderCall(templates=list(templates), items=list(items), strict=strict))).mails
        except WorkerDied:
            if len(items) == 1:
                return [Rendered(problem=LIMIT, detail="the template needs too much time or memory")]
        middle = len(items) // 2
        first = await self._render(templates, items[:middle], strict=strict)
        return first + await self._render(templates, items[middle:], strict=strict)

    async def _call(self, call: CompileCall | RenderCall) -> Answer:
        worker = await self._idle.get()
        try:
            return await asyncio.wait_for(worker.call(call), CALL_SECONDS)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            await worker.stop()
            _log.warning("render_worker_died")
            raise WorkerDied from None
        except BaseException:
            # A call given up half-way leaves an answer in the pipe that belongs to nobody.
            await asyncio.shield(worker.stop())
            raise
        finally:
            self._idle.put_nowait(worker)


class _Worker:
    """One process, one call at a time."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def call(self, call: CompileCall | RenderCall) -> Answer:
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        data = msgspec.msgpack.encode(call)
        process.stdin.write(LENGTH.pack(len(data)) + data)
        await process.stdin.drain()
        length = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))[0]
        if length > LONGEST_ANSWER:
            raise ConnectionError("the worker's answer is too long")
        return msgspec.msgpack.decode(await process.stdout.readexactly(length), type=Answer)

    async def _start(self) -> asyncio.subprocess.Process:
        try:
            # No environment: a worker has no business with anything but its two pipes.
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "services.campaign.outbound.render_worker", cwd=_ROOT, env={"PYTHONPATH": str(_ROOT), "PYTHONUTF8": "1"},
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            raise Unavailable("render.unavailable", "Templates cannot be rendered at the moment.", detail=type(error).__name__) from None

    async def stop(self) -> None:
        """End the process at once; the next call starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
