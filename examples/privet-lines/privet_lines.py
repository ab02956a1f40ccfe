"""A backend for a model in the own house that streams JSON lines.

`POST URL/generate` with `{"prompt", "max"}` gives lines `{"text"}` and at last `{"stop", "in",
"out"}`; `POST URL/count` with `{"prompt"}` gives `{"tokens"}`; `GET URL/models` a list of names.
"""

import httpx
import msgspec

from pipeline import Backend, Event, Rejected, Reply, Tokens, UpstreamFailed, UpstreamTimeout

KNOWN = set("model messages stream stream_options max_tokens max_completion_tokens".split())
SAYS = {"end": "stop", "length": "length"}


class Lines(Backend, frozen=True, kw_only=True):
    """A server that streams JSON lines."""

    url: str
    """Where it is, such as `http://127.0.0.1:9000`."""

    silence: float = 60.0
    """Seconds that it may take for a connection, and between two lines."""

    @property
    def streams(self):
        return "always"

    def problems(self):
        web = self.url.startswith(("http://", "https://"))
        return [] if web else ["url: neither http nor https; write the whole address"]

    async def start(self, stack):
        client = httpx.AsyncClient(base_url=self.url, timeout=self.silence, trust_env=False)
        return Asking(await stack.enter_async_context(client))


class Asking:
    def __init__(self, client):
        self.client = client

    async def send(self, call):
        most = call.body.get("max_completion_tokens", call.body.get("max_tokens", 500))
        body = {"prompt": prompt(call.body), "max": most}
        request = self.client.build_request("POST", "/generate", json=body)
        answer = await self.asked(self.client.send(request, stream=True))
        return Reply(200, self.events(answer, call.body["model"]))

    async def probe(self):
        await self.models()

    async def models(self):
        answer = await self.asked(self.client.get("/models"))
        return msgspec.json.decode(answer.content, type=list[str])

    async def count(self, call):
        answer = await self.asked(self.client.post("/count", json={"prompt": prompt(call.body)}))
        return Tokens(msgspec.json.decode(answer.content)["tokens"], "provider")

    async def asked(self, asking):
        try:
            return (await asking).raise_for_status()
        except httpx.ConnectError:
            raise UpstreamFailed("the model is away; start it", unprocessed=True) from None
        except httpx.TimeoutException:
            raise UpstreamTimeout("the model says nothing; raise `silence`") from None
        except httpx.HTTPError:
            raise UpstreamFailed("the model failed; see its log") from None

    async def events(self, answer, model):
        try:
            async for line in answer.aiter_lines():
                said = msgspec.json.decode(line)
                if "text" in said:
                    yield chunk(model, {"content": said["text"]})
                else:
                    yield chunk(model, {}, SAYS[said["stop"]])
                    yield chunk(model, None, None, usage(said["in"], said["out"]))
                    yield Event(b"[DONE]")
        except (httpx.HTTPError, msgspec.MsgspecError, KeyError):
            raise UpstreamFailed("the model broke off; see its log") from None
        finally:
            await answer.aclose()


def prompt(body):
    if refused := sorted(body.keys() - KNOWN):
        raise Rejected(f"`{refused[0]}`: the model knows nothing of it; leave it out")
    if not all(isinstance(one.get("content"), str) for one in body["messages"]):
        raise Rejected("`messages`: the model takes plain text only; send no parts")
    return "\n".join(f"{one['role']}: {one['content']}" for one in body["messages"])


def chunk(model, delta, stop=None, usage=None):
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": stop}]
    data = {"object": "chat.completion.chunk", "model": model, "choices": choices}
    return Event(msgspec.json.encode({**data, "usage": usage} if usage else data))


def usage(sent, made):
    return {"prompt_tokens": sent, "completion_tokens": made, "total_tokens": sent + made}
