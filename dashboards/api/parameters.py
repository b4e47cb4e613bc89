"""The parameters of requests: each is written in one way, and a wrong one is told how."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import BeforeValidator, Field, WithJsonSchema

from metrics.periods import parse_day, parse_month

KINDS = Literal["new", "expansion", "contraction", "reactivation", "churn"]
MOST, MOST_LARGE = 1000, 100
DEFAULT, FEW = 100, 25
MOST_MONTHS = 1200
EARLIEST = 1900


def day_in(text: Any) -> date:
    return parse_day(_ascii(text))


def month_in(text: Any) -> date:
    found = parse_month(_ascii(text))
    if found.year < EARLIEST:
        raise ValueError(_("Nothing was sold by subscription before 1900."))
    return found


def number_in(text: Any) -> int:
    if not (isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 6):
        raise ValueError(_("Write a whole number in digits, such as 100."))
    return int(text)


def currency_in(text: Any) -> str:
    if not (_ascii(text).isalpha() and text.islower() and len(text) == 3):
        raise ValueError(_("A currency is three small letters, such as eur."))
    return str(text)


def word_in(text: Any) -> str:
    if not (isinstance(text, str) and text.isprintable() and 0 < len(text) <= 255):
        raise ValueError(_("Write up to 255 printable characters."))
    return text


def cursor_in(text: Any) -> str:
    if not (0 < len(_ascii(text)) <= 4000 and all(one.isalnum() or one in "-_" for one in text)):
        raise ValueError(_("A cursor is taken from `next` as it is."))
    return str(text)


def flag_in(text: Any) -> bool:
    if text not in ("true", "false"):
        raise ValueError(_("Write true or false."))
    return bool(text == "true")


def _ascii(text: Any) -> str:
    return text if isinstance(text, str) and text.isascii() else ""


def shown(**schema: Any) -> WithJsonSchema:
    """Say in the document how a parameter is written."""
    return WithJsonSchema(schema)


MONTH = "^(19|[2-9][0-9])[0-9]{2}-(0[1-9]|1[0-2])$"
Day = Annotated[date, BeforeValidator(day_in), shown(type="string", format="date")]
Month = Annotated[date, BeforeValidator(month_in), shown(type="string", pattern=MONTH)]
Months = Annotated[
    int, BeforeValidator(number_in), shown(type="integer", minimum=1, maximum=MOST_MONTHS, default=1)
]
Currency = Annotated[str, BeforeValidator(currency_in), shown(type="string", pattern="^[a-z]{3}$")]
Flag = Annotated[bool, BeforeValidator(flag_in), shown(type="string", enum=["true", "false"])]
Word = Annotated[str, BeforeValidator(word_in), shown(type="string", minLength=1, maxLength=255)]
Cursor = Annotated[str, BeforeValidator(cursor_in), shown(type="string", pattern="^[A-Za-z0-9_-]{1,4000}$")]
Limit = Annotated[
    int, BeforeValidator(number_in), shown(type="integer", minimum=1, maximum=MOST, default=DEFAULT)
]
SmallLimit = Annotated[
    int, BeforeValidator(number_in), shown(type="integer", minimum=1, maximum=MOST_LARGE, default=FEW)
]


class Listed(Schema):
    limit: Limit = Field(DEFAULT, ge=1, le=MOST, description="How many rows a page has at most.")
    cursor: Cursor = Field("", description="Where the page before ended: follow `next`.")


class ListedLarge(Schema):
    limit: SmallLimit = Field(FEW, ge=1, le=MOST_LARGE, description="How many rows a page has at most.")
    cursor: Cursor = Field("", description="Where the page before ended: follow `next`.")


class MetricsOf(Schema):
    month: Month | None = Field(None, description="The last month; by default the present one.")
    months: Months = Field(1, ge=1, le=MOST_MONTHS, description="How many months, ending with `month`.")
    currency: Currency = Field("", description="Whose rows; nothing is converted. By default your own.")
    to: Currency = Field("", alias="in", description="Convert every currency to this one.")
    constant: Flag = Field(False, description="With `in`: the last month's rates for all months.")


class MovementsOf(Listed):
    start: Day = Field(date.min, alias="from", description="The first local day.")
    end: Day = Field(date.max, alias="to", description="The local day after the last.")
    kind: KINDS | None = Field(None, description="One kind alone.")
    currency: Currency = Field("", description="One currency alone.")
    connection: UUID | None = Field(None, description="One Stripe account alone.")
    customer: Word = Field("", description="One customer alone, by Stripe id.")


class CustomersOf(Listed):
    on: Day | None = Field(None, description="The local day at whose end they pay; by default today.")
    currency: Currency = Field("", description="One currency alone.")


class PlansOf(Listed):
    month: Month | None = Field(None, description="The month at whose end; by default the present one.")
    currency: Currency = Field("", description="One currency alone.")


class AlertsOf(ListedLarge):
    currency: Currency = Field("", description="One currency alone.")
    firing: Flag | None = Field(None, description="true: those that fire now; false: those that cleared.")


class RatesOf(Listed):
    base: Currency = Field("", description="One unit of this currency …")
    quote: Currency = Field("", description="… bought so many of this one.")
    start: Day = Field(date.min, alias="from", description="The first day.")
    end: Day = Field(date.max, alias="to", description="The day after the last.")
