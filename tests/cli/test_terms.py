"""``guerdon terms``: what customers read, from the same model that decides, with examples that were played."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from .door import guerdon
from .shop import write_shop

GOLDEN = Path(__file__).parent / "terms-of-the-shop.txt"


def test_the_terms_of_a_small_shop(tmp_path: Path) -> None:
    ended = guerdon("terms", write_shop(tmp_path))
    assert ended.code == 0, ended.err
    *lines, origin = ended.out.splitlines()
    assert origin.startswith("Corner Grocers, rules ")
    assert lines == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_amounts_and_dates_follow_the_locale(tmp_path: Path) -> None:
    shop = write_shop(tmp_path)
    everyday = (shop / "everyday.yaml").read_text()
    (shop / "everyday.yaml").write_text(everyday.replace("    award: {percent: 5}\n", DATED))
    german = guerdon("terms", shop, "--locale", "de_DE").out
    assert "2,5% of" in german
    assert "1. März 2026" in german
    assert "2,00\xa0€" in german
    assert "March 1, 2026" in guerdon("terms", shop).out


DATED = "    award: {percent: 2.5}\n    available: {from: 2026-03-01}\n"


class _Page(HTMLParser):
    """Open elements, headings and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[int] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.attributes += attributes
        if tag not in ("meta",):
            self.open.append(tag)
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def page(html: str) -> _Page:
    read = _Page()
    read.feed(html)
    assert read.open == []
    return read


def test_the_page_stands_alone_and_is_well_formed(tmp_path: Path) -> None:
    out = tmp_path / "terms.html"
    ended = guerdon("terms", write_shop(tmp_path), "--format", "html", "--out", out)
    assert (ended.code, ended.out.strip()) == (0, str(out))
    html = out.read_text(encoding="utf-8")
    read = page(html)
    assert ("lang", "en") in read.attributes
    assert read.headings[0] == 1
    assert read.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(read.headings, read.headings[1:], strict=False))
    assert "://" not in html
    assert "<script" not in html


def test_titles_are_text_and_no_markup(tmp_path: Path) -> None:
    shop = write_shop(tmp_path)
    everyday = (shop / "everyday.yaml").read_text()
    (shop / "everyday.yaml").write_text(everyday.replace("5% on everything", "<script>alert(1)</script> & more"))
    html = guerdon("terms", shop, "--format", "html").out
    assert "<script>" not in html
    assert "<script>alert(1)</script> & more" in page(html).text


def test_one_scheme_or_all_into_a_folder(tmp_path: Path) -> None:
    shop = write_shop(tmp_path)
    (shop / "club.yaml").write_text("scheme: {id: club, sign_up: self}\noffers: []\n")
    ended = guerdon("terms", shop, "--out", tmp_path / "out")
    assert ended.code == 0, ended.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["club.txt", "everyday.txt"]
    assert "There are no offers at present." in guerdon("terms", shop, "--scheme", "club").out
    assert "once you have signed up" in guerdon("terms", shop, "--scheme", "club").out


@pytest.mark.parametrize(
    ("words", "code"),
    [(("--scheme", "nothing"), "unknown-scheme"), (("--locale", "xx_YY"), "unknown-locale")],
)
def test_what_is_not_there_is_said(tmp_path: Path, words: tuple[str, str], code: str) -> None:
    ended = guerdon("terms", write_shop(tmp_path), *words)
    assert (ended.code, code in ended.err) == (2, True)
