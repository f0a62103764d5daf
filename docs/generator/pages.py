"""Which pages are generated, wholly or between two marks of a page written by hand."""

from __future__ import annotations

from pathlib import Path

from docs.generator import (
    conditions,
    journey_schema,
    metrics,
    paths,
    settings,
    vocabulary,
    webhooks,
)

ROOT = Path(__file__).parents[2]


def pages() -> dict[str, str]:
    """Path from the root → what should stand there."""
    return {
        "docs/settings.md": settings.page(),
        journey_schema.ADDRESS: journey_schema.page(),
        "docs/architecture.md": between_marks(
            (ROOT / "docs/architecture.md").read_text(), paths.table()
        ),
        "docs/operations.md": between_marks(
            (ROOT / "docs/operations.md").read_text(), metrics.table()
        ),
        "docs/conditions.md": between_marks(
            (ROOT / "docs/conditions.md").read_text(), conditions.tables()
        ),
        "docs/vocabulary.md": between_marks(
            (ROOT / "docs/vocabulary.md").read_text(), vocabulary.tables()
        ),
        **{
            f"docs/connect/{kind}.md": between_marks(
                (ROOT / f"docs/connect/{kind}.md").read_text(), webhooks.table(kind)
            )
            for kind in webhooks.PAGES
        },
    }


def between_marks(text: str, generated: str) -> str:
    """The text with what stands between `<!-- generated -->` and `<!-- end -->` replaced."""
    before, mark, rest = text.partition("<!-- generated -->\n")
    _, end, after = rest.partition("<!-- end -->")
    if not (mark and end):
        raise ValueError("the page has no marks for what is generated")
    return f"{before}{mark}{generated}{end}{after}"
