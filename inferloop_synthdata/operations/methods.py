"""Makes client methods of the functions that build an operation, types and docstrings kept.

`generate_image = blocking(operations.generate_image)` in a class body gives a method that takes
what `operations.generate_image` takes and returns what its `Operation` is parsed to. The two
clients differ in their drivers only, so no endpoint is written down twice.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import (
    Concatenate,
    ParamSpec,
    Protocol,
    TypeVar,
    Unpack,
    get_args,
    get_origin,
    get_type_hints,
)

from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.operations.operation import Operation
from inferloop_synthdata.transport.generation_stream import GenerationEvent

P = ParamSpec("P")
T = TypeVar("T")

Message = dict[str, JsonValue]
Events = Generator[GenerationEvent, None, None]
AsyncEvents = AsyncGenerator[GenerationEvent, None]


class BlockingDriver(Protocol):
    """What the methods of the blocking client need."""

    def run(self, operation: Operation[T]) -> T:
        """Send the operation and return what it makes of the answer. Raises `ApiError`."""


class BlockingStreamer(Protocol):
    """A blocking client that can open the socket."""

    def stream(self, message: Message) -> Events:
        """Send the message and yield what the service answers, until the result. Raises
        `ApiError`."""


class AwaitingDriver(Protocol):
    """What the methods of the async client need."""

    async def run(self, operation: Operation[T]) -> T:
        """As `BlockingDriver.run`."""


class AwaitingStreamer(Protocol):
    """An async client that can open the socket."""

    def stream(self, message: Message) -> AsyncEvents:
        """As `BlockingStreamer.stream`."""


def blocking(build: Callable[P, Operation[T]]) -> Callable[Concatenate[BlockingDriver, P], T]:
    """A method that runs the operation and returns its answer."""

    def method(self: BlockingDriver, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.run(build(*args, **kwargs))

    _describe(method, build)
    return method


def awaiting(
    build: Callable[P, Operation[T]],
) -> Callable[Concatenate[AwaitingDriver, P], Coroutine[None, None, T]]:
    """A coroutine method that runs the operation and returns its answer."""

    async def method(self: AwaitingDriver, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.run(build(*args, **kwargs))

    _describe(method, build)
    return method


def streaming(
    message: Callable[P, Message],
) -> Callable[Concatenate[BlockingStreamer, P], Events]:
    """A method that gives the events of a generation."""

    def method(self: BlockingStreamer, /, *args: P.args, **kwargs: P.kwargs) -> Events:
        return self.stream(message(*args, **kwargs))

    _describe(method, message)
    return method


def streaming_async(
    message: Callable[P, Message],
) -> Callable[Concatenate[AwaitingStreamer, P], AsyncEvents]:
    """A method that gives the events of a generation, for `async for`."""

    def method(self: AwaitingStreamer, /, *args: P.args, **kwargs: P.kwargs) -> AsyncEvents:
        return self.stream(message(*args, **kwargs))

    _describe(method, message)
    return method


def _describe(method: Callable[..., object], build: Callable[..., object]) -> None:
    """Name, docstring and signature of `build`, for `help()`, notebooks and editors; options that
    `build` takes as a whole stand there one by one."""
    options = _options(build)
    method.__name__ = build.__name__
    method.__qualname__ = build.__qualname__
    method.__doc__ = _documented(build.__doc__, options)
    taken = inspect.signature(build)
    receiver = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    named = [p for p in taken.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    keyword = inspect.Parameter.KEYWORD_ONLY
    single = [
        inspect.Parameter(name, keyword, default=None, annotation=kind)
        for name, (kind, _) in options.items()
    ]
    method.__signature__ = taken.replace(  # type: ignore[attr-defined]
        parameters=[receiver, *named, *single], return_annotation=inspect.Signature.empty
    )


def _options(build: Callable[..., object]) -> dict[str, tuple[object, str]]:
    """Name to type and words of what `build` takes as `**options: Unpack[...]`."""
    for hint in get_type_hints(build, include_extras=True).values():
        if get_origin(hint) is Unpack:
            (shape,) = get_args(hint)
            hints = get_type_hints(shape, include_extras=True)
            return {name: (get_args(each)[0], get_args(each)[1]) for name, each in hints.items()}
    return {}


def _documented(words: str | None, options: dict[str, tuple[object, str]]) -> str | None:
    if words is None or not options:
        return words
    lines = [f"    {name}: {about}" for name, (_, about) in options.items()]
    return "\n".join([inspect.cleandoc(words), "", "Options:", *lines])
