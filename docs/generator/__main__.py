"""`python -m docs.generator` writes every generated page."""

from __future__ import annotations

from docs.generator.pages import ROOT, pages


def main() -> None:
    for name, text in pages().items():
        path = ROOT / name
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"wrote {name}")


if __name__ == "__main__":
    main()
