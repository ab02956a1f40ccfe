"""The routes, and what becomes of a request that fits none of them."""

from collections.abc import Mapping

from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException, MethodNotAllowedException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp, Receive, Scope, Send

from pipeline.core.dialect import Dialect
from pipeline.core.errors import BadRequest, PrivetError
from pipeline.core.exchange import new_id
from pipeline.dialects.known import dialects as known_dialects
from pipeline.service.conversation import Conversation
from pipeline.service.counting import Count
from pipeline.service.errors import NotAllowed, NotFound, Unexpected, told
from pipeline.service.gate import Gate
from pipeline.service.health import Health, Live, Overview, Ready
from pipeline.service.inspection import Inspect
from pipeline.service.logs import failure
from pipeline.service.models import AnthropicModels, Models, anthropic_models
from pipeline.service.models import models as listed
from pipeline.service.openapi import (
    ChatOperation,
    CountOperation,
    EmbeddingsOperation,
    InspectOperation,
    MessagesOperation,
    openapi,
)
from pipeline.service.wire import EXCHANGE_HEADER, NO_STORE

ANTHROPIC_VERSION = "anthropic-version"
"""The header by which Anthropic's clients are known."""


_CHAT, _EMBEDDINGS, _MESSAGES = "/v1/chat/completions", "/v1/embeddings", "/v1/messages"


def create_app(gate: Gate) -> ASGIApp:
    """The service's ASGI application. It answers at once; `gate` says when it is ready."""
    dialects = known_dialects()
    litestar = _litestar(gate, dialects)
    names = {_CHAT: "openai", _EMBEDDINGS: "openai-embeddings", _MESSAGES: "anthropic"}
    conversations = {path: dialects[name] for path, name in names.items()}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # Litestar's way to the same handler takes 35 microseconds, a tenth of a request.
        is_post = scope["type"] == "http" and scope["method"] == "POST"
        dialect = conversations.get(scope["path"]) if is_post else None
        if dialect is None:
            await litestar(scope, receive, send)
        else:
            await Conversation(gate, dialect)(scope, receive, send)

    return app


def _litestar(gate: Gate, dialects: Mapping[str, Dialect]) -> Litestar:
    return Litestar(
        route_handlers=[
            *_chat(gate, dialects["openai"]),
            _embeddings(gate, dialects["openai-embeddings"]),
            *_messages(gate, dialects["anthropic"]),
            *_privet(gate, dialects),
            *_health(Health(gate)),
        ],
        exception_handlers={Exception: _Failures(dialects)},
        openapi_config=openapi(),
        # Bodies are bounded where they are read; Litestar's own logging would print what it sees.
        request_max_body_size=None,
        logging_config=None,
        debug=False,
    )


def _chat(gate: Gate, dialect: Dialect) -> list[HTTPRouteHandler]:
    @post(
        _CHAT,
        status_code=200,
        summary="Create a chat completion",
        operation_class=ChatOperation,
    )
    async def chat_completions() -> ASGIApp:
        """OpenAI's protocol, through the pipeline that the model's route names."""
        return Conversation(gate, dialect)

    @get("/v1/models", summary="List models")
    async def models(request: Request[object, object, State]) -> Models | AnthropicModels:
        """The models that the configuration names exactly, as the client's protocol lists them."""
        if ANTHROPIC_VERSION in request.headers:
            return anthropic_models(gate.running)
        return listed(gate.running)

    return [chat_completions, models]


def _embeddings(gate: Gate, dialect: Dialect) -> HTTPRouteHandler:
    @post(
        _EMBEDDINGS,
        status_code=200,
        summary="Create embeddings",
        operation_class=EmbeddingsOperation,
    )
    async def embeddings() -> ASGIApp:
        """OpenAI's protocol, through the pipeline that the model's route names."""
        return Conversation(gate, dialect)

    return embeddings


def _messages(gate: Gate, dialect: Dialect) -> list[HTTPRouteHandler]:
    @post(
        _MESSAGES,
        status_code=200,
        summary="Create a message",
        operation_class=MessagesOperation,
    )
    async def messages() -> ASGIApp:
        """Anthropic's protocol, through the pipeline that the model's route names."""
        return Conversation(gate, dialect)

    @post(
        "/v1/messages/count_tokens",
        status_code=200,
        summary="Count the tokens of a message",
        operation_class=CountOperation,
    )
    async def count_tokens() -> ASGIApp:
        """Counted as the backend would get it, by the backend if that counts, else estimated."""
        return Count(gate, dialect)

    return [messages, count_tokens]


def _privet(gate: Gate, dialects: Mapping[str, Dialect]) -> list[HTTPRouteHandler]:
    @post(
        "/privet/inspect",
        status_code=200,
        summary="Show what would become of a request",
        operation_class=InspectOperation,
    )
    async def inspect() -> ASGIApp:
        """A dry run: each step's text before and after, and the receipt. No backend is asked."""
        return Inspect(gate, dialects)

    @get("/privet/receipts/{id:str}", summary="Read a receipt")
    async def receipt(id: FromPath[str]) -> Response[bytes]:
        """What was done in an exchange, by names and counts; the id is in its reply's headers."""
        found = await gate.receipt(id)
        if found is None:
            raise NotFound("there is no receipt of this id, or no longer")
        return Response(found, media_type="application/json", headers=NO_STORE)

    return [inspect, receipt]


def _health(health: Health) -> list[HTTPRouteHandler]:
    @get("/health/live", summary="Liveness")
    async def live() -> Response[Live]:
        """200 as long as the process answers at all."""
        return health.live()

    @get("/health/ready", summary="Readiness")
    async def ready() -> Response[Ready]:
        """200 if requests are served, 503 while starting, draining or without any backend."""
        return await health.ready()

    @get("/health", summary="State of the backends")
    async def overview() -> Response[Overview]:
        """How each backend stands: running, degraded, failed or stopped, since when and why."""
        return await health.overview()

    return [live, ready, overview]


class _Failures:
    """Answers whatever went wrong outside an exchange, in the dialect of the path."""

    def __init__(self, dialects: Mapping[str, Dialect]):
        self._dialects = dialects

    def __call__(
        self, request: Request[object, object, State], error: Exception
    ) -> Response[bytes]:
        shown = _public(error)
        if isinstance(shown, Unexpected):
            failure("unexpected", error)
        name = "anthropic" if _is_messages(request) else "openai"
        body, headers = told(self._dialects[name], shown)
        allowed = error.headers if isinstance(error, MethodNotAllowedException) else None
        return Response(
            body,
            status_code=shown.status,
            media_type="application/json",
            headers={**(allowed or {}), **headers, EXCHANGE_HEADER: new_id()},
        )


def _is_messages(request: Request[object, object, State]) -> bool:
    path = request.scope["path"]
    return path.startswith("/v1/messages") or ANTHROPIC_VERSION in request.headers


def _public(error: Exception) -> PrivetError:
    """What a client may be told of an error; what Litestar says may quote the request."""
    if isinstance(error, PrivetError):
        return error
    match error.status_code if isinstance(error, HTTPException) else 500:
        case 404:
            return NotFound(
                "there is nothing here; chat is at `POST /v1/chat/completions` and "
                "`POST /v1/messages`"
            )
        case 405:
            return NotAllowed("this path does not take this method; see the header `allow`")
        case status if status < 500:
            return BadRequest("the request is not valid HTTP for this service")
        case _:
            return Unexpected()
