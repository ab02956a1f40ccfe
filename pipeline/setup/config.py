"""The configuration as the service uses it: every name resolved, every option of its type."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from pipeline.core.backend import Backend
from pipeline.core.plugin import Plugin


class ServiceConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[service]`: where the service listens, what it accepts and what it logs."""

    host: Annotated[
        str, Meta(description="Address to listen on; `0.0.0.0` for every interface.", min_length=1)
    ] = "127.0.0.1"
    port: Annotated[
        int, Meta(description="Port to listen on; 0 for any free one.", ge=0, le=65535)
    ] = 8080
    max_body: Annotated[int, Meta(description="Largest request body, in bytes.", ge=1)] = 10_000_000
    grace: Annotated[
        float, Meta(description="Seconds that open replies have to end after SIGTERM.", ge=0)
    ] = 30.0
    keepalive: Annotated[
        float,
        Meta(
            description="Seconds without output before a stream sends an SSE comment, so that "
            "nothing on the way takes it for dead.",
            gt=0,
        ),
    ] = 15.0
    header_timeout: Annotated[
        float, Meta(description="Seconds that a client has to send its request.", gt=0)
    ] = 30.0
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="The least severe messages to log. No level logs message text."),
    ] = "info"
    log_format: Annotated[
        Literal["json", "text"],
        Meta(description="One JSON object per line for machines, or plain lines for people."),
    ] = "json"
    demo: Annotated[
        str,
        Meta(
            description="A message to send through the pipeline once the service is ready, to "
            "show side by side what the client sent, what the backend saw and what the client "
            "got back. Empty for none."
        ),
    ] = ""


class PipelineConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[pipelines.NAME]`: the plugins that a request and its reply go through."""

    pre: Annotated[
        Sequence[str],
        Meta(description="Plugins that a request goes through, in order, by profile or type."),
    ] = ()
    post: Annotated[
        Sequence[str],
        Meta(description="Plugins that a reply goes through, in order, by profile or type."),
    ] = ()
    uninspected: Annotated[
        Sequence[str],
        Meta(
            description="Content that may pass although nobody can look into it, such as "
            "`images`, `audio` or `files`. A request with any other is refused."
        ),
    ] = ()
    plugin_timeout: Annotated[
        float, Meta(description="Seconds that one call of a plugin may take.", gt=0)
    ] = 30.0
    deadline: Annotated[
        float, Meta(description="Seconds that a whole exchange may take.", gt=0)
    ] = 600.0


class RouteConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """`[models]`: where requests for a model go. `*` in the model's name stands for anything."""

    backend: Annotated[str, Meta(description="A table of `[backends]`.")]
    pipeline: Annotated[str, Meta(description="A table of `[pipelines]`.")] = "default"
    model: Annotated[
        str, Meta(description="The backend's own name of the model. Default: the client's.")
    ] = ""


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
