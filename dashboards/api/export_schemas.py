"""What the operations of files answer and take, for the OpenAPI document."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field


class ExportColumn(Schema):
    name: str
    kind: str
    unit: str
    personal: bool


class ExportTable(Schema):
    """A table that can be exported, and the scope that a token needs besides exports:read."""

    name: str
    scope: str
    personal: bool = Field(description="Some columns hold names and addresses; they need payers:read.")
    parameters: list[str]
    columns: list[ExportColumn]


class WantedExport(Schema, extra="forbid"):
    table: str = Field(max_length=64)
    format: Literal["csv", "json"]
    parameters: dict[str, str] = Field({}, description="As the table lists them, written as in addresses.")
    names: bool | None = Field(None, description="With names and addresses; by default where the token may.")


class Export(Schema):
    """A file, and which numbers it is made of; `rows` and `size` grow while it is being made."""

    id: UUID
    table: str
    format: Literal["csv", "json"]
    parameters: dict[str, str]
    names: bool
    state: Literal["waiting", "working", "ready", "failed"]
    error: str = Field(description="What went wrong, empty where nothing did.")
    definition_version: int | None
    computed_at: datetime | None
    data_through: datetime | None
    rows: int
    size: int = Field(description="Bytes.")
    created_at: datetime
    expires_at: datetime
