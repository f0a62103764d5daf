"""The frame around a template's body: the brand on top, the imprint and the ways out below."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

_WORDS: Mapping[str, tuple[str, str, str]] = {
    "de": ("Abmelden", "Einstellungen", "Im Browser ansehen"),
    "en": ("Unsubscribe", "Preferences", "View in browser"),
}
_WAYS = ("unsubscribe", "preferences", "view")
_FONT = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_STYLE = """\
h1 { margin: 0 0 14px; font-size: 27px; line-height: 34px; font-weight: 700; letter-spacing: -0.01em; }
p { margin: 0 0 14px; }
td.inset p:last-child { margin-bottom: 0; }
a:focus { outline: 3px solid #2b6cb0; outline-offset: 2px; }
@media (max-width: 520px) {
  .outer { padding: 0 !important; }
  .card { border-radius: 0 !important; }
  .inset { padding-left: 20px !important; padding-right: 20px !important; }
}
@media (prefers-color-scheme: dark) {
  .page { background: #16181a !important; }
  .card { background: #212427 !important; }
  .ink { color: #f2f2f0 !important; }
  .soft, .soft a { color: #b9bdbb !important; }
}
"""
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
    """A whole document in tables, which is what mail programs agree on; `links` are the ways out that it has."""
    say = dict(zip(_WAYS, _words(language), strict=True))
    colour = escape(brand.get("colour", "#1f2937"))
    background = escape(brand.get("background", "#f3f4f6"))
    ways_out = " &middot; ".join(
        f'<a href="{escape(links[name])}" style="color:#3f4240;text-decoration:underline">{say[name]}</a>'
        for name in _WAYS
        if name in links
    )
    imprint = escape(brand.get("imprint", "").strip()).replace("\n", "<br>")
    return f"""\
<!doctype html>
<html lang="{escape(language)}" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{escape(subject)}</title>
<style>
{_STYLE}</style>
</head>
<body class="page" style="margin:0;padding:0;background:{background}">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="page" style="background:{background}"><tr><td class="outer" align="center" style="padding:32px 12px">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" class="card" style="width:100%;max-width:600px;background:#ffffff;border-radius:14px;overflow:hidden;{_FONT}">
<tr><td class="inset" style="background:{colour};padding:22px 40px">{_head(brand)}</td></tr>
<tr><td class="inset ink" style="padding:36px 40px;color:#1c1f1e;font-size:16px;line-height:25px">
{body}
</td></tr>
</table>
<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:600px;{_FONT}">
<tr><td class="inset soft" style="padding:24px 40px 8px;color:#595c5a;font-size:13px;line-height:21px;text-align:center">
<p style="margin:0 0 16px">{ways_out}</p>
<p style="margin:0">{imprint}</p>
</td></tr>
</table>
</td></tr></table>
</body>
</html>
"""


def _words(language: str) -> tuple[str, str, str]:
    return _WORDS.get(re.split("[-_]", language, maxsplit=1)[0].lower(), _WORDS["en"])


def _head(brand: Mapping[str, str]) -> str:
    name = escape(brand.get("name", ""))
    shown = name
    if brand.get("logo"):
        shown = (
            f'<img src="{escape(brand["logo"])}" alt="{name}" height="32" style="display:block">'
        )
    look = f"color:{escape(brand.get('text_colour', '#ffffff'))};font-size:20px;line-height:28px;font-weight:700;text-decoration:none"
    if not brand.get("url"):
        return f'<span style="{look}">{shown}</span>'
    return f'<a href="{escape(brand["url"])}" style="{look}">{shown}</a>'
