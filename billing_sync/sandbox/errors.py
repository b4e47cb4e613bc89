"""Errors as Stripe's API words them."""

from typing import Any

DOCS = "https://docs.stripe.com/error-codes"


class ApiError(Exception):
    """Carry a status and the body of an error answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        error: dict[str, Any] = {"message": message, "type": kind}
        if code is not None:
            error |= {"code": code, "doc_url": f"{DOCS}/{code.replace('_', '-')}"}
        if param is not None:
            error["param"] = param
        self.body: dict[str, Any] = {"error": error}

    @property
    def reason(self) -> str | None:
        """Return why there were too many requests, where that is the case."""
        named = dict(self.headers).get("Stripe-Rate-Limited-Reason")
        return named or (self.body["error"].get("code") if self.status == 429 else None)


class OAuthError(ApiError):
    """Carry a refusal as OAuth words it: a name and a description."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(status, description)
        self.body = {"error": error, "error_description": description}


def missing(what: str, identity: str, param: str = "id", status: int = 404) -> ApiError:
    """Return the refusal for an object that does not exist."""
    message = f"No such {what.replace('_', ' ')}: '{identity}'"
    return ApiError(status, message, code="resource_missing", param=param)


def unknown_parameter(name: str) -> ApiError:
    """Return the refusal for a parameter that the endpoint does not know."""
    return ApiError(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def invalid_integer(name: str, value: str) -> ApiError:
    """Return the refusal for a number that is none."""
    return ApiError(400, f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)


def unrecognized(method: str, path: str) -> ApiError:
    """Return the refusal for an address that the API does not have."""
    return ApiError(
        404,
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs "
        "or we can help at https://support.stripe.com/.",
    )


def too_many(reason: str, retry_after: int = 0) -> ApiError:
    """Return the refusal of a request over the limits; the reason travels in a header."""
    return ApiError(
        429,
        "Request rate limit exceeded. Learn more about rate limits here https://docs.stripe.com/rate-limits.",
        code="rate_limit",
        headers=(("Stripe-Rate-Limited-Reason", reason), *waiting(retry_after)),
    )


def waiting(seconds: int) -> tuple[tuple[str, str], ...]:
    """Return the header that asks a client to wait, if it is to."""
    return (("Retry-After", str(seconds)),) if seconds else ()
