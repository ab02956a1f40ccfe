"""The `context` plugin: tells the model what the client did not say."""

from plugins.context.plugin import Context

__all__ = ["Context"]
