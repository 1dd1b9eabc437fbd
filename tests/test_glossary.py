"""The glossary: every symbol and term with the notebook that introduces it, and that it does."""

import re
from collections import Counter
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
GLOSSARY = (FOLDER / "glossary.md").read_text(encoding="utf-8")
BOLD = re.compile(r"\*\*(.+?)\*\*")
LEAD = re.compile(r"(?m)^\s*(?:[-*]|\d+\.)\s+\*\*.+?\*\*")  # the bold beginning of a list's item
LETTER = re.compile(r"[A-Za-z]|\\(?:alpha|beta|gamma|delta|epsilon|eta|theta|lambda|mu|rho|sigma)")
NAMED = re.compile(r"\\(?:mathrm|text|begin|end)\{[^}]*\}")  # not letters: names, words


def markdown():
    """Returns {number of a notebook: the texts of its markdown cells, without code}."""
    found = {}
    for path in sorted(FOLDER.glob("[!_]*.ipynb")):
        cells = nbformat.read(path, as_version=nbformat.NO_CONVERT).cells
        texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
        found[path.stem[:2]] = [re.sub(r"(?s)```.*?```|`[^`]*`", "", text) for text in texts]
    return found


def formulas(text):
    """Returns the mathematics of a text as one string."""
    found = re.findall(r"(?s)\$\$(.+?)\$\$|\$(.+?)\$", text)
    return " ".join(map("".join, found)).replace(r"\operatorname", r"\mathrm")


def is_form_of(phrase, term):
    """Whether a phrase is a term, in the singular or plural."""
    return phrase.lower() in {term.lower() + ending for ending in ("", "s", "es")}


TEXTS = markdown()
ENTRIES = re.findall(r"(?m)^- \*\*(.+?)\*\*: .+\. \((\d\d)\)$", GLOSSARY)
TERMS = [(term, number) for entry, number in ENTRIES for term in entry.split(", ")]
ROWS = re.findall(r"(?m)^\| (\$.+?\$) \| (.+) \| (\d\d) \|$", GLOSSARY)
SYMBOLS = [
    (symbol, BOLD.findall(meaning), number)
    for cell, meaning, number in ROWS
    for symbol in map(formulas, re.findall(r"\$.+?\$", cell))
]
# The longest first: neither the y of \hat y nor the \beta of \beta_1 is a symbol by itself.
LONGEST_FIRST = sorted((re.escape(symbol) for symbol, *_ in SYMBOLS), key=len, reverse=True)
TOKEN = re.compile("|".join([*LONGEST_FIRST, NAMED.pattern, r"\\[A-Za-z]+", "[A-Za-z]"]))


def test_every_line_of_both_parts_has_a_meaning_and_a_number():
    symbols, terms = GLOSSARY.split("## Terms")
    assert len(re.findall(r"(?m)^\|", symbols)) == len(ROWS) + 2  # and the head of the table
    lines = re.findall(r"(?m)^\S.*", terms)
    assert len(lines) == len(ENTRIES), "a term's line is: - **Term**: its meaning. (01)"
    assert all(names for _, names, _ in SYMBOLS)


def test_terms_are_in_alphabetical_order_and_nothing_stands_there_twice():
    heads = [entry.lower() for entry, _ in ENTRIES]
    assert heads == sorted(heads), "put the terms into alphabetical order, upper case as lower"
    for names in ([term.lower() for term, _ in TERMS], [symbol for symbol, *_ in SYMBOLS]):
        assert not [name for name, times in Counter(names).items() if times > 1]


@pytest.mark.parametrize("term, number", TERMS)
def test_a_term_stands_in_bold_first_in_the_notebook_that_the_glossary_names(term, number):
    bold = {n: BOLD.findall("\n".join(texts)) for n, texts in TEXTS.items()}
    first = [n for n in bold if any(is_form_of(phrase, term) for phrase in bold[n])][:1]
    assert first == [number], f"{term!r} is first in bold in {first}, the glossary says {number}"


@pytest.mark.parametrize("number", TEXTS)
def test_what_stands_in_bold_within_the_text_is_in_the_glossary(number):
    """The bold beginning of an item, and what ends like a sentence or a heading, is no term."""
    phrases = BOLD.findall(LEAD.sub("", "\n".join(TEXTS[number])))
    terms = [phrase for phrase in phrases if phrase[-1] not in ".,:?!"]
    assert terms
    unknown = [x for x in terms if not any(is_form_of(x, term) for term, _ in TERMS)]
    assert not unknown, (
        f"bold in notebook {number}: give each a line in notebooks/glossary.md, or write it in "
        "italics if it is only emphasis"
    )


@pytest.mark.parametrize("symbol, names, number", SYMBOLS)
def test_a_symbol_is_first_used_in_the_cell_that_names_its_meaning(symbol, names, number):
    """The words in bold in its meaning stand in that cell."""
    cells = [(n, text) for n, texts in TEXTS.items() for text in texts]
    first, text = next((n, x) for n, x in cells if symbol in TOKEN.findall(formulas(x)))
    assert first == number, f"${symbol}$: the first notebook with it is {first}"
    missing = [name for name in names if name.lower() not in text.lower()]
    assert not missing, f"bold in the glossary, not in the first cell with ${symbol}$:\n{text}"


def test_a_letter_that_two_notebooks_use_is_in_the_table_or_named_as_free():
    free = set(formulas(re.search(r"The letters .+ no fixed meaning", GLOSSARY)[0]).split())
    used = Counter()
    for texts in TEXTS.values():
        used.update(set(TOKEN.findall(formulas("\n".join(texts)))))
    letters = {token for token, times in used.items() if times > 1 and LETTER.fullmatch(token)}
    assert letters - {symbol for symbol, *_ in SYMBOLS} == free, (
        "of notebooks/glossary.md: give a letter a row of the table, or name it below the table "
        "as one without a fixed meaning; take out there what fewer than two notebooks use"
    )
