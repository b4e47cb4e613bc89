"""What the sync must know about one kind of Stripe object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from django.utils.functional import Promise

from billing_sync import models
from billing_sync.columns import Column

Words = str | Promise


class Touches(Enum):
    """How the customers are found whose revenue a changed object may move."""

    ITSELF = "itself"
    ITS_CUSTOMER = "its customer"
    ITS_INVOICE = "its invoice's customer"
    ITS_CHARGE = "its charge's customer"
    WHO_NAMES_IT = "the customers that name it, and those with a subscription that does"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Embedded:
    """A list inside an object that Stripe cuts at ten; `path` and `params` may name the owner as {id}."""

    name: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One kind of object: where Stripe lists it, who may read it, and what is kept of it."""

    name: str
    kind: str
    label: Words
    model: type[models.Mirrored]
    permission: str
    permission_label: Words
    touches: Touches
    columns: tuple[Column, ...] = ()
    required: bool = False
    listed: bool = True
    params: Mapping[str, str | bool] = field(default_factory=dict)
    expand: tuple[str, ...] = ()
    embedded: tuple[Embedded, ...] = ()

    @property
    def path(self) -> str:
        """Return the address of the list."""
        return f"/v1/{self.name}"

    @property
    def table(self) -> str:
        """Return the mirror's table."""
        return self.model._meta.db_table
