"""A process of its own for users' templates: `python -m services.campaign.outbound.render_worker`, messages over stdin and stdout.

What a template does wrong ends here: memory and CPU time are limited by the kernel, each mail by a timer of CPU time.
"""

from __future__ import annotations

import resource
import signal
import struct
import sys
from types import FrameType
from typing import Any, BinaryIO, Final

import msgspec

from chassis.liquid import TemplateLimit
from services.campaign.domain import compiling, rendering
from services.campaign.domain.compiling import BadTemplate, Compiled
from services.campaign.domain.rendering import LIMIT, Rendered

MEMORY: Final = 512 * 1024 * 1024
CPU_SECONDS_PER_CALL: Final = 10
MAIL_SECONDS: Final = 0.05
COMPILE_SECONDS: Final = 1.0
LENGTH: Final = struct.Struct(">I")


class CompileCall(msgspec.Struct, tag="compile"):
    """Compile one locale of a template."""

    subject: str
    body: str
    locale: str
    form: str = compiling.MJML


class RenderCall(msgspec.Struct, tag="render"):
    """Render up to 100 mails: `items` are pairs of an index into `templates` and the recipient's data."""

    templates: list[Compiled]
    items: list[tuple[int, dict[str, Any]]]
    strict: bool = False


class Answer(msgspec.Struct):
    """What came out: of a compilation `compiled` or `problem`, of rendering one entry per item."""

    compiled: Compiled | None = None
    mails: list[Rendered] = []
    problem: str = ""
    part: str = ""
    detail: str = ""


class _TimeUp(BaseException):
    """The timer rang. Not an Exception, so that no handler in a library swallows it."""


def _ring(_signal: int, _frame: FrameType | None) -> None:
    raise _TimeUp


def serve(reading: BinaryIO, writing: BinaryIO) -> None:
    """Answer calls until the other side closes."""
    signal.signal(signal.SIGPROF, _ring)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    decoder = msgspec.msgpack.Decoder(CompileCall | RenderCall)
    encoder = msgspec.msgpack.Encoder()
    while True:
        head = reading.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return
        call = decoder.decode(reading.read(LENGTH.unpack(head)[0]))
        _allow_cpu()
        answer = encoder.encode(_compile(call) if isinstance(call, CompileCall) else _render(call))
        writing.write(LENGTH.pack(len(answer)) + answer)
        writing.flush()


def _allow_cpu() -> None:
    """CPU time is counted for the life of the process, in whole seconds: move the limit with each call."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + CPU_SECONDS_PER_CALL
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _compile(call: CompileCall) -> Answer:
    try:
        signal.setitimer(signal.ITIMER_PROF, COMPILE_SECONDS)
        return Answer(compiled=compiling.compile_template(subject=call.subject, body=call.body, locale=call.locale, form=call.form))
    except BadTemplate as error:
        return Answer(problem="template.invalid", part=error.part, detail=str(error))
    except TemplateLimit as error:
        return Answer(problem="template.limit", part="body", detail=str(error))
    except (_TimeUp, MemoryError, RecursionError):
        return Answer(problem="template.limit", part="body", detail="compiling the template takes too much")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _render(call: RenderCall) -> Answer:
    mails = []
    for compiled in call.templates:
        _warm(compiled, strict=call.strict)
    for index, data in call.items:
        try:
            signal.setitimer(signal.ITIMER_PROF, MAIL_SECONDS)
            mails.append(rendering.render(call.templates[index], data, strict=call.strict))
        except (_TimeUp, MemoryError):
            mails.append(Rendered(problem=LIMIT, detail="the template needs too much time or memory"))
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    return Answer(mails=mails)


def _warm(compiled: Compiled, *, strict: bool) -> None:
    """Parse outside the mails' own time; a template that cannot even be parsed fails with its mails."""
    try:
        signal.setitimer(signal.ITIMER_PROF, COMPILE_SECONDS)
        rendering.parse(compiled, strict=strict)
    except (_TimeUp, MemoryError):
        return
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
