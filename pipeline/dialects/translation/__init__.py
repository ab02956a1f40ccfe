"""Translators between wire protocols, with OpenAI's chat as the common tongue."""

from pipeline.dialects.translation.upstream import translated

__all__ = ["translated"]
