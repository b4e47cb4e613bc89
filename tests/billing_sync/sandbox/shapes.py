"""Check an object strictly against the installed SDK's annotations and the table of required keys."""

import json
import sys
import typing
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from importlib import import_module
from pathlib import Path
from types import NoneType
from typing import Any, ForwardRef, Literal, Union

import stripe
from stripe import ListObject, StripeObject
from stripe._object_classes import OBJECT_CLASSES

REQUIRED: dict[str, list[str]] = json.loads(Path(__file__).with_name("required_keys.json").read_text())[
    "required"
]
LIST_KEYS = {"object", "data", "has_more", "url", "total_count"}


def referred(name: str) -> Any:
    """Return the class that a forward reference means, or anything where the SDK has none."""
    return getattr(stripe, name.removesuffix("Resource"), Any)


class Names(dict[str, Any]):
    """Resolve the names that the SDK's modules import for type checkers only."""

    def __missing__(self, name: str) -> Any:
        return referred(name)


def class_of(name: str) -> type[StripeObject]:
    """Return the SDK's class for an `object` name."""
    module, found = OBJECT_CLASSES[name]
    cls: type[StripeObject] = getattr(import_module(module), found)
    return cls


KNOWN: dict[str, dict[str, Any]] = {}


def hints(cls: type[StripeObject]) -> dict[str, Any]:
    """Return a class's annotations, resolved."""
    name = f"{cls.__module__}.{cls.__qualname__}"
    if name not in KNOWN:
        KNOWN[name] = _resolved(cls)
    return KNOWN[name]


def _resolved(cls: type[StripeObject]) -> dict[str, Any]:
    names = Names(vars(sys.modules[cls.__module__]))
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.startswith("stripe.") and base is not StripeObject:
            for name, hint in vars(base).get("__annotations__", {}).items():
                found[name] = eval(hint, {}, names) if isinstance(hint, str) else hint
    return {name: hint for name, hint in found.items() if not name.startswith("_") and name != "OBJECT_NAME"}


def errors(shown: dict[str, Any]) -> list[str]:
    """Return what is wrong with an object, each as `path: what`."""
    if shown.get("deleted"):
        return [] if set(shown) == {"id", "object", "deleted"} else ["deleted: unknown keys"]
    return list(_object(shown, class_of(shown["object"]), shown["object"]))


def _table_name(cls: type[StripeObject]) -> str:
    name: str = getattr(cls, "OBJECT_NAME", cls.__qualname__)
    return "Address" if name.endswith("Address") else name


def _object(shown: Any, cls: type[StripeObject], path: str) -> Iterator[str]:
    if not isinstance(shown, dict):
        yield f"{path}: {shown!r} is no object"
        return
    known = hints(cls)
    name = _table_name(cls)
    if name not in REQUIRED:
        yield f"{path}: the table has no required keys for {name}"
    yield from (f"{path}.{key}: missing" for key in REQUIRED.get(name, []) if key not in shown)
    for key, value in shown.items():
        if key not in known:
            yield f"{path}.{key}: unknown key"
        elif (name, key) != ("event", "data"):
            yield from _value(value, known[key], f"{path}.{key}")


def _value(value: Any, hint: Any, path: str) -> Iterator[str]:
    if isinstance(hint, ForwardRef):
        hint = referred(hint.__forward_arg__)
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in GENERIC:
        yield from GENERIC[origin](value, inside, path)
    elif origin is dict or _untyped(hint, origin):
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no mapping"
    elif isinstance(hint, type) and issubclass(hint, StripeObject):
        yield from _object(value, hint, path)
    elif not _plain(value, hint):
        yield f"{path}: {value!r} is no {hint}"


def _untyped(hint: Any, origin: Any) -> bool:
    return "UntypedStripeObject" in f"{hint}{origin}"


def _union(value: Any, options: tuple[Any, ...], path: str) -> Iterator[str]:
    if isinstance(value, str) and any(typing.get_origin(option) is Literal for option in options):
        options = tuple(option for option in options if option is not str)
    found = [list(_value(value, option, path)) for option in options]
    if all(found):
        yield from max(found, key=lambda wrong: max(len(one.split(":")[0]) for one in wrong))


def _literal(value: Any, options: tuple[Any, ...], path: str) -> Iterator[str]:
    if value not in options:
        yield f"{path}: {value!r} is none of {options}"


def _list(value: Any, inside: tuple[Any, ...], path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: {value!r} is no list"
        return
    for number, one in enumerate(value):
        yield from _value(one, inside[0], f"{path}[{number}]")


def _embedded(value: Any, inside: tuple[Any, ...], path: str) -> Iterator[str]:
    if not isinstance(value, dict) or value.get("object") != "list":
        yield f"{path}: {value!r} is no list object"
        return
    yield from (f"{path}.{key}: unknown key" for key in value.keys() - LIST_KEYS)
    yield from (f"{path}.{key}: missing" for key in LIST_KEYS - {"total_count"} - value.keys())
    yield from _list(value.get("data"), inside, f"{path}.data")


GENERIC: dict[Any, Callable[[Any, tuple[Any, ...], str], Iterator[str]]] = {
    Union: _union,
    Literal: _literal,
    list: _list,
    ListObject: _embedded,
}


def _plain(value: Any, hint: Any) -> bool:
    if hint is Any:
        return True
    if hint is NoneType:
        return value is None
    if hint is Decimal:
        return isinstance(value, str) and _decimal(value)
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return type(value) is hint


def _decimal(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False
