"""The configuration as the service uses it: every name resolved, every option of its type."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from pipeline.core.backend import Backend
from pipeline.core.catalog import Trust
from pipeline.core.plugin import Plugin
from pipeline.core.texts import Policy


class ServiceConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the service listens, what it accepts and what it logs."""

    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    """Address to listen on; `0.0.0.0` for every interface."""

    port: Annotated[int, Meta(ge=0, le=65535)] = 8080
    """Port to listen on; 0 for any free one."""

    workers: Annotated[int, Meta(ge=1, le=256)] = 1
    """How many processes serve. More than one make use of more cores; limits and queues hold for
    all of them together.
    """

    max_body: Annotated[int, Meta(ge=1)] = 10_000_000
    """Largest request body, in bytes."""

    grace: Annotated[float, Meta(ge=0)] = 30.0
    """Seconds that open replies have to end after SIGTERM."""

    keepalive: Annotated[float, Meta(gt=0)] = 15.0
    """Seconds without output before a stream sends a comment, so that nobody takes it for dead."""

    header_timeout: Annotated[float, Meta(gt=0)] = 30.0
    """Seconds that a client has to send its request, headers and body together."""

    write_timeout: Annotated[float, Meta(gt=0)] = 60.0
    """Seconds that a client may take nothing of its reply before it is cut off."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe messages to log. No level logs message text."""

    log_format: Literal["json", "text"] = "json"
    """One JSON object per line for machines, or plain lines for people."""

    receipt_keep: Annotated[float, Meta(ge=0)] = 3600.0
    """Seconds that the receipt of an exchange can be read at `/privet/receipts/ID`, where the ID is
    that of the reply's header `x-privet-exchange`.
    """

    receipt_count: Annotated[int, Meta(ge=0)] = 10_000
    """How many receipts are kept at most; the oldest make room. 0 for none."""

    receipt_key: str = ""
    """The key that receipts are signed with, such as `${PRIVET_RECEIPT_KEY}`: 16 characters or
    more. Without one a key is drawn at every start, and nobody can verify receipts later.
    """

    inspect: bool | None = None
    """Whether `POST /privet/inspect` shows its caller what the plugins would do to a request, with
    all texts, those that plugins add too. If this is left out, it does where `host` is a loopback
    address, and nowhere else.
    """

    demo: str = ""
    """A message to send through the pipeline when the service is ready, to show side by side what
    the client sent, what the backend saw and what the client got back. Empty for none.
    """

    @property
    def inspects(self) -> bool:
        """Whether `inspect` is on."""
        return _is_loopback(self.host) if self.inspect is None else self.inspect


class PipelineConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The plugins that a request and its reply go through.

    A plugin is listed by the name of its profile, a table of `[plugins]`, or by its type if it
    needs no options.
    """

    pre: Sequence[str] = ()
    """The plugins that a request goes through, in order."""

    post: Sequence[str] = ()
    """The plugins that a reply goes through, in order."""

    uninspected: Sequence[str] | Mapping[str, Policy] = ()
    """What becomes of content that nobody can look into, such as `{ images = "pass", files =
    "drop" }`: `pass` sends it as it is, `drop` takes it out of its message, `block`, which is the
    default, refuses the request. A list names what passes. There are `images`, `audio`, `videos`,
    `files`, `tokens`, `encrypted` (what a provider gave out to get it back, such as signed
    reasoning) and `credentials`.
    """

    plugin_timeout: Annotated[float, Meta(gt=0)] = 30.0
    """Seconds that one call of a plugin may take."""

    trust: Trust = "public"
    """For whom its redaction will do: for backends of this `trust` and more. No route leads from
    here to one that is trusted less.
    """

    deadline: Annotated[float, Meta(gt=0)] = 600.0
    """Seconds that a whole exchange may take."""

    observe: bool = False
    """Only report, in receipts, what the plugins of `pre` would have done. The client's own request
    is sent, and the reply comes back untouched: for trying a pipeline out on real traffic.
    """

    i_accept_clear_text: bool = False
    """`observe` sends personal data to the backend as it is; nothing does without this."""

    @property
    def policies(self) -> Mapping[str, Policy]:
        """`uninspected` as a table."""
        if isinstance(self.uninspected, Mapping):
            return self.uninspected
        return dict.fromkeys(self.uninspected, "pass")


class TargetConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """One of the places that the requests for a model may go to."""

    backend: str
    """A table of `[backends]`."""

    pipeline: str = ""
    """A table of `[pipelines]`; empty for the route's."""

    model: str = ""
    """The backend's own name for the model; empty for the client's."""

    weight: Annotated[float, Meta(gt=0)] = 1.0
    """Its share of the requests, in relation to the others', with `order = "weighted"`."""

    labels: tuple[str, ...] = ()
    """Only exchanges with all of these labels go here, such as `sensitive`."""

    without_labels: tuple[str, ...] = ()
    """No exchange with any of these labels goes here."""

    min_tokens: Annotated[int, Meta(ge=0)] = 0
    """Only requests of so many tokens or more go here, by an estimate."""

    max_tokens: Annotated[int, Meta(gt=0)] | None = None
    """Only requests of so many tokens or fewer go here; what the model's `context` holds is a bound
    too.
    """

    max_cost: Annotated[float, Meta(gt=0)] | None = None
    """Only requests whose own tokens cost no more than this go here, by the model's `price` and in
    its currency.
    """


class RouteConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the requests for a model go.

    `*` in the name of a model stands for any text. An exact name wins over one with `*`, and of
    those the longest wins. A route has one `backend`, or several `targets`.
    """

    backend: str = ""
    """A table of `[backends]`."""

    pipeline: str = "default"
    """A table of `[pipelines]`."""

    model: str = ""
    """The backend's own name for the model; empty for the client's."""

    targets: tuple[TargetConfig | str, ...] = ()
    """Where requests may go, in the order to try: tables with a `backend`, or names of other models
    whose targets stand here too. The next one is tried when one is overloaded or fails before its
    reply began.
    """

    order: Literal["listed", "weighted", "cheapest"] = "listed"
    """Which target is tried first: the first that is `listed`, one that is drawn by `weight`, or
    the `cheapest` by the models' prices. The others follow.
    """

    sticky: bool = False
    """Whether a draw by weight falls on the same target for all requests of a session."""

    replay: bool = False
    """Whether a request may be sent again, here or to the next target, though the backend that
    failed may have processed it, and charge for it. Without this only those are that certainly were
    not: refused connections, and backends that are overloaded and say so.
    """

    label: str = ""
    """What people call the model; shown in lists of models."""

    description: str = ""
    """What it is good for; shown in lists of models."""


class Config(Struct, frozen=True):
    """A configuration in which everything fits together. The plugins and backends in it are
    options only; `running` starts them.
    """

    path: Path
    service: ServiceConfig = ServiceConfig()
    plugins: Mapping[str, Plugin] = field(default_factory=dict[str, Plugin])
    backends: Mapping[str, Backend] = field(default_factory=dict[str, Backend])
    pipelines: Mapping[str, PipelineConfig] = field(default_factory=dict[str, PipelineConfig])
    models: Mapping[str, RouteConfig] = field(default_factory=dict[str, RouteConfig])


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
