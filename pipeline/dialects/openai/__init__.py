"""OpenAI's Chat Completions, the protocol that most clients and servers speak."""

from pipeline.dialects.openai.chat import OpenAIChat

__all__ = ["OpenAIChat"]
