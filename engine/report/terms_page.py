"""Terms as plain text, and as one HTML page that needs nothing else: no script, no font, no picture from elsewhere."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from html import escape

from guerdon.engine.report.terms import Section, Terms

_WIDTH = 88
_STYLE = """\
:root { color-scheme: light dark; }
body { max-width: 42rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; }
h2 { font-size: 1.25rem; margin-top: 2rem; }
h3 { font-size: 1.05rem; margin-top: 1.5rem; }
.examples { border-inline-start: 0.25rem solid; padding-inline-start: 1rem; }
footer { margin-top: 3rem; font-size: 0.875rem; }
@media print { body { margin: 0; } }
"""


def as_text(terms: Terms) -> str:
    """Plain text, in lines of at most 88 characters."""
    lines = [terms.title, "=" * len(terms.title), ""]
    for section in terms.sections:
        underline = "-" if section.level == 1 else "~"
        lines += ["", section.title, underline * len(section.title), ""]
        for sentence in section.sentences:
            lines += textwrap.wrap(f"- {sentence}", _WIDTH, subsequent_indent="  ")
        for example in section.examples:
            lines += [
                "",
                *textwrap.wrap(f"Example: {example}", _WIDTH, initial_indent="    ", subsequent_indent="    "),
            ]
    return "\n".join([*lines, "", _origin(terms), ""])


def as_html(terms: Terms) -> str:
    """One page of HTML 5."""
    title = escape(terms.title)
    parts = [
        "<!doctype html>",
        f'<html lang="{escape(terms.language)}">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>",
        f"<style>\n{_STYLE}</style>",
        "</head>",
        "<body>",
        "<main>",
        f"<h1>{title}</h1>",
        *(line for number, section in enumerate(terms.sections, 1) for line in _section(section, number)),
        "</main>",
        f"<footer><p>{escape(_origin(terms))}</p></footer>",
        "</body>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def _section(section: Section, number: int) -> Iterator[str]:
    heading = f"h{section.level + 1}"
    yield f'<section aria-labelledby="part-{number}">'
    yield f'<{heading} id="part-{number}">{escape(section.title)}</{heading}>'
    if section.sentences:
        yield "<ul>"
        yield from (f"<li>{escape(sentence)}</li>" for sentence in section.sentences)
        yield "</ul>"
    if section.examples:
        yield '<div class="examples" role="note">'
        yield from (f"<p>Example: {escape(example)}</p>" for example in section.examples)
        yield "</div>"
    yield "</section>"


def _origin(terms: Terms) -> str:
    return f"{terms.business}, rules {terms.version[:12]}."
