"""What users of the `openai` package do, in its old majors and its current one.

Run as `script.py BASE_URL LETTER`; prints a JSON object with what each call gave.
"""

import json
import sys

import openai

TOOL = {
    "type": "function",
    "function": {
        "name": "send_mail",
        "description": "Sends an e-mail.",
        "parameters": {"type": "object", "properties": {"to": {"type": "string"}}},
    },
}


def main(url, letter):
    """Make every call and print the results."""
    client = openai.OpenAI(base_url=url, api_key="of-the-client", max_retries=0)
    asked = {"model": "letter", "messages": [{"role": "user", "content": letter}]}
    tool = {**asked, "model": "tool", "tools": [TOOL]}
    results = {
        "version": openai.__version__,
        "models": [model.id for model in client.models.list()],
        "whole": whole(client, asked),
        "stream": streamed(client, asked),
        "two": whole(client, {**asked, "n": 2}),
        "two_stream": streamed(client, {**asked, "n": 2}),
        "tool": whole(client, tool),
        "tool_stream": streamed(client, tool),
        "answered": whole(client, {**tool, "messages": after_tool_call(letter)}),
        "embedded": streamed(client, {**asked, "model": "embedded"}),
        "vectors": vectors(client, letter),
        "errors": {
            "unknown model": error(client, {**asked, "model": "nobody"}),
            "unreadable": error(client, asked, extra_body={"messages": {}}),
            "picture": error(client, {**asked, "messages": [picture()]}),
            "refused upstream": error(client, {**asked, "model": "refused"}),
            "busy upstream": error(client, {**asked, "model": "busy"}),
        },
    }
    json.dump(results, sys.stdout)


def vectors(client, letter):
    """Embeddings as the package asks for them by itself, packed, and as plain numbers."""
    packed = client.embeddings.create(model="embedded", input=[letter, "another text"])
    plain = client.embeddings.create(
        model="embedded", input=[letter, "another text"], encoding_format="float"
    )
    return {
        "same": all(
            abs(one - other) < 1e-6
            for mine, yours in zip(packed.data, plain.data, strict=True)
            for one, other in zip(mine.embedding, yours.embedding, strict=True)
        ),
        "sizes": [len(one.embedding) for one in packed.data],
        "tokens": packed.usage.total_tokens,
    }


def whole(client, asked):
    """A reply that comes in one piece."""
    reply = client.chat.completions.create(**asked)
    return {
        "texts": [choice.message.content for choice in reply.choices],
        "calls": [
            [call.function.name, call.function.arguments]
            for choice in reply.choices
            for call in choice.message.tool_calls or []
        ],
        "finish": [choice.finish_reason for choice in reply.choices],
        "tokens": reply.usage.total_tokens,
    }


def streamed(client, asked):
    """The same, from a stream, and in how many pieces it came."""
    texts, names, arguments, finish = {}, {}, {}, {}
    pieces, tokens = 0, None
    options = {"stream": True, "stream_options": {"include_usage": True}}
    for chunk in client.chat.completions.create(**asked, **options):
        tokens = chunk.usage.total_tokens if chunk.usage else tokens
        for choice in chunk.choices:
            if choice.delta.content:
                pieces += 1
                texts[choice.index] = texts.get(choice.index, "") + choice.delta.content
            for call in choice.delta.tool_calls or []:
                pieces += 1
                names[call.index] = names.get(call.index) or call.function.name
                arguments[call.index] = arguments.get(call.index, "") + call.function.arguments
            finish[choice.index] = choice.finish_reason or finish.get(choice.index)
    return {
        "texts": [texts.get(index) for index in sorted(finish)],
        "calls": [[names[index], arguments[index]] for index in sorted(names)],
        "finish": [finish[index] for index in sorted(finish)],
        "tokens": tokens,
        "pieces": pieces,
    }


def error(client, asked, **more):
    """The class and status of the error that a call raises."""
    try:
        client.chat.completions.create(**asked, **more)
    except openai.APIStatusError as problem:
        return [type(problem).__name__, problem.status_code, problem.code]
    return None


def picture():
    """A message with what cannot be inspected."""
    url = "data:image/png;base64,iVBORw0KGgo="
    return {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}


def after_tool_call(letter):
    """A conversation in which a tool was called and has answered."""
    call = {"name": "send_mail", "arguments": '{"to": "anna.berg@example.org"}'}
    return [
        {"role": "user", "content": letter},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "sent to anna.berg@example.org"},
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
