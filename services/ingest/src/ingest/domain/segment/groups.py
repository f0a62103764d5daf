"""What a group call says of the company that somebody belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest.domain.forms import country_of, email_of, name_of, phone_of
from ingest.domain.identifiers import identifier, text_of
from ingest.domain.people.accounts import AccountTrait
from ingest.domain.segment.calls import Call

_REPRESENTATIVE = (
    "salesRepresentative",
    "sales_representative",
    "accountManager",
    "account_manager",
    "accountOwner",
    "account_owner",
    "owner",
)


def account_id_of(call: Call) -> str | None:
    """The company's id; None where the call names none."""
    if call.kind != "group" or call.group is None:
        return None
    return identifier("account", call.group).value


def account_traits_of(call: Call) -> dict[AccountTrait, str | None]:
    """What it says of the company; None where it takes something back."""
    said = call.traits
    found: dict[AccountTrait, str | None] = {}
    _put(found, "name", said, "name", name_of(said.get("name")))
    _put(found, "website", said, "website", name_of(said.get("website")))
    _put(found, "industry", said, "industry", name_of(said.get("industry")))
    _put(found, "country", said, "country", country_of(said.get("country")))
    name = next((name for name in _REPRESENTATIVE if name in said), None)
    if name is not None:
        _add_representative(found, said[name])
    return found


def _put(
    found: dict[AccountTrait, str | None],
    trait: AccountTrait,
    said: Mapping[str, Any],
    name: str,
    normal: str | None,
) -> None:
    if normal is not None:
        found[trait] = normal
    elif name in said and said[name] in (None, ""):
        found[trait] = None


def _add_representative(found: dict[AccountTrait, str | None], value: object) -> None:
    """A person of ours, as an object, as an address or as a name; another one takes all of the former one's away."""
    whole: Mapping[str, object] = value if isinstance(value, dict) else {}
    text = text_of(value)
    email = email_of(whole.get("email") if whole else text)
    if text is not None and email is None and "@" not in text:
        whole = {"name": text}
    found["representative_name"] = name_of(whole.get("name"))
    found["representative_email"] = email
    found["representative_phone"] = phone_of(whole.get("phone"))
