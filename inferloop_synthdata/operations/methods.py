"""Makes client methods from the functions that build an operation, with their types and docstrings.

`generate_image = blocking(operations.generate_image)` in a class gives the class a method with the
arguments of `operations.generate_image`. It returns the parsed answer of the operation. So each
endpoint is defined once, for the blocking and the async client.
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
    """The method that `blocking` needs of the blocking client."""

    def run(self, operation: Operation[T]) -> T:
        """Send the operation and return its parsed answer. Raises `ApiError` or
        `ConnectionFailed`."""


class BlockingStreamer(Protocol):
    """The method that `streaming` needs of the blocking client."""

    def stream(self, message: Message) -> Events:
        """Send the message over a WebSocket and yield the service's events; the last one is the
        result. Raises `ApiError` or `ConnectionFailed`."""


class AwaitingDriver(Protocol):
    """The method that `awaiting` needs of the async client."""

    async def run(self, operation: Operation[T]) -> T:
        """As `BlockingDriver.run`."""


class AwaitingStreamer(Protocol):
    """The method that `streaming_async` needs of the async client."""

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
    """A method that yields the events of a generation."""

    def method(self: BlockingStreamer, /, *args: P.args, **kwargs: P.kwargs) -> Events:
        return self.stream(message(*args, **kwargs))

    _describe(method, message)
    return method


def streaming_async(
    message: Callable[P, Message],
) -> Callable[Concatenate[AwaitingStreamer, P], AsyncEvents]:
    """A method that yields the events of a generation, for `async for`."""

    def method(self: AwaitingStreamer, /, *args: P.args, **kwargs: P.kwargs) -> AsyncEvents:
        return self.stream(message(*args, **kwargs))

    _describe(method, message)
    return method


def _describe(method: Callable[..., object], build: Callable[..., object]) -> None:
    """Give `method` the name, docstring and signature of `build`, for `help()`, notebooks and
    editors. Options that `build` takes as `**options` are listed one by one."""
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
    """The options of `build` (`**options: Unpack[...]`): name to type and description."""
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
