"""Everything that can end an exchange early.

    PrivetError
    ├── BadRequest            400  the client's request cannot be read
    │   └── TooLarge          413  … or is larger than the configured limit
    ├── Rejected              400  a plugin or the policy refused the request
    ├── UnknownModel          404  no route for the model that the client asked for
    ├── PluginFailed          500  a plugin raised, hung or could not start
    ├── Unavailable           503  draining, overloaded or not ready yet
    ├── ClientGone            499  the client did not wait for the reply
    └── UpstreamFailed        502  the backend failed
        ├── UpstreamTimeout   504  … by saying nothing for too long
        ├── UpstreamBusy      429  … by taking no more requests for now
        └── UpstreamRefused   400  … not, but finds fault with the request

A message says where, what and the remedy. It never holds message text: whoever raises one of these
writes the message from names, paths and numbers alone, so that it may be logged and sent on.
"""

from typing import ClassVar


class PrivetError(Exception):
    """Base of all errors that a client may see. `status` is HTTP's, `code` is for programs."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str, *, param: str | None = None, retry_after: int | None = None):
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after = retry_after


class BadRequest(PrivetError):
    """The client's request cannot be read: not JSON, too deep, not this protocol."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "invalid_request"


class TooLarge(BadRequest):
    """The request's body is above the configured limit."""

    status: ClassVar[int] = 413
    code: ClassVar[str] = "request_too_large"


class Rejected(PrivetError):
    """Raised by a plugin to refuse a request; the reason is shown to the client as it is."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "rejected"


class UnknownModel(PrivetError):
    """No route matches the model that the client asked for."""

    status: ClassVar[int] = 404
    code: ClassVar[str] = "model_not_found"


class PluginFailed(PrivetError):
    """A plugin raised, hung or could not start. Nothing is forwarded after it."""

    code: ClassVar[str] = "plugin_failed"

    def __init__(self, plugin: str, what: str):
        super().__init__(f"plugin `{plugin}` {what}; the exchange was stopped")
        self.plugin = plugin


class Unavailable(PrivetError):
    """Privet cannot take this request now: it drains, is overloaded or is not ready."""

    status: ClassVar[int] = 503
    code: ClassVar[str] = "unavailable"


class UpstreamFailed(PrivetError):
    """The backend could not be reached, broke off or sent something that is not its protocol.

    `unprocessed` says that it certainly did nothing with the request, so that sending it again, or
    elsewhere, does no harm. `lasting` says that it would fail again in the same way, so that only
    another backend may do better.
    """

    status: ClassVar[int] = 502
    code: ClassVar[str] = "upstream_failed"

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        retry_after: int | None = None,
        unprocessed: bool = False,
        lasting: bool = False,
    ):
        super().__init__(message, param=param, retry_after=retry_after)
        self.unprocessed = unprocessed
        self.lasting = lasting


class UpstreamTimeout(UpstreamFailed):
    """The backend said nothing for longer than the configuration allows."""

    status: ClassVar[int] = 504
    code: ClassVar[str] = "upstream_timeout"


class UpstreamBusy(UpstreamFailed):
    """The backend takes no more requests for now."""

    status: ClassVar[int] = 429
    code: ClassVar[str] = "rate_limited"


class UpstreamRefused(UpstreamFailed):
    """The backend found fault with the request itself; no other attempt would do better."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "upstream_refused"


class ClientGone(PrivetError):
    """The client went away before it had the whole reply; nobody is left to be told."""

    status: ClassVar[int] = 499
    code: ClassVar[str] = "client_gone"
