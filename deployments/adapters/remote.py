"""A Protocol over a Serve handle: each method of an adapter is one line of data.

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
    """Holds the handle that the remote methods of its class are called on."""

    def __init__(self, handle: Any) -> None:
        """`handle`: a Serve `DeploymentHandle`, or one that adds the space to every call."""
        self.handle = handle


class RemoteMethod(Generic[Given, Answer]):
    """Descriptor of a method that a replica answers once; made by `remote`."""

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
    """Descriptor of a method whose replica answers with a stream of events; made by `streamed`.

    Repeated only where the policy says so: its reader sees the events anew then."""

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
    """The Protocol's method `contract`, answered by the deployment's `method` (None: of the same
    name). Ray's errors arrive translated; cancelling the caller cancels the remote call."""
    return RemoteMethod(method or contract.__name__, policy)


def streamed(
    contract: Callable[Concatenate[Any, Given], AsyncGenerator[Event, None]],
    method: str | None = None,
    policy: CallPolicy = ONCE,
) -> RemoteStream[Given, Event]:
    """As `remote`, for a method that streams; closing the iterator cancels the remote work."""
    return RemoteStream(method or contract.__name__, policy)
