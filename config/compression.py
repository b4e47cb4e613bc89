"""Compress pages as they are sent; random bytes blur what their length would tell of what they repeat."""

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressionMiddleware(GZipMiddleware):
    """Leave alone what is sent piece by piece: a file of megabytes would hold a processor for seconds."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return response if response.streaming else super().process_response(request, response)
