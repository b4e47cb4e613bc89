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
        self.body: dict[str, Any] = {"message": message, "type": kind}
        if code is not None:
            self.body |= {"code": code, "doc_url": f"{DOCS}/{code.replace('_', '-')}"}
        if param is not None:
            self.body["param"] = param


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
