"""Anthropic's Messages, the protocol of its own clients and of some servers beside OpenAI's."""

from pipeline.dialects.anthropic.messages import AnthropicMessages

__all__ = ["AnthropicMessages"]
