"""Implements a Protocol with a Ray Serve handle. Each method of an adapter is one line.

    class HandlePrivacy(HandleAdapter):
        validate = remote(PrivacyValidation.validate, policy=TWICE)
        anonymize = remote(PrivacyValidation.anonymize, policy=TWICE)

The types of arguments and answer are those of the Protocol's own method.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from deployments.adapters.calling import ONCE, CallPolicy, ask, stream, stream_again

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
Event = TypeVar("Event")


class HandleAdapter:
    """Base class of adapters. It has the handle on which their remote methods are called."""

    def __init__(self, handle: Any) -> None:
        """`handle` is a Serve `DeploymentHandle`, or a handle that adds the space to every call."""
        self.handle = handle


class RemoteMethod(Generic[Given, Answer]):
    """Descriptor of a remote method with one answer. Made by `remote`."""

    def __init__(self, method: str, policy: CallPolicy) -> None:
        self.method = method
        self.policy = policy

    def __get__(
        self, adapter: HandleAdapter, owner: type[HandleAdapter] | None = None
    ) -> Callable[Given, Coroutine[Any, Any, Answer]]:
        async def call(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
            target = getattr(adapter.handle, self.method)
            answer: Answer = await ask(lambda: target.remote(*args, **kwargs), self.policy)
            return answer

        return call


class RemoteStream(Generic[Given, Event]):
    """Descriptor of a remote method that answers with a stream of events. Made by `streamed`.

    A stream is repeated only if the policy says so, because its reader then gets the events again.
    """

    def __init__(self, method: str, policy: CallPolicy) -> None:
        self.method = method
        self.policy = policy

    def __get__(
        self, adapter: HandleAdapter, owner: type[HandleAdapter] | None = None
    ) -> Callable[Given, AsyncGenerator[Event, None]]:
        def call(*args: Given.args, **kwargs: Given.kwargs) -> AsyncGenerator[Event, None]:
            target = getattr(adapter.handle.options(stream=True), self.method)
            if self.policy.attempts > 1:
                return stream_again(lambda: target.remote(*args, **kwargs), self.policy)
            return stream(target.remote(*args, **kwargs))

        return call


def remote(
    contract: Callable[Concatenate[Any, Given], Coroutine[Any, Any, Answer]],
    method: str | None = None,
    policy: CallPolicy = ONCE,
) -> RemoteMethod[Given, Answer]:
    """The Protocol's method `contract`, answered by the deployment's `method` (by default of the
    same name).

    Ray's errors are translated. Canceling the caller cancels the remote call.
    """
    return RemoteMethod(method or contract.__name__, policy)


def streamed(
    contract: Callable[Concatenate[Any, Given], AsyncGenerator[Event, None]],
    method: str | None = None,
    policy: CallPolicy = ONCE,
) -> RemoteStream[Given, Event]:
    """As `remote`, for a method that streams. Closing the iterator cancels the remote work."""
    return RemoteStream(method or contract.__name__, policy)
