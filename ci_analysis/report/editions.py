"""One edition of a study's report: what it may show, and its sections."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import get_args

import pandas as pd

from ci_analysis.errors import WrongUse
from ci_analysis.figures.base import Made, Statement, drawing
from ci_analysis.figures.words import listing
from ci_analysis.pipeline import results
from ci_analysis.places import find_study
from ci_analysis.report.blocks import Block, drawing_html, finding_block, missing_block, table_html
from ci_analysis.report.made import Kind
from ci_analysis.report.withhold import enough_answers, internal_study, may_be_public, public_study, public_tables
from ci_analysis.study import Preconditions, Study
from ci_analysis.tables import INPUTS, OUTPUTS, Table, period_end

__all__ = ["HANDED", "Edition", "edition_of", "open_edition"]

#: Names, in the environment of a notebook that a run executes, the file of the edition that the run has opened.
HANDED = "CI_ANALYSIS_EDITION"
#: Rows of a table that stand on a page; a page with more is slow to open, and nobody reads them there.
_MOST_ROWS = 400


@dataclass(frozen=True)
class Edition:
    """A study's report for the coalition (`internal`) or for everybody (`public`).

    Parameters
    ----------
    kind : {'public', 'internal'}
        Whom it is for.
    study : Study
        The study, as far as this edition may know it.
    tables : mapping of str to pandas.DataFrame
        The tables of the run that this edition may show, without what is withheld.
    """

    kind: Kind
    study: Study
    tables: Mapping[str, pd.DataFrame]

    def may_show(self, name: str) -> bool:
        """Whether this edition may show a table of the run or of the study, or one column of it (`table.column`)."""
        table, _, column = name.partition(".")
        if column and self.kind == "public" and not _declaration(table).by_name[column].public:
            return False
        if table in OUTPUTS:
            return table in self.tables
        return self.kind == "internal" or may_be_public(self.study, INPUTS[table])

    def frame(self, name: str) -> pd.DataFrame:
        """Return a table of the run or, where it makes none by that name, of the study, as far as it may be shown.

        Of `table.column`, the rows whose column is filled in.
        """
        table, _, column = name.partition(".")
        frame = self.tables[table] if table in OUTPUTS else self.study.tables[table]
        return frame[frame[column].notna()].reset_index(drop=True) if column else frame

    def section(
        self,
        draw: Callable[..., Made | Statement | None],
        *names: str,
        shows: str,
        columns: Sequence[str] = (),
        behind: bool = True,
        note: str = "",
    ) -> Block:
        """Return a section of a page: the finding, the picture, its notes and its data.

        Parameters
        ----------
        draw : callable
            Of `ci_analysis.figures`: takes the study and the named tables, gives an Axes with a finding, a Drawing or
            a Statement, or None where there is nothing to say.
        *names : str
            Tables of the run or of the study, or `table.column`: the rows that have the column filled in. Where one
            may not be shown in this edition, the section is left out, unless its name ends in `?`: then `draw` gets
            None for it. Where the first has no rows, a sentence says what the section would show and which file to
            fill in.
        shows : str
            What the section shows, as a clause.
        columns : sequence of str
            Of the first table, for the table under the picture: all, unless told; under a Statement none, unless told.
        behind : bool
            Whether the first table stands, folded, under the picture.
        note : str
            A sentence that stands beneath.
        """
        if not all(self.may_show(n) for n in names if not n.endswith("?")):
            return Block("")
        asked = {n.removesuffix("?"): self.may_show(n.removesuffix("?")) for n in names}
        frames = [self.frame(n) if shown else None for n, shown in asked.items()]
        names = tuple(n for n, shown in asked.items() if shown)
        table, column = _declaration(names[0]), names[0].partition(".")[2]
        if not len(frames[0]) and table.step == "pipeline":
            return Block("")  # a first run has none before it, and there is no file to fill in
        if not len(frames[0]):
            files = {m: INPUTS[m].file if m in INPUTS else "study.yaml" for m in _made_from(names[0])}
            absent = list(dict.fromkeys(file for m, file in files.items() if not self._given(m)))
            if column and not absent:
                absent = [f"{table.file}: {column}"]
            return missing_block(shows, absent, next(iter(files.values())))
        made = draw(self.study, *frames)
        if made is None:
            return Block("")
        data = frames[0][[c for c in columns or table.names if c in frames[0]]]
        data, caption = _listed(data, table)
        body = table_html(data, table, self.study.labels, caption=caption, units=self.study.units)
        notes = [n for n in (note, self.made_up(names), self.sources(names)) if n]
        downloads = [_declaration(n).file for n in dict.fromkeys(x.partition(".")[0] for x in names) if n in OUTPUTS]
        if isinstance(made, Statement):
            shown = (
                table_html(made.frame, table, self.study.labels, caption=made.caption, units=self.study.units)
                if made.frame is not None
                else ""
            )
            said = "".join(f"<p>{escape(t)}</p>" for t in made.lines)
            folded = body if behind and columns else ""
            body = made.controls + shown + said
            return finding_block(made.title, body, notes=notes, table=folded, downloads=downloads)
        picture = drawing(made)
        notes = [*picture.notes, *notes]
        return finding_block(
            picture.title, drawing_html(picture), notes=notes, table=body if behind else "", downloads=downloads
        )

    def _given(self, part: str) -> bool:
        """Whether the study has rows of a table, or says anything in a part of study.yaml."""
        if part in INPUTS:
            return self.study.has(part)
        # Without the key, preconditions are three that nobody has judged.
        return getattr(self.study.settings, part) not in (None, Preconditions())

    def made_up(self, names: Sequence[str]) -> str:
        """Return the sentence that says what is made up for teaching among the tables behind a section."""
        behind = dict.fromkeys(m for n in names for m in _made_from(n))
        wholly = [m for m in behind if m in self.study.settings.illustrative]
        partly = [m for m in behind if m not in wholly and self.study.is_illustrative(m)]
        if wholly:
            return f"Illustrative: made up for teaching ({listing([_spoken(m) for m in [*wholly, *partly]], most=9)})."
        if partly:
            return (
                f"Illustrative in part: some rows of {listing([_spoken(m) for m in partly])} are made up for teaching."
            )
        return ""

    def sources(self, names: Sequence[str]) -> str:
        """Return the sentence that names the published sources behind a section."""
        behind = {m for n in names for m in _made_from(n)}
        if "indicators" not in behind:
            return self._sources_of_measures(names[0])
        profile, indicators = self.study.profile, self.study.tables["indicators"]
        there = set(indicators["indicator"])
        income = [i for i in profile.price.income if i in there][:1] if profile.price else []
        priced = [profile.price.indicator, *income] if profile.price else []
        wanted = {
            "affordability": priced,
            "affordability_years": priced,
            "indicators": list(there),
        }.get(names[0], [profile.need.people, profile.need.share, profile.need.direct])
        used = indicators[indicators["indicator"].isin(wanted)].assign(ends=period_end(indicators["period"]))
        used = used[~(used["ends"] > pd.Timestamp(self.study.settings.as_of))]
        if names[0] not in ("indicators", "affordability_years"):
            used = used[used["ends"] == used.groupby(["indicator", "segment"], dropna=False)["ends"].transform("max")]
        named = sorted(used["source"].dropna().unique())
        seats = " and the study's tables of facilities and capacity" if "capacity" in behind else ""
        if wanted is priced:
            # Prices are the facilities' own only where some facility gives one.
            asked = self.study.tables["capacity"][["price_week", "price_week_after_aid"]].notna().any(axis=None)
            seats = " and the prices of the study's facilities" if asked else ""
        return f"Source: {listing(named, most=5)}{seats}." if named else ""

    def _sources_of_measures(self, name: str) -> str:
        frame, measures = self.frame(name), self.study.tables["measures"]
        if "measure_id" not in frame:
            return ""
        shown = measures[measures["measure_id"].isin(frame["measure_id"])]
        named = sorted(shown["source"].dropna().unique())
        others = "; other figures are partners’ own reports" if shown["source"].isna().any() else ""
        return f"Source: {listing(named, most=5)}{others}." if named else ""


def open_edition(study: str | Path, edition: str = "internal", processed: str | Path = "") -> Edition:
    """Return one edition of a study, computing what is missing or has changed.

    Parameters
    ----------
    study : str or pathlib.Path
        A study's name under `data/raw`, or the path of its folder.
    edition : {'internal', 'public'}
        Whom it is for.
    processed : str or pathlib.Path
        The folder of all studies' results; empty is `data/processed` beside `data/raw`.

    Raises
    ------
    StudyNotFound, StudyProblems
        Where there is no such study, or it has problems.
    WrongUse
        Where there is no such edition.
    """
    if edition not in get_args(Kind):
        raise WrongUse(f"There is no edition '{edition}'. Use internal or public.")
    handed = os.environ.get(HANDED)
    if handed:
        # Four notebooks of one run speak of one reading of the study, and do not each read it again.
        named, opened = pickle.loads(Path(handed).read_bytes())
        if named == (os.fspath(study), edition):
            return opened
    read = Study.read(find_study(study))
    tables = results(read, processed or None)
    return edition_of(read, tables, edition)  # type: ignore[arg-type]  # checked above


def edition_of(study: Study, tables: Mapping[str, pd.DataFrame], kind: Kind) -> Edition:
    """Return an edition from a run's tables."""
    tables = enough_answers(study, tables)
    if kind == "internal":
        return Edition(kind, internal_study(study), tables)
    return Edition(kind, public_study(study), public_tables(study, tables))


def _declaration(name: str) -> Table:
    table = name.partition(".")[0]
    return OUTPUTS.get(table) or INPUTS[table]


def _made_from(name: str) -> tuple[str, ...]:
    """Return the study's tables, and parts of study.yaml, that a table rests on; of the study's own, itself."""
    table = _declaration(name)
    return table.made_from or (table.name,)


def _listed(data: pd.DataFrame, table: Table) -> tuple[pd.DataFrame, str]:
    """Return the rows of a table that a page lists, and what they are: those with a figure, up to a number."""
    figures = [c for c in data if c not in table.key]
    told = data.dropna(how="all", subset=figures) if figures else data
    if len(told) <= _MOST_ROWS:
        return told, table.help
    return told.head(
        _MOST_ROWS
    ), f"{table.help} The first {_MOST_ROWS:,} of {len(told):,} rows; all are in {table.file}."


def _spoken(name: str) -> str:
    return name.replace("_", " ")
