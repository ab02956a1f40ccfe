"""The positive control: what the audit looks with must see what is there.

Each way to look is shown canaries of its own, where nothing hides them. What it does not see there,
it would not see in earnest either.
"""

import logging
import os
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from pipeline.audit.attempts import Attempts
from pipeline.audit.canaries import Aviary, Canary, sentences
from pipeline.audit.client import client
from pipeline.audit.recorder import ECHO
from pipeline.audit.rounds import Round
from pipeline.audit.scan import shown
from pipeline.audit.surroundings import Surroundings
from pipeline.core.jsonvalue import JsonObject
from pipeline.service.logs import event


async def blind_positions(control: Round) -> list[str]:
    """The positions and encodings at which a canary in clear text was not seen at the backend."""
    blind: dict[str, None] = {}
    async for row in control.positions():
        if row.outcome not in ("leaked", "passed"):
            blind[f"{row.position} ({row.canary})"] = None
    async for one in control.spellings():
        if one.outcome != "leaked":
            blind[f"the encoding {one.encoding} ({one.canary})"] = None
    return [*blind]


async def blind_spots(
    attempts: Attempts, aviary: Aviary, model: str, around: Surroundings
) -> list[str]:
    """The other places at which a canary was not seen."""
    seen = {**await _answers(attempts, aviary, model), **_outputs(around, aviary)}
    with tempfile.TemporaryDirectory() as folder:
        seen |= _files(around, aviary, Path(folder))
    return [f"{spot} ({one})" for spot, names in seen.items() for one in names]


async def _answers(attempts: Attempts, aviary: Aviary, model: str) -> dict[str, list[str]]:
    canaries = aviary.new()
    text = sentences(canaries)
    body: JsonObject = {"model": model, "messages": [{"role": "user", "content": text}]}
    recorder = attempts.recorder
    recorder.manner = "quote"
    error = await attempts.client.chat(body)
    recorder.manner, recorder.says = "reply", text
    reply = await attempts.client.chat({**body, "stream": True})
    recorder.says = ""
    recorder.take()
    async with client(recorder.url) as direct:
        answer = await direct.post("/control", b"", {ECHO: text})
    heads = b"".join(one.head for one in recorder.take())
    return {
        "error bodies": _missing(error.error, canaries),
        "other exchanges": _missing(reply.said, canaries),
        "headers to the backend": _missing(heads, canaries),
        "response headers": _missing(answer.head, canaries),
    }


def _outputs(around: Surroundings, aviary: Aviary) -> dict[str, list[str]]:
    logged, printed, raw = aviary.new(), aviary.new(), aviary.new()
    event("audit_control", logging.ERROR, text=sentences(logged))
    sys.stdout.write(sentences(printed))
    # As C libraries and child processes do.
    os.write(2, sentences(raw).encode())
    found = around.output()
    return {
        "the log": _missing(found, logged),
        "what Python prints": _missing(found, printed),
        "what child processes print": _missing(found, raw),
    }


def _files(around: Surroundings, aviary: Aviary, folder: Path) -> dict[str, list[str]]:
    plain, kept = aviary.new(), aviary.new()
    Path(folder, "plain").write_text(sentences(plain), "utf-8")
    with closing(sqlite3.connect(Path(folder, "database"))) as database, database:
        database.execute("CREATE TABLE kept (text TEXT)")
        database.execute("INSERT INTO kept VALUES (?)", (sentences(kept),))
    found = b"\n".join(content for _, content in around.files())
    return {"files": _missing(found, plain), "databases": _missing(found, kept)}


def _missing(data: bytes, canaries: Sequence[Canary]) -> list[str]:
    seen = shown(data, canaries)
    return [one.entity for one in canaries if one.entity not in seen]
