"""What the operations answer, for the OpenAPI document; the tests hold the answers to it.

Answers are written by the encoder of the commands, so that a figure is the same digit by digit.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from ninja import Schema
from pydantic import Field, WithJsonSchema

Number = Annotated[Decimal, WithJsonSchema({"type": "number"})]
Line = TypeVar("Line")


class Problem(Schema):
    type: str
    title: str
    status: int
    detail: str = Field(description="What is wrong, and what to do.")


class Meta(Schema):
    """Which numbers these are: made by which rules, from data until when."""

    definition_version: int
    as_of: datetime | None
    data_through: datetime | None


class Answer(Schema, Generic[Line]):
    data: Line
    meta: Meta

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Return the name in the document."""
        return f"{params[0].__name__}Answer"


class Several(Schema, Generic[Line]):
    data: list[Line]
    meta: Meta

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        return f"{params[0].__name__}s"


class Page(Schema, Generic[Line]):
    data: list[Line]
    next: str | None = Field(description="The address of the page that follows, if one does.")
    meta: Meta

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        return f"{params[0].__name__}Page"


class RecurringRevenue(Schema):
    """Money in major units, and beside it `_micro`: millionths of the currency's minor unit, exact."""

    starting_mrr: Number
    starting_mrr_micro: int
    new_mrr: Number
    new_mrr_micro: int
    expansion_mrr: Number
    expansion_mrr_micro: int
    reactivation_mrr: Number
    reactivation_mrr_micro: int
    contraction_mrr: Number
    contraction_mrr_micro: int
    churned_mrr: Number
    churned_mrr_micro: int
    currency_mrr: Number
    currency_mrr_micro: int
    ending_mrr: Number
    ending_mrr_micro: int
    arr: Number
    arr_micro: int
    contracted_arr: Number
    contracted_arr_micro: int
    committed_mrr: Number
    committed_mrr_micro: int
    mrr_growth_rate: Number | None
    revenue_churn_rate: Number | None
    nrr: Number | None
    gross_revenue_retention: Number | None
    quick_ratio: Number | None
    customers_start: int
    customers_end: int


class Period(Schema):
    start: date
    end: date
    time_zone: str


class Rate(Schema):
    rate: str = Field(description="An exact fraction.")
    on: date
    quotes: list[str]


class UsedRates(Schema):
    currency: str
    opening: Rate | None
    closing: Rate | None


class ExchangeUsed(Schema):
    constant: bool
    rates: list[UsedRates]


class MonthModel(Schema):
    recurring_revenue: RecurringRevenue
    definitions: dict[str, Any]
    alerts: dict[str, Any]
    currency: str | None
    period: Period
    as_of: datetime
    data_through: datetime | None
    exchange: ExchangeUsed | None = None


class Payer(Schema):
    """Who pays; name and e-mail only with the scope payers:read, empty where Stripe has none."""

    connection_id: UUID
    customer_id: str
    name: str | None = None
    email: str | None = None


class Movement(Payer):
    """One customer's net change on one local day; amounts are signed."""

    date: date
    kind: Literal["new", "expansion", "contraction", "reactivation", "churn"]
    amount_micro: int
    after_micro: int
    currency: str
    subscription_ids: list[str]
    reasons: list[str]


class Customer(Payer):
    currency: str
    mrr_micro: int
    arr_micro: int


class Balance(Schema):
    currency: str
    mrr_micro: int
    arr_micro: int


class OneCustomer(Payer):
    mrr: list[Balance]
    first_moved_on: date | None


class Segment(Schema):
    """What one subscription item was worth over `[from, to)`, and the ids that prove it."""

    subscription_id: str
    item_id: str
    start: datetime = Field(alias="from")
    end: datetime | None = Field(alias="to")
    currency: str
    price_id: str
    product_id: str
    interval: str
    quantity: int
    mrr_micro: int
    committed_micro: int
    contracted: bool
    excluded: str = Field(description="The rule that leaves it out of MRR, empty where none does.")
    discounts: list[str]
    cancellation: str
    evidence: list[str]
    precision: Literal["exact", "period"]


class Plan(Schema):
    price_id: str
    product_id: str
    price_name: str
    product_name: str
    currency: str
    mrr_micro: int
    items: int


class Alert(Schema):
    """One firing period of a rule; its evidence names customers, and needs customers:read."""

    id: UUID
    rule: str
    currency: str
    fired_on: date
    recovered_on: date | None
    value: str = Field(description="An exact fraction, empty where the rule has none.")
    threshold: str
    rules_version: int
    evidence: dict[str, Any] | None = None


class Definition(Schema):
    version: int
    in_use: bool
    created_at: datetime
    settings: dict[str, Any]


class AlertRules(Schema):
    version: int
    settings: dict[str, Any]


class DefinitionInUse(Schema):
    version: int
    settings: dict[str, Any]
    alert_rules: AlertRules


class Restatement(Schema):
    """Published numbers changed; the objects that caused it need customers:read."""

    id: UUID
    at: datetime
    cause: str
    definition_version: int
    detail: dict[str, Any]
    changes: list[dict[str, Any]]
    objects: list[str] | None = None


class ClosedModel(Schema):
    recurring_revenue: RecurringRevenue
    definitions: dict[str, Any]
    alerts: dict[str, Any]
    currency: str
    period: Period
    as_of: str
    data_through: str


class ClosedMonth(Schema):
    month: str
    currency: str
    closed_at: datetime
    published: ClosedModel
    restated: ClosedModel


class ExchangeRate(Schema):
    base: str
    quote: str
    on: date
    rate: str = Field(description="Exact decimal text.")
    source: str


class Connection(Schema):
    id: UUID
    name: str
    livemode: bool | None
    summed: bool


class Token(Schema):
    """What the token in use opens."""

    organization: str
    time_zone: str
    currency: str
    scopes: list[str]
    expires_at: datetime | None
    connections: list[Connection]
