"""What the plugin hides and restores stands in the receipt, by kind and place."""

from pipeline import testing
from pipeline.core.chain import Chain
from pipeline.core.exchange import Exchange
from pipeline.core.request import Request
from pipeline.dialects.openai import OpenAIChat
from plugins.secrets import Secrets


def test_secrets_are_noted():
    dialect = OpenAIChat()
    body = {"model": "m", "messages": [{"role": "user", "content": "password: kR7#mm2!pQ9z"}]}

    async def work(chain: Chain) -> Exchange:
        exchange = Exchange(dialect=dialect.name)
        async with chain.open(exchange) as steps:
            await steps.request(Request(body, dialect.layout, dialect.add_context))
        return exchange

    with testing.started(Secrets()) as started:
        receipt = started.run(work).receipt
    found = [one for notes in receipt.plugins.values() for one in notes.found]
    assert [(one.path, one.entity, one.action) for one in found] == [
        ("messages[0].content", "PASSWORD", "replace")
    ]
