"""The frame around a template's body: the brand on top, the imprint and the ways out below."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

_WORDS: Mapping[str, tuple[str, str, str]] = {
    "de": ("Abmelden", "Einstellungen", "Im Browser ansehen"),
    "en": ("Unsubscribe", "Preferences", "View in browser"),
}
_DOCUMENT = re.compile(r"\s*(<!doctype|<html)", re.IGNORECASE)
_BODY = re.compile(r"<body[^>]*>", re.IGNORECASE)


def is_document(html: str) -> bool:
    """True when a template brings its own frame."""
    return _DOCUMENT.match(html) is not None


def with_preheader(html: str, preheader: str) -> str:
    """Put the line that inboxes show beside the subject where no reader of the mail sees it."""
    if not preheader:
        return html
    hidden = (
        '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">'
        f"{preheader}{'&#8199;&#847;' * 40}</div>"
    )
    match = _BODY.search(html)
    place = match.end() if match else 0
    return html[:place] + hidden + html[place:]


def frame(
    body: str, *, subject: str, language: str, brand: Mapping[str, str], links: Mapping[str, str]
) -> str:
    """A whole document in tables, which is what mail programs agree on."""
    say = _WORDS.get(re.split("[-_]", language, maxsplit=1)[0].lower(), _WORDS["en"])
    colour = escape(brand.get("colour", "#1f2937"))
    on_colour = escape(brand.get("text_colour", "#ffffff"))
    background = escape(brand.get("background", "#f3f4f6"))
    ways_out = " &middot; ".join(
        f'<a href="{escape(links[name])}" style="color:#6b7280">{words}</a>'
        for name, words in zip(("unsubscribe", "preferences", "view"), say, strict=True)
    )
    imprint = escape(brand.get("imprint", "")).replace("\n", "<br>")
    return f"""\
<!doctype html>
<html lang="{escape(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(subject)}</title>
</head>
<body style="margin:0;padding:0;background:{background}">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:600px;background:#ffffff;border-radius:8px;overflow:hidden;font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5;color:#111827">
<tr><td style="background:{colour};color:{on_colour};padding:20px 32px;font-size:20px;font-weight:600">{_head(brand)}</td></tr>
<tr><td style="padding:32px">
{body}
</td></tr>
<tr><td style="padding:20px 32px;border-top:1px solid #e5e7eb;font-size:12px;color:#6b7280">
<p style="margin:0 0 8px">{ways_out}</p>
<p style="margin:0">{imprint}</p>
</td></tr>
</table>
</td></tr></table>
</body>
</html>
"""


def _head(brand: Mapping[str, str]) -> str:
    name = escape(brand.get("name", ""))
    if not brand.get("logo"):
        return name
    return f'<img src="{escape(brand["logo"])}" alt="{name}" height="32" style="display:block">'
