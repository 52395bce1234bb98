"""The typed methods as an OpenAPI document, for clients in other languages: made of the code, and of nothing else."""

from .document import document

__all__ = ["document"]
