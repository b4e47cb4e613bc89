"""The statements of a build go down the same road as everyone's."""

from accounts.pipeline import Answer, Road, ask, tell, together

__all__ = ["Answer", "Road", "ask", "tell", "together"]
