"""The statements of a build go down the same road as everyone's, and their lists as everyone's arrays."""

from accounts.pipeline import Answer, Road, ask, tell, together
from billing_sync.mirror.arrays import packed

__all__ = ["Answer", "Road", "ask", "packed", "tell", "together"]
