"""Parameters of a write, as a form carries them."""

from collections.abc import Collection

from .errors import ApiError, unknown_parameter
from .listing import Values


def check_names(form: Values, known: Collection[str]) -> None:
    """Refuse a parameter that is not known."""
    for raw in form:
        if raw.partition("[")[0] not in known:
            raise unknown_parameter(raw)


def one(form: Values, name: str) -> str | None:
    """Return a parameter's value, or None where it was not sent."""
    return form[name][-1] if name in form else None


def flag(form: Values, name: str) -> bool | None:
    """Return a parameter that is true or false, or None where it was not sent."""
    value = one(form, name)
    if value not in (None, "true", "false"):
        raise ApiError(400, f"Invalid boolean: {value}", code="parameter_invalid_string", param=name)
    return None if value is None else value == "true"


def several(form: Values, name: str) -> list[str]:
    """Return a list's values: `name[0]=a&name[1]=b` or `name[]=a&name[]=b`."""
    keys = sorted((raw for raw in form if raw.startswith(f"{name}[")), key=lambda raw: (len(raw), raw))
    return [value for raw in keys for value in form[raw]]


def mapped(form: Values, name: str) -> dict[str, str]:
    """Return a mapping's values: `name[key]=value`."""
    start = f"{name}["
    return {raw[len(start) : -1]: form[raw][-1] for raw in form if raw.startswith(start)}


def required(name: str) -> ApiError:
    """Return the refusal of a write that lacks a parameter."""
    return ApiError(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
