"""OpenAI's protocol, which most clients and servers speak: Chat Completions and Embeddings."""

from pipeline.dialects.openai.chat import OpenAIChat
from pipeline.dialects.openai.embeddings import OpenAIEmbeddings

__all__ = ["OpenAIChat", "OpenAIEmbeddings"]
