"""Answers to the readiness survey as form tools hand them over: one row a respondent, one column a statement."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from ci_analysis.errors import Problem, WrongUse
from ci_analysis.exchange.workbooks import FORMULA, grid
from ci_analysis.issues.profile import Instrument, load_instrument
from ci_analysis.places import SLUG
from ci_analysis.tables import INPUTS, conform, empty_frame, parse

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["NOTE", "read_form"]

#: The kind of a problem that is none: what was left out and where things went, for the person to know.
NOTE = "note"
MAXIMUM_ROWS = 10_000
MAXIMUM_COLUMNS = 2_000
#: How like a statement a heading must be to be taken for a slip in it.
_LIKENESS = 0.75


def read_form(
    path: str | Path, study: Study, *, wave: str, sheet: str | None = None
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the answers of a form tool's spreadsheet as rows of the table readiness, and what is to be said of them.

    A column is known by its statement's text or identifier: numbered, in a grid (`Common agenda [We describe …]`),
    with other quotation marks or a star behind it, in any case. An answer is a number, or the scale's words; an empty
    cell, `n/a` and `not able to say` are no answer and no row. Comments stand with the statement they name. One on a
    condition, or on the survey, stands with the first statement of it that the respondent answered, and begins by
    saying what it is about.

    A respondent is the partner whose identifier or exact name the row gives, or the code (lower-case letters, digits
    and hyphens) in a column `respondent` or `code`, or else `anon-<wave>-01` and so on, numbered by what was answered
    and not by when. Names, addresses and times are never kept.

    Parameters
    ----------
    path : str or pathlib.Path
        A CSV file (UTF-8) or an Excel workbook (.xlsx).
    study : Study
        Its partners.
    wave : str
        The survey's wave, a period such as 2026-Q4.
    sheet : str, optional
        The workbook's sheet to read, where it has several.

    Returns
    -------
    answers : pandas.DataFrame
        The columns of the input table readiness, by respondent and in the instrument's order: wave, respondent, item,
        score (1 to 5), comment, speaks_for (backbone, partner). Where there are problems, the rows without one.
    problems : list of Problem
        All at once, by row and column; the row and the column's letter are the spreadsheet's. Those of kind `note`
        are no faults: they say what was not kept, which statements have no column, and where comments went.

    Raises
    ------
    WrongUse
        Where the wave is no period, or there is no such file.
    """
    path = Path(path)
    wrong = parse(INPUTS["readiness"].by_name["wave"], pd.Series([wave], dtype="str"))[1]
    if wrong:
        raise WrongUse(f"The wave '{wave[:60]}' is not a period. Write 2026, 2026-Q2, 2026-06 or 2026-06-30.")
    if not path.is_file():
        raise WrongUse(f"There is no file {path}. Give the file that the form tool exported, as .csv or .xlsx.")
    form = _Form(path.name, study, wave)
    found = grid(form, path, sheet)
    answers = form.read(found) if found is not None else empty_frame(INPUTS["readiness"])
    return answers, form.sorted_problems()


# --- headings to roles ------------------------------------------------------------------------------------------------

_Kind = Literal["item", "comment", "speaks_for", "code", "organisation", "person", "grading", "unknown", "blank"]


@dataclass(frozen=True)
class _Role:
    """What a column is for: an item by its identifier, a comment by what it is about, or one of the rest."""

    kind: _Kind
    target: str = ""


def _key(text: str) -> str:
    """Return a heading's words alone, so that marks, case, spaces and quotation marks make no difference."""
    plain = unicodedata.normalize("NFKC", html.unescape(text)).casefold()
    plain = re.sub(r"<[^<>]{1,200}>", " ", plain)
    return " ".join(re.findall(r"[^\W_]+", re.sub(_APOSTROPHES, "", plain)))


_APOSTROPHES = "['’‘`\N{MODIFIER LETTER APOSTROPHE}\N{ACUTE ACCENT}]"
#: Beyond so many letters a heading or an answer is neither.
_LONGEST = 600
_NUMBERING = re.compile(r"\(?(?:q(?:uestion)?\s?)?\d+(?:[._]\d+)*[.):]?\s+", re.IGNORECASE)
_DIVIDERS = re.compile(r"\s[-–—|>/]\s|[:.?\]\n]\s*|\[")
_GRADING = re.compile(
    r"(?:points|score|feedback)\s*[-–—:]\s|.*\[(?:points|score|feedback)\]$|(?:total|quiz) (?:points|score|feedback)$"
    r"|(?:points|score)$",
    re.IGNORECASE | re.DOTALL,
)
_COMMENT = re.compile(
    r"\b(?:(?:comments?|remarks?)\d*|(?:anything|something)(?: else)?(?: \w+){0,5} (?:add|say|tell)|anything else"
    r"|(?:want|wish|like) to add|please explain)\b"
)
#: What tools write of the person, the day and themselves.
_PERSON = re.compile(
    r"timestamp|(?:start|completion|last modified|submission) time|(?:start|end|recorded|submission|submit) ?date"
    r"|date (?:created|modified)|date|time|day|submitted at|duration(?: in seconds)?|time taken|signature|address"
    r"|(?:respondent|response|submission|collector|network) ?id|id|token|ip(?: ?address)?|user|username"
    r"|external ?(?:data )?reference|location ?(?:latitude|longitude)|recipient(?:lastname|firstname|email)"
    r"|distribution ?channel|(?:user ?)?language|status|progress|finished|response type|custom data(?: \d)?|tags"
)
_PERSON_WORDS = re.compile(r"\b(?:e ?mail|phone|telephone|mobile|birth\w*|surname)\b|^(?:\w+ ){0,2}name(?: \w+){0,2}$")
_ORGANISATION = re.compile(
    r"(?:(?:which|what|your|our|my|the|is|name|of) ){0,4}(?:organi[sz]ation|partner|agency|institution|company)"
    r"(?: (?:s|or|group|name|id|you|do|are|is|speak|answer|work|from|for|represent|with)){0,6}"
)
_CODE = re.compile(
    r"(?:respondent|who answers|(?:(?:your|my|own|personal|respondent|participant|survey) ){0,2}code"
    r"|(?:an? |your )?(?:own )?code of (?:your|my|ones) own)"
    r"(?: or (?:(?:the|your|our|name|of) ){0,4}organi[sz]ation)?(?: optional)?"
)


class _Headings:
    """Knows a column by its heading."""

    def __init__(self, instrument: Instrument) -> None:
        items = instrument.items()
        self.items = {_key(text): item for item, text in zip(items["item"], items["text"], strict=True)}
        self.items |= {_key(item): item for item in items["item"]}
        self.conditions = {_key(c.label): c.condition for c in instrument.conditions}
        self.conditions |= {_key(c.condition): c.condition for c in instrument.conditions}

    def item(self, heading: str) -> str | None:
        """Return the item whose text or identifier a heading is, or ends with after a divider."""
        heading = heading[:_LONGEST]
        shorter = re.sub(r"\s*\([^()]*\)\s*[*:]*\s*$", "", heading)
        for text in dict.fromkeys((heading, shorter)):
            ends = [text, *(text[m.end() :] for m in _DIVIDERS.finditer(text))]
            for end in ends:
                for words in (_key(end), _key(_NUMBERING.sub("", end, count=1)), _key(re.sub(r"\d+\s*$", "", end))):
                    if words in self.items:
                        return self.items[words]
        return None

    def role(self, heading: str) -> _Role:
        """Return what a column is for."""
        heading = heading[:_LONGEST]
        words = _key(heading)
        if not words:
            return _Role("blank")
        if _GRADING.match(heading.strip()):
            return _Role("grading")
        if _COMMENT.search(words):
            return _Role("comment", self.about(words))
        item = self.item(heading)
        if item is not None:
            return _Role("item", item)
        if _PERSON.fullmatch(words):
            return _Role("person")
        if _CODE.fullmatch(words):
            return _Role("code")
        if _ORGANISATION.fullmatch(words):
            return _Role("organisation")
        if re.search(r"\bspeak(?:s|ing)?\b", words):
            return _Role("speaks_for")
        return _Role("person" if _PERSON_WORDS.search(words) else "unknown")

    def about(self, words: str) -> str:
        """Return the item, or else the condition, that a comment's heading names; empty where it names none."""
        for known in (self.items, self.conditions):
            found = [k for k in known if f" {k} " in f" {words} "]
            if found:
                return known[max(found, key=len)]
        return ""

    def likely(self, heading: str) -> str | None:
        """Return the item whose words a heading comes near to without being them."""
        words = _key(heading[:_LONGEST])
        # A short heading of common words is soon like an identifier; one that is written like it is meant to be one.
        slug = re.fullmatch(r"\S+[-_]\S+", heading) is not None
        matcher = SequenceMatcher(b=words)
        best, found = _LIKENESS, None
        for known, item in self.items.items():
            if slug or known != _key(item):
                matcher.set_seq1(known)
                if min(matcher.real_quick_ratio(), matcher.quick_ratio()) >= best and matcher.ratio() >= best:
                    best, found = matcher.ratio(), item
        return found


def _letter(column: int) -> str:
    """Return a column's letters in a spreadsheet, the first being 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _shown(text: str, most: int = 60) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


# --- answers ----------------------------------------------------------------------------------------------------------

_NO_ANSWER = re.compile(
    r"(?:not|un) ?able to say|(?:i )?(?:cannot|cant|can not) say|n ?a|not (?:applicable|answered|sure)|no answer|none"
    r"|(?:i )?(?:dont|do not) know|(?:i )?prefer not to (?:say|answer)"
)
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    rf"\d{{4}}-\d\d-\d\d(?: .*)?|\d\d?[-/. ](?:\d\d?|{_MONTH})(?:[-/. ]\d{{2,4}})?|\d\d?:\d\d(?::\d\d)?", re.IGNORECASE
)


class _Scale:
    """Reads answers on the instrument's scale."""

    def __init__(self, instrument: Instrument) -> None:
        scale = instrument.scale
        self.ends = {_key(scale.low): scale.minimum, _key(scale.high): scale.maximum}
        self.least, self.most = scale.minimum, scale.maximum
        self.words = f"{scale.minimum} ({scale.low}) to {scale.maximum} ({scale.high})"

    def read(self, text: str) -> tuple[float, str, str]:
        """Return the score, missing where there is none, then what is wrong with the cell and what to do."""
        plain = unicodedata.normalize("NFKC", text)[:_LONGEST]
        words = _key(plain)
        if not plain.strip("-–—. ") or (_NO_ANSWER.fullmatch(words) and not plain.startswith("#")):
            return np.nan, "", ""
        if text == FORMULA:
            return np.nan, "the cell holds a formula without its result", "write the number in its place"
        if words in self.ends:
            return float(self.ends[words]), "", ""
        if _DATE.fullmatch(plain) and not re.fullmatch(r"\d+\.\d+", plain):
            return np.nan, f"'{_shown(text)}' is a date, a time or two numbers", "write the one number that was meant"
        found = re.fullmatch(r"([+-]?\d{1,9})(?:\.0{1,9})?(?:[\s\-–—:=.()\[\]]{1,5}([^\d]{1,60}))?", plain)
        behind = re.fullmatch(r"([^\d]{1,60}?)[\s(\[:=–—-]{1,5}(\d{1,9})[)\]]?", plain)
        if found:
            number, label = int(found[1]), _key(found[2] or "")
        elif behind and _key(behind[1]) in self.ends:
            number, label = int(behind[2]), _key(behind[1])
        else:
            do = "write the number, or empty the cell where there is no answer"
            return np.nan, f"'{_shown(text)}' is not an answer on the scale {self.words}", do
        if not self.least <= number <= self.most:
            return np.nan, f"'{_shown(text)}' is not on the scale {self.words}", "mend it, or empty the cell"
        if label in self.ends and self.ends[label] != number:
            return np.nan, f"'{_shown(text)}' is the wrong way round: the scale is {self.words}", "mend it"
        return float(number), "", ""


@dataclass
class _Form:
    """One spreadsheet being read, and what is said of it."""

    file: str
    study: Study
    wave: str
    instrument: Instrument = field(default_factory=load_instrument)
    problems: list[tuple[int, int, Problem]] = field(default_factory=list)

    def say(self, row: int, column: str | int, what: str, do: str, kind: str = "") -> None:
        place, letters = (column, _letter(column)) if isinstance(column, int) else (-1, column)
        self.problems.append((row, place, Problem(self.file, row, letters, what, do, kind)))

    def note(self, what: str, do: str) -> None:
        self.say(0, "", what, do, NOTE)

    def sorted_problems(self) -> list[Problem]:
        """Return faults by row and column, and then the notes."""
        return [p for *_, p in sorted(self.problems, key=lambda x: (x[2].kind == NOTE, x[0], x[1]))]

    def fits(self, rows: int, columns: int) -> bool:
        """Whether a sheet of this size is read; else say so."""
        if rows <= MAXIMUM_ROWS and columns <= MAXIMUM_COLUMNS:
            return True
        what = f"the sheet has more than {MAXIMUM_ROWS:,} rows or {MAXIMUM_COLUMNS:,} columns"
        self.say(0, "", what, "copy the answers alone into a new sheet")
        return False

    def read(self, grid: list[list[str]]) -> pd.DataFrame:
        """Return the answers that stand in a grid of cells."""
        nothing = empty_frame(INPUTS["readiness"])
        numbers = [n for n, row in enumerate(grid, 1) if any(row)]
        if not numbers:
            self.say(0, "", "the file is empty", "export the answers again")
            return nothing
        known = _Headings(self.instrument)
        headings, first = self.headings(grid, numbers, known)
        if first == 0:
            return nothing
        body = [n for n in numbers if n > first]
        if not body:
            self.say(0, "", "there are no answers below the headings", "export the answers again")
            return nothing
        width = max(len(h) for h in (headings, *(grid[n - 1] for n in body)))
        headings = headings + [[] for _ in range(width - len(headings))]
        cells = pd.DataFrame([grid[n - 1] + [""] * (width - len(grid[n - 1])) for n in body], index=body, dtype="str")
        roles = self.roles(headings, first, cells, known)
        if not any(r.kind == "item" for r in roles):
            self.say(first, "", "no column can be told to be a statement of the survey", "mend the headings")
            return nothing
        return self.answers(cells, roles)

    # --- headings

    def headings(self, grid: list[list[str]], numbers: Sequence[int], known: _Headings) -> tuple[list[list[str]], int]:
        """Return each column's headings, the one that counts first, and the row where they end; 0 where none are."""
        top = numbers[:6]
        hits = {n: sum(known.item(cell) is not None for cell in grid[n - 1] if cell) for n in top}
        best = max(top, key=lambda n: (hits[n], -n))
        if not hits[best]:
            do = "name the columns by their statements, as `ci-analysis questionnaire STUDY --form` lists them"
            self.say(numbers[0], "", "no column is a statement of the readiness survey", do)
            return [], 0
        ids = next((n for n in top if sum('"ImportId"' in c for c in grid[n - 1]) > 0), None)
        head = top[: top.index(ids) + 1] if ids is not None else top[: max(top.index(best), self.second(grid, top)) + 1]
        heads = [grid[n - 1] for n in head if n != ids]
        titles = [n for n in head if n != ids and sum(bool(c) for c in grid[n - 1]) < 2 <= hits[best]]
        if not 1 <= len(heads) <= 2 or best not in head or titles:
            do = "keep one row of headings, with the statements, and the answers below it"
            self.say(best, "", f"the statements are in row {best}, and other rows stand above or between", do)
            return [], 0
        width = max(len(h) for h in heads)
        padded = [h + [""] * (width - len(h)) for h in heads]
        if len(padded) == 1:
            return [[c] for c in padded[0]], head[-1]
        # The upper row names a question once, over all the columns of its parts.
        upper, lower = padded
        spread = pd.Series(upper, dtype="str").replace("", np.nan).ffill().fillna("").tolist()
        lower = ["" if _key(c) in _PARTS else c for c in lower]
        upper = [u or (s if low else "") for u, s, low in zip(upper, spread, lower, strict=True)]
        return [[c for c in (low, up) if c] for low, up in zip(lower, upper, strict=True)], head[-1]

    @staticmethod
    def second(grid: list[list[str]], top: Sequence[int]) -> int:
        """Return 1 where the second row says how questions were answered, as SurveyMonkey does; else 0."""
        row = grid[top[1] - 1] if len(top) > 1 else []
        # An answer may be any of these words too, but no heading of a part begins with a number.
        return int(any(_key(c) in _PARTS for c in row) and not any(c[:1].isdigit() for c in row))

    def roles(self, headings: list[list[str]], row: int, cells: pd.DataFrame, known: _Headings) -> list[_Role]:
        """Return what each column is for, and say what cannot be told and what is not kept."""
        roles = [self.role(column, names, row, known) for column, names in enumerate(headings)]
        for kind in ("item", "code", "organisation", "speaks_for"):
            seen: dict[str, int] = {}
            for column, role in enumerate(roles):
                if role.kind != kind:
                    continue
                if role.target in seen:
                    of, before = role.target or _SPOKEN[kind], _letter(seen[role.target])
                    self.say(row, column, f"a second column for {of}, after column {before}", "take one of them out")
                    roles[column] = _Role("blank")
                seen.setdefault(role.target, column)
        self.say_not_kept(headings, cells, roles)
        there = {r.target for r in roles if r.kind == "item"}
        absent = [i for i in self.instrument.items()["item"] if i not in there]
        if absent:
            total = len(self.instrument.items())
            what = f"{len(absent)} of {total} statements have no column: {', '.join(absent)}"
            self.note(what, "nothing to do where they were not asked; else look for their columns")
        return roles

    def role(self, column: int, names: Sequence[str], row: int, known: _Headings) -> _Role:
        found = [known.role(name) for name in names]
        asks = {r.target for r in found if r.kind == "item"}
        if len(asks) > 1:
            what = f"the headings name two statements, {' and '.join(sorted(asks))}"
            self.say(row, column, what, "keep one of them")
            return _Role("blank")
        # A part's own heading counts; the question over it only where the part says nothing.
        role = next((r for r in found if r.kind not in ("unknown", "blank")), found[0] if found else _Role("blank"))
        if role == _Role("comment") and (about := known.about(_key(" ".join(names)))):
            role = _Role("comment", about)
        if role.kind == "unknown" and (like := next(filter(None, map(known.likely, names)), None)):
            text = self.instrument.items().set_index("item")["text"][like]
            what = f"'{_shown(names[0])}' is not a statement of the survey, but looks like one"
            self.say(row, column, what, f"write '{text}' or '{like}'")
            return _Role("blank")
        return role

    def say_not_kept(self, headings: list[list[str]], cells: pd.DataFrame, roles: Sequence[_Role]) -> None:
        for kind, why in _NOT_KEPT.items():
            gone = [i for i, r in enumerate(roles) if r.kind == kind]
            if gone:
                names = [f"{_letter(i)} ('{_shown(' / '.join(headings[i]), 40)}')" for i in gone[:20]]
                more = f" and {len(gone) - 20} more" if len(gone) > 20 else ""
                plural = "columns are" if len(gone) > 1 else "column is"
                self.note(f"the {plural} not kept: {', '.join(names)}{more}", why)
        for i, role in enumerate(roles):
            if role.kind == "blank" and not any(headings[i]) and cells[i].ne("").any():
                at = int(cells.index[cells[i].ne("")][0])
                self.say(at, i, "the cell stands under no heading", "name its column, or empty it", "no heading")

    # --- answers

    def answers(self, cells: pd.DataFrame, roles: Sequence[_Role]) -> pd.DataFrame:
        """Return one row an answer, respondents named as they may be."""
        order = self.instrument.items()["item"].tolist()
        places = {r.target: i for i, r in enumerate(roles) if r.kind == "item"}
        scores = pd.DataFrame({item: self.scores(cells, places[item]) for item in order if item in places})
        speaks = self.speaks_for(cells, roles)
        answered = scores.notna().any(axis=1)
        comments = self.comments(cells, roles, scores, answered)
        # Of a row with a cell that could not be read it is not known what it answers.
        unread = {row for row, _, p in self.problems if p.kind == "score"}
        silent = ~answered & ~answered.index.isin(list(unread))
        if silent.all():
            self.say(0, "", "no row answers a statement", "look whether the answers were exported with the questions")
        elif silent.any():
            n = int(silent.sum())
            self.note(f"{n} {'rows answer' if n > 1 else 'row answers'} no statement", "nothing to do")
        wide = scores.join(comments.add_prefix("comment ")).assign(speaks_for=speaks)[answered]
        wide.insert(0, "respondent", self.respondents(cells, roles, wide))
        wide = wide[~wide["respondent"].duplicated()]
        long = wide.melt(["respondent", "speaks_for"], list(scores), "item", "score").dropna(subset=["score"])
        said = comments.loc[wide.index].assign(respondent=wide["respondent"])
        said = said.melt("respondent", var_name="item", value_name="comment")
        rows = long.merge(said, on=["respondent", "item"], how="left", validate="one_to_one").assign(wave=self.wave)
        rows["_place"] = pd.Index(order).get_indexer(rows["item"])
        rows = rows.sort_values(["respondent", "_place"], ignore_index=True).drop(columns="_place")
        return conform(rows, INPUTS["readiness"])

    def scores(self, cells: pd.DataFrame, column: int) -> pd.Series:
        scale = _Scale(self.instrument)
        read = {text: scale.read(text) for text in cells[column].unique()}
        for row, text in cells[column].items():
            _, what, do = read[text]
            if what:
                self.say(int(row), column, what, do, "score")
        return cells[column].map({text: score for text, (score, *_) in read.items()}).astype("float64")

    def speaks_for(self, cells: pd.DataFrame, roles: Sequence[_Role]) -> pd.Series:
        column = next((i for i, r in enumerate(roles) if r.kind == "speaks_for"), None)
        blank = pd.Series(np.nan, index=cells.index, dtype="str")
        if column is None:
            return blank
        words = cells[column].map(_key)
        backbone = words.str.contains(r"\bbackbone\b")
        partner = words.str.contains(r"\bpartners?\b")
        silent = words.eq("") | words.str.fullmatch(_NO_ANSWER)
        for row in cells.index[(backbone == partner) & ~silent]:
            what = f"'{_shown(cells.loc[row, column])}' does not say whom the respondent speaks for"
            self.say(int(row), column, what, "write 'backbone' or 'partner', or empty the cell", "speaks_for")
        return blank.mask(backbone & ~partner, "backbone").mask(partner & ~backbone, "partner")

    def comments(
        self, cells: pd.DataFrame, roles: Sequence[_Role], scores: pd.DataFrame, answered: pd.Series
    ) -> pd.DataFrame:
        """Return what each respondent adds to each statement that it answered."""
        conditions = {c.condition: [i.item for i in c.items] for c in self.instrument.conditions}
        home = {item: condition for condition, items in conditions.items() for item in items}
        label = {c.condition: c.label for c in self.instrument.conditions}
        said: dict[tuple[int, str], list[str]] = {}
        elsewhere = lost = 0
        for column, target in _comment_targets(roles, home):
            words = cells[column].map(_key)
            texts = cells[column].mask(words.eq("") | words.str.fullmatch(_NO_ANSWER) | cells[column].eq(FORMULA))
            for row, text in texts.dropna().items():
                text = " ".join(text.split())
                if not answered[row]:
                    lost += 1
                    continue
                given = [i for i in scores if not np.isnan(scores.loc[row, i])]
                condition = home.get(target, target)
                near = [i for i in given if home[i] == condition] or given
                if target not in given:
                    elsewhere += 1
                    about = f"statement {target}" if target in home else label.get(target, "the survey")
                    text = f"[on {about}{'' if target in home else ' as a whole'}] {text}"
                said.setdefault((row, target if target in given else near[0]), []).append(text)
        if elsewhere:
            are = "comments are" if elsewhere > 1 else "comment is"
            what = f"{elsewhere} {are} not about one statement that was answered"
            do = "each stands with the first statement of its condition that was answered, and says what it is about"
            self.note(what, do)
        if lost:
            self.note(f"{lost} {'comments are' if lost > 1 else 'comment is'} not kept",
                      "a comment stands with an answer, and these respondents gave none")  # fmt: skip
        frame = pd.DataFrame(np.nan, index=cells.index, columns=list(scores), dtype="str")
        for (row, item), texts in said.items():
            frame.loc[row, item] = " / ".join(texts)
        return frame

    # --- respondents

    def respondents(self, cells: pd.DataFrame, roles: Sequence[_Role], wide: pd.DataFrame) -> pd.Series:
        """Return who answered in each row, as far as that may be kept."""
        named = self.named(cells.loc[wide.index], roles)
        self.say_twice(cells.loc[wide.index], roles, named)
        anonymous = wide[named.isna()]
        # By what was answered, so that the numbers do not tell in which order people answered.
        by = [c for c in wide.columns if c != "respondent"]
        order = anonymous.sort_values(by, kind="stable", na_position="first").index
        digits = max(2, len(str(len(order))))
        taken = set(named.dropna())
        free = (
            name for n in range(1, len(order) + len(taken) + 1)
            if (name := f"anon-{self.wave.lower()}-{n:0{digits}d}") not in taken
        )  # fmt: skip
        given = dict(zip(order, free, strict=False))
        if given:
            n, total = len(given), len(wide)
            what = f"{n} of {total} respondents are anonymous, as anon-{self.wave.lower()}-{1:0{digits}d} and on"
            self.note(what, "their numbers do not follow the order in which they answered")
        return named.fillna(pd.Series(given, dtype="str"))

    def named(self, cells: pd.DataFrame, roles: Sequence[_Role]) -> pd.Series:
        """Return the partner or the code that a row gives; missing where it gives neither."""
        partners = self.study.tables["partners"]
        ids = {p: p for p in partners["partner_id"].dropna()}
        names = partners.assign(key=partners["name"].map(_spoken_key, na_action="ignore"))
        ids |= dict(names[~names["key"].duplicated(keep=False)].set_index("key")["partner_id"].dropna())
        columns = {k: next((i for i, r in enumerate(roles) if r.kind == k), None) for k in ("code", "organisation")}
        found = pd.Series(np.nan, index=cells.index, dtype="str")
        if columns["code"] is not None:
            given = cells[columns["code"]]
            partner = given.map(lambda t: ids.get(t) or ids.get(_spoken_key(t)))
            own = given.where(given.map(lambda t: SLUG.fullmatch(t) is not None))
            personal = self.personal(cells, roles)
            hidden = np.array([t in p for t, p in zip(given, personal, strict=True)], dtype=bool)
            found = partner.astype("str").fillna(own.mask(hidden))
            n = int((given.ne("") & found.isna()).sum())
            if n:
                what = f"column {_letter(columns['code'])} is not kept in {n} {'rows' if n > 1 else 'row'}"
                self.note(what, "a code has lower-case letters, digits and hyphens, and is not a name or an address")
        if columns["organisation"] is not None:
            given = cells[columns["organisation"]]
            partner = given.map(lambda t: ids.get(t) or ids.get(_spoken_key(t))).astype("str")
            n = int((given.ne("") & partner.isna()).sum())
            found = found.fillna(partner)
            if n:
                what = f"column {_letter(columns['organisation'])} names no partner of the study in {n} "
                self.note(f"{what}{'rows' if n > 1 else 'row'}", "write the name as in partners.csv, or leave it")
        return found

    @staticmethod
    def personal(cells: pd.DataFrame, roles: Sequence[_Role]) -> list[set[str]]:
        """Return, for each row, what a name or an address beside it would be as a code."""
        columns = [i for i, r in enumerate(roles) if r.kind == "person"]

        def codes(texts: Iterable[str]) -> set[str]:
            whole = [_key(t.split("@")[0]) for t in texts]
            found = {c for w in whole for c in (w.replace(" ", "-"), w.replace(" ", ""), *w.split())}
            return {c for c in found if any(letter.isalpha() for letter in c)}

        return [codes(row) for row in cells[columns].itertuples(index=False)] if columns else [set()] * len(cells)

    def say_twice(self, cells: pd.DataFrame, roles: Sequence[_Role], named: pd.Series) -> None:
        """Say which rows are of one respondent, by its code, its organisation or its address."""
        column = next((i for i, r in enumerate(roles) if r.kind in ("code", "organisation")), None)
        first: dict[str, int] = {}
        said = set()
        for row, who in named.dropna().items():
            if who in first:
                said.add(row)
                do = "keep one of the two rows; where two people of one organisation answered, give each a code"
                self.say(int(row), column or 0, f"'{who}' answers in row {first[who]} already", do, "twice")
            first.setdefault(who, int(row))
        for i in (i for i, r in enumerate(roles) if r.kind == "person"):
            where: dict[str, int] = {}
            for row, text in cells[i][cells[i].str.contains("@", regex=False)].str.casefold().items():
                if text in where and row not in said:
                    do = "keep one of the two rows; where two people share the address, empty it in one of them"
                    self.say(int(row), i, f"the same address as in row {where[text]}", do, "twice")
                where.setdefault(text, int(row))


#: What SurveyMonkey writes under a question in place of a part's own heading.
_PARTS = frozenset({"response", "open ended response"})
_SPOKEN = {"code": "the respondent's code", "organisation": "the organisation", "speaks_for": "whom they speak for"}
#: Kinds of columns that are left out, and why.
_NOT_KEPT = {
    "person": "they say who answered or when, or are the tool's own; nothing to do",
    "grading": "the survey gives no points; nothing to do",
    "unknown": "the readiness survey has no such statement; nothing to do, unless it should be one",
}


def _spoken_key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _comment_targets(roles: Sequence[_Role], home: dict[str, str]) -> list[tuple[int, str]]:
    """Return each column of comments with the item or condition that it is about; empty is the survey as a whole.

    A column that names neither is about the whole where it is the only one. Where there are several, each is about
    the statement before it if there are more of them than conditions, and else about the condition before it.
    """
    plain = [i for i, r in enumerate(roles) if r.kind == "comment" and not r.target]
    conditions = {home[r.target] for r in roles if r.kind == "item"}
    targets, used = [], set()
    before = ""
    for i, role in enumerate(roles):
        if role.kind == "item":
            before = role.target
        elif role.kind == "comment":
            target = role.target
            if not target and len(plain) > 1 and before:
                target = before if len(plain) > len(conditions) + 1 else home[before]
                # A second one behind the same statement is about more than it.
                target = "" if target in used else target
                used.add(target)
            targets.append((i, target))
    return targets
