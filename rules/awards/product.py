"""``product``: a free product: its value is charged to the funder and owed to the supplier, if it has one."""

from __future__ import annotations

from guerdon.rules.awards.form import Form, FormSays
from guerdon.rules.figures import Digits
from guerdon.rules.model.values import Count, Id, Part, PositiveMoney, Text
from guerdon.rules.program import Product


class ProductItself(Part):
    sku: Text
    quantity: Count = 1
    value: PositiveMoney
    supplier: Id | None = None


class ProductSays(FormSays):
    product: ProductItself


def build(says: ProductSays, digits: Digits) -> Product:
    """The product, its value in the currency."""
    product = says.product
    return Product(product.sku, product.quantity, digits.money(product.value), product.supplier)


FORM = Form(ProductSays, build, references=(("product.supplier", "merchant"),), of_base=False)
