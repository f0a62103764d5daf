"""The pages that the links of a mail lead to: small, in the shop's colours, without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from fastapi.responses import HTMLResponse

from dispatcher.api.words import Words
from dispatcher.domain.confirming import Verdict

# Nothing may be loaded, and nobody learns the address of the page: the token in it is the reader's.
HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Vary": "Accept-Language",
}
_STYLE = """
:root { color-scheme: light dark; --ink: #16202a; --soft: #5b6773; --card: #fff; --around: #f2f3f5; --line: #dfe3e8 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eef1f4; --soft: #a3adb8; --card: #1d242c; --around: #12171d; --line: #323b46 }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--around);
  color: var(--ink); font: 1.0625rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif }
main { width: 100%; max-width: 30rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px; overflow: hidden }
header { padding: 1rem 1.75rem; background: var(--brand); color: var(--on-brand); font-weight: 600 }
section { padding: 1.75rem }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.01em }
p { margin: 0 0 1.25rem }
p:last-child { margin-bottom: 0 }
label { display: flex; gap: .75rem; padding: .9rem 1rem; margin-bottom: .75rem; border: 1px solid var(--line); border-radius: 10px; cursor: pointer }
label:has(:checked) { border-color: var(--brand); box-shadow: inset 0 0 0 1px var(--brand) }
label small { display: block; color: var(--soft); font-size: .9rem }
input { margin: .3rem 0 0; width: 1.1rem; height: 1.1rem; flex: none; accent-color: var(--brand) }
button { display: block; width: 100%; padding: .85rem 1.25rem; border: 0; border-radius: 10px; background: var(--brand); color: var(--on-brand);
  font: inherit; font-weight: 600; cursor: pointer }
button:hover { filter: brightness(1.08) }
button:focus-visible, a:focus-visible, label:focus-within { outline: 3px solid color-mix(in srgb, var(--brand) 45%, transparent); outline-offset: 2px }
form { margin: 0 0 1rem }
a { color: var(--soft) }
"""


class Pages:
    """One reader's language, one shop's looks.

    Links are relative, from one letter and token to another: nobody here knows below which path of
    the shop's site a proxy put us.
    """

    def __init__(self, words: Words, brand: Mapping[str, str]) -> None:
        self._words = words
        self._brand = brand

    def unsubscribe(self, token: str) -> HTMLResponse:
        """Asks; only the button, a POST, unsubscribes."""
        words = self._words
        return self._page(
            words.unsubscribe_title,
            f"<p>{words.unsubscribe_question}</p>"
            f'<form method="post" action="../u/{token}">'
            '<input type="hidden" name="List-Unsubscribe" value="One-Click">'
            f"<button>{words.unsubscribe_button}</button></form>{self._more(token)}",
        )

    def unsubscribed(self, token: str) -> HTMLResponse:
        words = self._words
        return self._page(
            words.unsubscribed_title, f"<p>{words.unsubscribed_text}</p>{self._more(token)}"
        )

    def preferences(self, token: str, note: str = "") -> HTMLResponse:
        """Offers only what reduces."""
        words = self._words
        options = "".join(
            f'<label><input type="radio" name="no" value="{value}"><span>{what}<small>{more}</small></span></label>'
            for value, what, more in (
                ("marketing", words.no_marketing, words.no_marketing_more),
                ("*", words.nothing, words.nothing_more),
            )
        )
        return self._page(
            words.preferences_title,
            f"<p>{note or words.preferences_text}</p>"
            f'<form method="post" action="../p/{token}">{options}<button>{words.save}</button></form>',
        )

    def nothing_chosen(self, token: str) -> HTMLResponse:
        return self.preferences(token, self._words.nothing_chosen)

    def saved(self) -> HTMLResponse:
        return self._page(self._words.saved_title, f"<p>{self._words.saved_text}</p>")

    def confirm(self, token: str) -> HTMLResponse:
        """Asks; only the button, a POST, confirms."""
        words = self._words
        return self._page(
            words.confirm_title,
            f"<p>{words.confirm_question}</p>"
            f'<form method="post" action="../c/{token}"><button>{words.confirm_button}</button></form>'
            f"<p><small>{words.confirm_ignore}</small></p>",
        )

    def confirmed(self) -> HTMLResponse:
        return self._page(self._words.confirmed_title, f"<p>{self._words.confirmed_text}</p>")

    def not_confirmed(self, verdict: Verdict) -> HTMLResponse:
        """Why the link confirms nothing any more, and what to do instead."""
        words = self._words
        title, text, status = {
            "expired": (words.expired_title, words.expired_text, 410),
            "confirmed": (words.already_title, words.already_text, 409),
            "withdrawn": (words.withdrawn_title, words.withdrawn_text, 403),
            "moved": (words.moved_title, words.moved_text, 410),
        }.get(verdict, (words.gone_title, words.gone_text, 404))
        return self._page(title, f"<p>{text}</p>", status=status)

    def bad_link(self) -> HTMLResponse:
        words = self._words
        return self._page(words.bad_link_title, f"<p>{words.bad_link_text}</p>", status=404)

    def gone(self) -> HTMLResponse:
        words = self._words
        return self._page(words.gone_title, f"<p>{words.gone_text}</p>", status=404)

    def not_now(self) -> HTMLResponse:
        """The wish is not recorded yet: says so, and how to repeat it, which is where the reader is."""
        words = self._words
        page = self._page(
            words.not_now_title,
            f'<p>{words.not_now_text}</p><p><a href="">{words.try_again}</a></p>',
            status=503,
        )
        page.headers["Retry-After"] = "5"
        return page

    def _more(self, token: str) -> str:
        return f'<p><a href="../p/{token}">{self._words.other_choices}</a></p>'

    def _page(self, title: str, body: str, status: int = 200) -> HTMLResponse:
        name = escape(self._brand.get("name", ""))
        colours = (
            f"--brand: {escape(self._brand.get('colour', '#1f5f4a'))};"
            f" --on-brand: {escape(self._brand.get('text_colour', '#ffffff'))}"
        )
        head = f"<header>{name}</header>" if name else ""
        return HTMLResponse(
            f"""<!doctype html>
<html lang="{self._words.language}" style="{colours}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{_STYLE}</style></head>
<body><main>{head}<section><h1>{title}</h1>{body}</section></main></body>
</html>
""",
            status_code=status,
            headers=dict(HEADERS),
        )
