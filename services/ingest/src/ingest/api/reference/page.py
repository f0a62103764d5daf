"""The description as a page for people, which needs no network."""

from __future__ import annotations

import json
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 14px/1.45 ui-monospace, monospace; }
pre { padding: .7rem .9rem; border-radius: .4rem; background: color-mix(in srgb, currentColor 8%, transparent); overflow-x: auto; }
section { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: .4rem 0 .8rem; }
h2 { font-size: 1.05rem; margin: .8rem 0 .2rem; } b { display: inline-block; min-width: 3.2rem; }
td { padding: .1rem .8rem .1rem 0; vertical-align: top; }
"""


def page(document: dict[str, Any]) -> str:
    """The document as one page of HTML that loads nothing."""
    sections = "".join(
        _section(method, path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    )
    title = escape(document["info"]["title"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1><p>{escape(document['info'].get('description', ''))}</p>"
        f'<p>For machines: <a href="openapi.json">openapi.json</a></p>{sections}</html>'
    )


def _section(method: str, path: str, operation: dict[str, Any]) -> str:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    example = (
        f"<pre>{escape(json.dumps(body['example'], indent=2))}</pre>" if "example" in body else ""
    )
    rows = "".join(
        f"<tr><td>{escape(status)}<td>{escape(response['description'])}"
        for status, response in operation["responses"].items()
    )
    return (
        f"<section><h2><b>{method.upper()}</b><code>{escape(path)}</code></h2>"
        f"<p>{escape(operation.get('summary', ''))}</p>{example}"
        f"<details><summary>Answers</summary><table>{rows}</table></details></section>"
    )
