"""Which HTTP transport a backend should use: requests a second, and streamed chunks a second.

    python benchmarks/transports.py [--seconds 3] [--runs 3] [--only NAME]

The upstream is a minimal server in a process of its own. Every run is a process of its own too, and
the figures are medians over the runs, interleaved so that a busy machine is unfair to nobody. A
stream is read in the pieces that the transport gives; only Privet's own backend, which is built on
the chosen transport, also decodes the events.

Measured on two cores shared with other work (load 8 to 9), 16 connections, 1.5 seconds:

                            requests/s   ratio      chunks/s   ratio
    httpx.AsyncClient              532    1.00        33,269    1.00
    httpx transport                231    0.44        33,882    1.02
    httpx-aiohttp transport      1,821    3.42        98,270    2.95
    Privet's transport           3,360    6.32       133,631    4.02
    Privet's openai backend      1,673    3.15       108,625    3.27
    aiohttp                      3,135    5.90       132,544    3.98

On a quieter machine (load 2.5 to 4.4) pyreqwest, which takes part where it is installed, gave 1.2
times aiohttp's requests and 1.1 times its chunks.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from importlib.util import find_spec

import aiohttp
import httpx
import uvloop
from httpx_aiohttp import AiohttpTransport

from pipeline import Call, Exchange, Upstream
from pipeline.backends.client import tls
from pipeline.backends.openai import OpenAI
from pipeline.backends.sockets import Sockets
from pipeline.core.jsonvalue import JsonObject, decode_object

BODY = json.dumps(
    {"model": "m", "messages": [{"role": "user", "content": "x" * 500}], "stream": False}
).encode()
REPLY = json.dumps(
    {"id": "1", "choices": [{"message": {"role": "assistant", "content": "y" * 500}}]}
).encode()
CHUNK = b"data: " + json.dumps({"id": "1", "choices": [{"delta": {"content": "word "}}]}).encode()
CHUNK += b"\n\n"
CHUNKS_PER_WRITE = 4
WRITES = 500

Ask = Callable[[str], AsyncIterator[bytes]]
"""Sends one request to a URL and gives the pieces of the reply."""


async def serve() -> None:
    """Answer `/whole` with a JSON body and `/stream` with many small chunks, for ever."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: "
    whole = head + b"application/json\r\ncontent-length: %d\r\n\r\n" % len(REPLY) + REPLY
    start = head + b"text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    piece = (b"%x\r\n" % len(CHUNK) + CHUNK + b"\r\n") * CHUNKS_PER_WRITE

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                request = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                writer.close()
                return
            lines = dict(
                line.lower().split(b": ", 1) for line in request.splitlines() if b": " in line
            )
            await reader.readexactly(int(lines.get(b"content-length", b"0")))
            if b"/whole" in request[:40]:
                writer.write(whole)
                continue
            writer.write(start)
            for _ in range(WRITES):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            writer.write(b"0\r\n\r\n")

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def driven(transport: httpx.AsyncBaseTransport, *, given: bool = False) -> Ask:
    """A transport called directly; with `given` the body is a stream, as Privet's client gives it,
    of which httpx asks nothing.
    """
    extensions = {"timeout": {"connect": 5.0, "pool": 5.0}}
    headers = httpx.Headers(HEADERS)
    urls: dict[str, httpx.URL] = {}

    async def ask(url: str) -> AsyncIterator[bytes]:
        parsed = urls.get(url) or urls.setdefault(url, httpx.URL(url))
        content = None if given else BODY
        request = httpx.Request(
            "POST",
            parsed,
            content=content,
            stream=httpx.ByteStream(BODY) if given else None,
            headers=headers,
            extensions=extensions,
        )
        response = await transport.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        try:
            async for piece in response.stream:
                yield piece
        finally:
            await response.stream.aclose()

    return ask


HEADERS = {"content-type": "application/json", "accept-encoding": "identity"}


async def with_httpx(stack: AsyncExitStack) -> Ask:
    return driven(await stack.enter_async_context(httpx.AsyncHTTPTransport(trust_env=False)))


async def with_httpx_client(stack: AsyncExitStack) -> Ask:
    client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))

    async def ask(url: str) -> AsyncIterator[bytes]:
        async with client.stream("POST", url, content=BODY, headers=HEADERS) as response:
            async for piece in response.aiter_raw():
                yield piece

    return ask


async def with_httpx_aiohttp(stack: AsyncExitStack) -> Ask:
    return driven(await stack.enter_async_context(AiohttpTransport(trust_env=False)))


async def with_sockets(stack: AsyncExitStack) -> Ask:
    transport = Sockets(1024, 5.0, tls(verify=True, ca=None))
    return driven(await stack.enter_async_context(transport), given=True)


async def with_aiohttp(stack: AsyncExitStack) -> Ask:
    timeout = aiohttp.ClientTimeout(sock_connect=5.0, connect=5.0)
    session = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))

    async def ask(url: str) -> AsyncIterator[bytes]:
        async with session.post(url, data=BODY, headers=HEADERS) as response:
            async for piece in response.content.iter_any():
                yield piece

    return ask


async def with_privet(stack: AsyncExitStack) -> Ask:
    upstreams: dict[str, Upstream] = {}
    body: JsonObject = decode_object(BODY)

    async def ask(url: str) -> AsyncIterator[bytes]:
        if url not in upstreams:
            options = OpenAI(url=url)
            upstreams[url] = await options.start(stack)
        reply = await upstreams[url].send(Call("openai", body, "stream" in url, Exchange()))
        async for _event in reply.events:
            yield CHUNK

    return ask


async def with_pyreqwest(stack: AsyncExitStack) -> Ask:
    from pyreqwest.client import ClientBuilder  # pyright: ignore

    client = await stack.enter_async_context(ClientBuilder().build())

    async def ask(url: str) -> AsyncIterator[bytes]:
        request = client.post(url).headers(HEADERS).body_bytes(BODY).build_streamed()
        async with request as response:
            while piece := await response.body_reader.read_chunk():
                yield bytes(piece)

    return ask


WAYS: dict[str, Callable[[AsyncExitStack], Awaitable[Ask]]] = {
    "httpx.AsyncClient": with_httpx_client,
    "httpx transport": with_httpx,
    "httpx-aiohttp transport": with_httpx_aiohttp,
    "Privet's transport": with_sockets,
    "Privet's openai backend": with_privet,
    "aiohttp": with_aiohttp,
    "pyreqwest": with_pyreqwest,
}


async def measure(name: str, url: str, connections: int, seconds: float) -> float:
    """Requests (or, of streams, chunks) a second over a number of connections."""
    stream = url.endswith("stream")
    count = 0
    async with AsyncExitStack() as stack:
        ask = await WAYS[name](stack)

        async def work(until: float) -> None:
            nonlocal count
            while time.perf_counter() < until:
                size = 0
                async for piece in ask(url):
                    size += len(piece)
                count += size // len(CHUNK) if stream else 1

        async def all_of_them(seconds: float) -> float:
            nonlocal count
            count, start = 0, time.perf_counter()
            async with asyncio.TaskGroup() as tasks:
                for _ in range(connections):
                    tasks.create_task(work(start + seconds))
            return count / (time.perf_counter() - start)

        await all_of_them(seconds / 5)  # warm up
        return await all_of_them(seconds)


def run(*arguments: str) -> float:
    """One measurement in a process of its own."""
    command = [sys.executable, __file__, *arguments]
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def main() -> None:
    """Measure all and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--only", choices=WAYS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs=2, metavar=("NAME", "URL"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        uvloop.run(serve())
        return
    if options.measure:
        name, url = options.measure
        print(uvloop.run(measure(name, url, options.connections, options.seconds)))
        return
    server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        base = f"http://127.0.0.1:{int(server.stdout.readline())}"
        names = [options.only] if options.only else list(WAYS)
        if find_spec("pyreqwest") is None:
            names = [name for name in names if name != "pyreqwest"]
        found: dict[tuple[str, str], list[float]] = {}
        for _ in range(options.runs):
            for path in ("whole", "stream"):
                for name in names:
                    figure = run(
                        *("--measure", name, f"{base}/{path}"),
                        *("--connections", str(options.connections)),
                        *("--seconds", str(options.seconds)),
                    )
                    found.setdefault((name, path), []).append(figure)
    finally:
        server.terminate()
        server.wait()
    report(names, {key: statistics.median(figures) for key, figures in found.items()}, options)


def report(names: list[str], medians: dict[tuple[str, str], float], options: object) -> None:
    """Print the medians, and each as a multiple of the first."""
    print(f"{os.cpu_count()} cores, {vars(options)}")
    print(f"{'':26}{'requests/s':>12}{'ratio':>8}{'chunks/s':>14}{'ratio':>8}")
    first = names[0]
    for name in names:
        whole, stream = medians[name, "whole"], medians[name, "stream"]
        print(
            f"{name:26}{whole:12,.0f}{whole / medians[first, 'whole']:8.2f}"
            f"{stream:14,.0f}{stream / medians[first, 'stream']:8.2f}"
        )


if __name__ == "__main__":
    main()
