"""Compress pages as they are sent; random bytes blur what their length would tell of what they repeat."""

import re
import secrets
import struct

import zstandard
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers

LEVEL = 3
SHORTEST = 200
TAKES_ZSTANDARD = re.compile(r"\bzstd\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")
# A frame that every decoder skips: this number, how long it is, and that many bytes.
SKIPPED_FRAME = 0x184D2A50


class CompressionMiddleware(GZipMiddleware):
    """Send Zstandard to who takes it, for a tenth of gzip's time and fewer bytes.

    Leave alone what is sent piece by piece: a file of megabytes would hold a processor for seconds.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not isinstance(response, HttpResponse):
            return response
        takes = TAKES_ZSTANDARD.search(request.headers.get("Accept-Encoding", ""))
        if not takes or len(response.content) < SHORTEST or response.has_header("Content-Encoding"):
            return super().process_response(request, response)
        patch_vary_headers(response, ("Accept-Encoding",))
        compressed = _compressed(response.content, self.max_random_bytes)
        if len(compressed) >= len(response.content):
            return response
        response.content = compressed
        response["Content-Length"] = str(len(response.content))
        response["Content-Encoding"] = "zstd"
        tag = response.get("ETag", "")
        if tag.startswith('"'):
            response["ETag"] = f"W/{tag}"
        return response


def _compressed(content: bytes, most: int) -> bytes:
    """Return the content as one frame, and up to so many bytes to skip after it."""
    padding = bytes(secrets.randbelow(most))
    after = struct.pack("<II", SKIPPED_FRAME, len(padding)) + padding
    return zstandard.ZstdCompressor(level=LEVEL).compress(content) + after
