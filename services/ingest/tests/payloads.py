"""What vendors send, after the examples in their documentation, shortened."""

from __future__ import annotations

from typing import Any

SHOPIFY_CUSTOMER: dict[str, Any] = {
    "id": 115310627314723954,
    "email": "John@example.com",
    "created_at": "2025-12-30T08:00:00-05:00",
    "updated_at": "2026-02-28T10:00:00-05:00",
    "first_name": "John",
    "last_name": "Smith",
    "phone": "+16135551111",
    "email_marketing_consent": {
        "state": "subscribed",
        "opt_in_level": "confirmed_opt_in",
        "consent_updated_at": "2026-01-05T09:00:00-05:00",
    },
    "sms_marketing_consent": {
        "state": "not_subscribed",
        "opt_in_level": "single_opt_in",
        "consent_updated_at": None,
        "consent_collected_from": "other",
    },
    "default_address": {"id": 715243470612851245, "country": "Canada", "country_code": "CA"},
}
SHOPIFY_ORDER: dict[str, Any] = {
    "id": 820982911946154508,
    "browser_ip": "203.0.113.7",
    "cart_token": "68778783ad298f1c80c3bafcddeea02f",
    "checkout_token": "bd5a8aa1ecd019dd3520ff791ee3a24c",
    "created_at": "2026-03-01T06:55:00-05:00",
    "updated_at": "2026-03-01T06:55:02-05:00",
    "currency": "EUR",
    "customer_locale": "de-DE",
    "discount_codes": [{"code": "SPRING10", "amount": "20.00", "type": "fixed_amount"}],
    "email": "john@example.com",
    "financial_status": "paid",
    "subtotal_price": "388.00",
    "total_discounts": "20.00",
    "total_price": "398.00",
    "total_tax": "0.00",
    "total_shipping_price_set": {"shop_money": {"amount": "10.00", "currency_code": "EUR"}},
    "customer": SHOPIFY_CUSTOMER,
    "line_items": [
        {
            "id": 866550311766439020,
            "product_id": 632910392,
            "variant_title": "blue",
            "sku": "IPOD2008PINK",
            "title": "IPod Nano – 8 GB",
            "name": "IPod Nano – 8 GB – blue",
            "vendor": "Apple",
            "price": "199.00",
            "quantity": 2,
        }
    ],
}
SHOPIFY_REFUND: dict[str, Any] = {
    "id": 890088186047892319,
    "order_id": 820982911946154508,
    "created_at": "2026-03-01T06:59:00-05:00",
    "note": "Things were damaged",
    "transactions": [
        {"id": 1068278509, "kind": "refund", "amount": "41.94", "currency": "EUR"},
        {"id": 1068278510, "kind": "refund", "amount": "8.06", "currency": "EUR"},
    ],
}
SHOPIFY_CART: dict[str, Any] = {
    "id": "68778783ad298f1c80c3bafcddeea02f",
    "token": "68778783ad298f1c80c3bafcddeea02f",
    "updated_at": "2026-03-01T11:51:00.000Z",
    "line_items": [{"id": 1, "product_id": 632910392, "title": "IPod", "price": "199.00", "quantity": 1}],
}  # fmt: skip
SHOPIFY_PRODUCT: dict[str, Any] = {
    "id": 788032119674292922,
    "title": "Example T-Shirt",
    "product_type": "Shirts",
    "updated_at": "2026-03-01T06:59:00-05:00",
    "status": "active",
    "variants": [
        {"id": 642667041472713922, "title": "Small", "price": "19.99", "sku": "example-s", "inventory_quantity": 75},
        {"id": 757650484644203962, "title": "Medium", "price": "19.99", "sku": "example-m", "inventory_quantity": 50},
    ],
    "images": [{"src": "https://cdn.shopify.com/shirt.jpg"}],
}  # fmt: skip
SHOPIFY_CONSENT: dict[str, Any] = {
    "customer_id": 115310627314723954,
    "email_address": "john@example.com",
    "email_marketing_consent": {
        "state": "unsubscribed",
        "opt_in_level": "single_opt_in",
        "consent_updated_at": "2026-03-01T06:58:00-05:00",
    },
}

WOOCOMMERCE_ORDER: dict[str, Any] = {
    "id": 727,
    "status": "processing",
    "currency": "EUR",
    "date_created": "2026-03-01T12:58:00",
    "date_created_gmt": "2026-03-01T11:58:00",
    "date_modified_gmt": "2026-03-01T11:59:00",
    "discount_total": "0.00",
    "shipping_total": "10.00",
    "total": "29.35",
    "total_tax": "1.35",
    "customer_id": 26,
    "billing": {
        "first_name": "Ada",
        "last_name": "Beispiel",
        "email": "ada@example.com",
        "phone": "+49 40 1234567",
        "country": "DE",
    },
    "line_items": [
        {"id": 315, "name": "Woo Single #1", "product_id": 93, "quantity": 2, "sku": "W1", "price": 3}
    ],
    "coupon_lines": [{"id": 1, "code": "herbst"}],
}  # fmt: skip
WOOCOMMERCE_PRODUCT: dict[str, Any] = {
    "id": 794,
    "name": "Premium Quality",
    "permalink": "https://example.com/product/premium-quality/",
    "date_modified_gmt": "2026-03-01T11:59:00",
    "sku": "PQ",
    "price": "21.99",
    "stock_quantity": 5,
    "stock_status": "instock",
    "categories": [{"id": 9, "name": "Clothing", "slug": "clothing"}],
    "images": [{"id": 792, "src": "https://example.com/t.jpg"}],
}

SHOPWARE_ORDER: dict[str, Any] = {
    "data": {
        "event": "checkout.order.placed",
        "payload": {
            "order": {
                "id": "d9c2b1e0f5f24b6a9a4c5d3e2f1a0b9c",
                "orderNumber": "10060",
                "orderDateTime": "2026-03-01T11:59:00.000+00:00",
                "amountTotal": 495.01,
                "shippingTotal": 0,
                "price": {"totalPrice": 495.01, "positionPrice": 495.01},
                "currency": {"isoCode": "EUR"},
                "orderCustomer": {
                    "customerId": "7b04ebe416db4ebc93de4d791325e1d9",
                    "email": "ada@example.com",
                    "firstName": "Ada",
                    "lastName": "Beispiel",
                },
                "lineItems": [
                    {
                        "productId": "11dc680240b04f469ccba354cbf0b967",
                        "label": "Main product",
                        "quantity": 1,
                        "unitPrice": 495.01,
                        "payload": {"productNumber": "SWDEMO10002"},
                    }
                ],
            }
        },
    },
    "source": {
        "url": "http://localhost:8000",
        "appVersion": "0.0.1",
        "shopId": "dgrH7nLU6tlE",
        "eventId": "7b04ebe416db4ebc93de4d791325e1d9",
    },
}
SHOPWARE_PRODUCT: dict[str, Any] = {
    "data": {
        "event": "product.written",
        "payload": [
            {
                "entity": "product",
                "operation": "update",
                "primaryKey": "11dc680240b04f469ccba354cbf0b967",
                "updatedFields": ["stock"],
                "payload": {"stock": 7},
            }
        ],
    },
    "source": SHOPWARE_ORDER["source"],
}

_HUBSPOT: dict[str, Any] = {
    "subscriptionId": 138,
    "portalId": 33,
    "appId": 1160452,
    "attemptNumber": 0,
    "occurredAt": 1772366340000,
}
HUBSPOT_BATCH: list[dict[str, Any]] = [
    {**_HUBSPOT, "eventId": 1, "subscriptionType": "contact.propertyChange", "objectId": 1246965,
     "propertyName": "email", "propertyValue": "ada@example.com"},
    {**_HUBSPOT, "eventId": 2, "subscriptionType": "deal.propertyChange", "objectId": 77,
     "propertyName": "dealstage", "propertyValue": "closedwon"},
    {**_HUBSPOT, "eventId": 3, "subscriptionType": "object.associationChange", "fromObjectTypeId": "0-1",
     "associationType": "CONTACT_TO_DEAL", "fromObjectId": 1246965, "toObjectId": 77, "associationRemoved": False},
    {**_HUBSPOT, "eventId": 4, "subscriptionType": "object.creation", "objectTypeId": "0-48", "objectId": 900},
]  # fmt: skip

STRIPE_SESSION: dict[str, Any] = {
    "id": "evt_1MqqbKLt4dXK03v5qaIbiNCC",
    "object": "event",
    "created": 1772366340,
    "type": "checkout.session.completed",
    "data": {
        "object": {
            "id": "cs_test_a11YYufWQzNY63zpQ6QSNRQhkUpVph4WRmzW0zWJO2znZKdVujZ0N0S22u",
            "object": "checkout.session",
            "amount_subtotal": 2198,
            "amount_total": 2198,
            "client_reference_id": "order-17",
            "consent": {"promotions": "opt_in", "terms_of_service": None},
            "currency": "eur",
            "customer": "cus_9s6XKzkNRiz8i3",
            "customer_details": {"email": "ada@example.com", "name": "Ada Beispiel", "phone": None,
                                 "address": {"country": "DE"}},
            "payment_status": "paid",
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 351},
        }
    },
}  # fmt: skip
STRIPE_INVOICE: dict[str, Any] = {
    "id": "evt_2",
    "object": "event",
    "created": 1772366340,
    "type": "invoice.finalized",
    "data": {
        "object": {
            "id": "in_1MtHbELkdIwHu7ixl4OzzPMv",
            "number": "4DEC-0001",
            "currency": "jpy",
            "total": 1500,
            "status": "open",
            "customer": "cus_NeZwdNtLEOXuvB",
            "customer_email": "jennyrosen@example.com",
            "lines": {"object": "list", "data": [{"description": "Plan", "quantity": 1}]},
        }
    },
}

STANDARD_ORDER: dict[str, Any] = {
    "type": "order.completed",
    "timestamp": "2026-03-01T11:59:00.000Z",
    "data": {
        "user_id": "u1",
        "email": "ada@example.com",
        "order_id": "o1",
        "total": 12.5,
        "currency": "EUR",
        "secret_note": "x",
    },
}

SALESFORCE_LEAD = {
    "Id": "00Q2400000ABCDEFA1",
    "Email": "ada@example.com",
    "FirstName": "Ada",
    "LastName": "Beispiel & Söhne",
    "HasOptedOutOfEmail": "true",
    "SystemModstamp": "2026-03-01T11:59:00.000Z",
}
SALESFORCE_OPPORTUNITY = {
    "Id": "0062400000ABCDEAA4",
    "ContactId": "0032400000ABCDEAA1",
    "Name": "Beispiel – 100 Becher",
    "StageName": "Closed Won",
    "Amount": "1250.0",
    "IsWon": "true",
    "IsClosed": "true",
    "SystemModstamp": "2026-03-01T11:59:00.000Z",
}


def salesforce(
    kind: str, *objects: dict[str, str], organisation: str = "00D24000000abcdEAA"
) -> str:
    """An outbound message; the ampersand is escaped as XML wants it."""
    notifications = "".join(
        f'<Notification><Id>04l24000000{index:05}AAA</Id><sObject xsi:type="sf:{kind}"'
        ' xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        + "".join(f"<sf:{k}>{v.replace('&', '&amp;')}</sf:{k}>" for k, v in fields.items())
        + "</sObject></Notification>"
        for index, fields in enumerate(objects)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope'
        ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{organisation}</OrganizationId><ActionId>04k240000000001AAA</ActionId>"
        '<SessionId xsi:nil="true"/><EnterpriseUrl>https://x.example/c/9.0</EnterpriseUrl>'
        f"<PartnerUrl>https://x.example/u/9.0</PartnerUrl>{notifications}</notifications>"
        "</soapenv:Body></soapenv:Envelope>"
    )
