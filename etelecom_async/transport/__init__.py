"""The interface between the SDK and HTTP: `Request` in, `Response` out.

`AiohttpTransport`, the default, is in `etelecom_async.transport.aiohttp`: importing the SDK does not import aiohttp.
"""

from .base import ChecksUrl, Pooled, Request, Response, StreamedBody, Transport

__all__ = ["ChecksUrl", "Pooled", "Request", "Response", "StreamedBody", "Transport"]
