"""The vendors there are; the keys are what a source's `kind` says."""

from __future__ import annotations

from collections.abc import Mapping

from ingest.domain.webhooks.vendor import Vendor
from ingest.domain.webhooks.vendors.hubspot import HUBSPOT
from ingest.domain.webhooks.vendors.salesforce import SALESFORCE
from ingest.domain.webhooks.vendors.shopify import SHOPIFY
from ingest.domain.webhooks.vendors.shopware import SHOPWARE
from ingest.domain.webhooks.vendors.standard import STANDARD
from ingest.domain.webhooks.vendors.stripe import STRIPE
from ingest.domain.webhooks.vendors.woocommerce import WOOCOMMERCE

VENDORS: Mapping[str, Vendor] = {
    "shopify": SHOPIFY,
    "woocommerce": WOOCOMMERCE,
    "shopware": SHOPWARE,
    "hubspot": HUBSPOT,
    "salesforce": SALESFORCE,
    "stripe": STRIPE,
    "standard": STANDARD,
}

__all__ = ["VENDORS"]
