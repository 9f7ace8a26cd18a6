"""Products, partners and figures by them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.interaction.schemas.given import Currency, Given, Line, Text

Id = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]*$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=320)]


class GivenPrice(Given):
    """What the product costs by a list, from a day on."""

    list: Line = "standard"
    currency: Currency
    valid_from: date
    price: Decimal = Field(ge=0, lt=10**13, max_digits=25)


class PutProduct(Given):
    """What is named is set and events leave it alone; null gives a field back to the events. `prices`, if named, are all prices."""

    name: Line | None = None
    category: Line | None = None
    brand: Line | None = None
    variant: Line | None = None
    url: Annotated[str, StringConstraints(max_length=2048)] | None = None
    image_url: Annotated[str, StringConstraints(max_length=2048)] | None = None
    vendor: Line | None = None
    description: Text | None = None
    active: bool | None = None
    prices: list[GivenPrice] | None = Field(None, max_length=1000)


class ImportProduct(PutProduct):
    """A product of a list."""

    product_id: Id


class PriceView(BaseModel):
    """A price in minor units of its currency."""

    list: str
    currency: str
    valid_from: date
    price_minor: int


class ProductView(BaseModel):
    """A product of the catalogue. `held`: the fields a person set."""

    product_id: str
    name: str | None
    category: str | None
    brand: str | None
    variant: str | None
    url: str | None
    image_url: str | None
    vendor: str | None
    description: str | None
    active: bool
    held: list[str]
    prices: list[PriceView]
    told_at: datetime
    edited_at: datetime | None


class CategoryView(BaseModel):
    """A category and the number of its products."""

    category: str
    products: int
    active: int


class PutPartner(Given):
    """An intermediary. `commission`: its share of what is paid, 0.05 for five of a hundred."""

    name: Line
    kind: Literal["agent", "dealer", "affiliate", "marketplace", "other"] = "other"
    email: Email | None = None
    commission: Decimal | None = Field(None, ge=0, le=1)
    terms: Text | None = None
    active: bool = True


class ImportPartner(PutPartner):
    """A partner of a list."""

    partner_id: Id


class PartnerView(BaseModel):
    """An intermediary."""

    partner_id: str
    name: str
    kind: str
    email: str | None
    commission: Decimal | None
    terms: str | None
    active: bool
    created_at: datetime
    updated_at: datetime


class Rows(Given):
    """A list to import; each row is checked by itself."""

    rows: list[dict[str, Any]] = Field(min_length=1, max_length=1000)


class RefusedRow(BaseModel):
    """A row that was not taken, by its place in the list."""

    index: int
    detail: str


class Imported(BaseModel):
    """What became of a list."""

    taken: int
    refused: list[RefusedRow]


class Buyer(BaseModel):
    """A customer who bought a product."""

    customer_id: UUID
    orders: int
    quantity: float
    last_at: datetime


class Bought(BaseModel):
    """A product a customer bought, by currency."""

    product_id: str
    name: str | None
    category: str | None
    currency: str
    orders: int
    quantity: float
    amount_minor: int
    last_at: datetime


class Through(BaseModel):
    """A customer who came through a partner."""

    customer_id: UUID
    orders: int
    contacts: int
    last_at: datetime


class PartnerOf(BaseModel):
    """A partner a customer came through; without a name it is in no registry."""

    partner_id: str
    name: str | None
    orders: int
    contacts: int
    last_at: datetime


class FigureRow(BaseModel):
    """Orders that stand of a partner or a salesperson (key null: of none) in one currency."""

    key: str | None
    name: str | None
    currency: str
    orders: int
    paid_minor: int
    net_minor: int
    refunded_minor: int


class Sums(BaseModel):
    """Sums of orders."""

    orders: int
    paid_minor: int
    net_minor: int
    refunded_minor: int


class Split(BaseModel):
    """Direct and indirect orders of one currency."""

    currency: str
    direct: Sums
    indirect: Sums


class ContactFigure(BaseModel):
    """Contacts through a partner (key null: direct ones)."""

    key: str | None
    name: str | None
    contacts: int


class Figures(BaseModel):
    """Orders by partner or salesperson; contacts by partner."""

    by: str
    rows: list[FigureRow]
    split: list[Split]
    contacts: list[ContactFigure]
