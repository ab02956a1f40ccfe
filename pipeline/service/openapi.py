"""The API's description: as OpenAPI, and as a page that asks no foreign host for anything.

Litestar's own pages load scripts, styles and icons from the net.
"""

from dataclasses import dataclass, field
from html import escape
from importlib.metadata import version
from typing import Any, ClassVar

from litestar import Request
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
)

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem }
code { background: #8882; padding: .1em .3em; border-radius: .2em }
dt { margin-top: 1rem }
"""


def openapi() -> OpenAPIConfig:
    """What Litestar is told: two forms, both made here."""
    return OpenAPIConfig(
        title="Privet",
        version=version("privet"),
        description="A privacy gateway that speaks OpenAI's and Anthropic's protocols.",
        path="/schema",
        render_plugins=[_Page(path="/"), JsonRenderPlugin(path="/openapi.json")],
        use_handler_docstrings=True,
    )


def _request(whose: str = "OpenAI") -> RequestBody:
    text = Schema(type=OpenAPIType.STRING)
    message = Schema(
        type=OpenAPIType.OBJECT,
        required=["role"],
        properties={
            "role": text,
            "content": Schema(description="A string, a list of parts, or null."),
        },
    )
    body = Schema(
        type=OpenAPIType.OBJECT,
        description=f"{whose}'s request; every other field is passed on.",
        required=["model", "messages"],
        properties={
            "model": text,
            "messages": Schema(type=OpenAPIType.ARRAY, items=message),
            "stream": Schema(type=OpenAPIType.BOOLEAN),
        },
    )
    return RequestBody(content={"application/json": OpenAPIMediaType(body)}, required=True)


def _embeddings_request() -> RequestBody:
    text = Schema(type=OpenAPIType.STRING)
    body = Schema(
        type=OpenAPIType.OBJECT,
        description="OpenAI's request; every other field is passed on.",
        required=["model", "input"],
        properties={
            "model": text,
            "input": Schema(description="A text, or a list of texts."),
        },
    )
    return RequestBody(content={"application/json": OpenAPIMediaType(body)}, required=True)


def _responses(
    good: OpenAPIResponse, whose: str = "OpenAI"
) -> dict[str, OpenAPIResponse | Reference]:
    error = OpenAPIResponse(description=f"{whose}'s error object.", content=_object())
    return {"200": good, "default": error}


def _object() -> dict[str, OpenAPIMediaType]:
    return {"application/json": OpenAPIMediaType(Schema(type=OpenAPIType.OBJECT))}


@dataclass
class ChatOperation(Operation):
    """The chat route, which reads its request and writes its reply by itself."""

    whose: ClassVar[str] = "OpenAI"

    request_body: RequestBody | Reference | None = field(default_factory=_request)

    def __post_init__(self) -> None:
        """Replace what Litestar found in the handler's signature, which is nothing."""
        self.request_body = _request(self.whose)
        events = OpenAPIMediaType(Schema(type=OpenAPIType.STRING))
        self.responses = _responses(
            OpenAPIResponse(
                description=f"{self.whose}'s reply: whole, or as server-sent events with `stream`.",
                content={**_object(), "text/event-stream": events},
            ),
            self.whose,
        )


@dataclass
class MessagesOperation(ChatOperation):
    """The same in Anthropic's protocol."""

    whose: ClassVar[str] = "Anthropic"


@dataclass
class CountOperation(Operation):
    """The counting route, which takes what the message route takes."""

    request_body: RequestBody | Reference | None = field(default_factory=_request)

    def __post_init__(self) -> None:
        """Replace what Litestar found in the handler's signature, which is nothing."""
        self.request_body = _request("Anthropic")
        self.responses = _responses(
            OpenAPIResponse(description="The number of `input_tokens`.", content=_object()),
            "Anthropic",
        )


@dataclass
class EmbeddingsOperation(Operation):
    """The embeddings route, which reads its request and writes its reply by itself."""

    request_body: RequestBody | Reference | None = field(default_factory=_embeddings_request)

    def __post_init__(self) -> None:
        """Replace what Litestar found in the handler's signature, which is nothing."""
        self.request_body = _embeddings_request()
        self.responses = _responses(
            OpenAPIResponse(description="OpenAI's reply.", content=_object())
        )


@dataclass
class InspectOperation(Operation):
    """The dry run, which takes what the other routes take; this is chat's."""

    request_body: RequestBody | Reference | None = field(default_factory=_request)

    def __post_init__(self) -> None:
        """Replace what Litestar found in the handler's signature, which is nothing."""
        self.request_body = _request()
        self.parameters = [
            Parameter(
                name="dialect",
                param_in="query",
                schema=Schema(type=OpenAPIType.STRING, default="openai"),
                description="The protocol that the request is in.",
            )
        ]
        self.responses = _responses(
            OpenAPIResponse(
                description="The receipt, the steps, the request that would be sent, the error.",
                content=_object(),
            )
        )


class _Page(OpenAPIRenderPlugin):
    """One plain page."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        routes: list[str] = []
        for path, methods in openapi_schema["paths"].items():
            for method, operation in methods.items():
                routes.append(
                    f"<dt><code>{method.upper()} {escape(path)}</code></dt>"
                    f"<dd>{escape(operation['summary'])}. {escape(operation['description'])}</dd>"
                )
        info = openapi_schema["info"]
        return (
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{info['title']}</title>"
            f"<link rel=icon href=data:,><style>{_STYLE}</style>"
            f"<h1>{info['title']} {info['version']}</h1><p>{escape(info['description'])}</p>"
            f"<dl>{''.join(routes)}</dl>"
            "<p>As OpenAPI: <a href=/schema/openapi.json>openapi.json</a></p></html>"
        ).encode()
