"""The quarter's round: a workbook for each partner that owes figures, and what comes back merged into the study."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ci_analysis.errors import CiAnalysisError, Problem, StudyProblems, WrongUse, nearest
from ci_analysis.exchange.merge import Change, merge
from ci_analysis.exchange.workbooks import FORMULA, grid
from ci_analysis.places import writable
from ci_analysis.redesign.reporting import DUE_DAYS, expected_periods
from ci_analysis.study import Study
from ci_analysis.tables import members, period_end

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["Collected", "Request", "collect_round", "due_figures", "request_round"]

#: Headings of what identifies a figure, in hidden columns; the first cell of each row says whose study it is.
_IDS = ("study", "measure_id", "period", "partner_id", "segment")
_FIGURE, _COUNTED, _OUT_OF, _ON = "Figure", "Counted", "Out of", "Counted on (YYYY-MM-DD)"
_INPUTS = (_FIGURE, _COUNTED, _OUT_OF, _ON)
_HEADINGS = (
    "Measure", "What is counted", "Unit", "Group", "Period", "Last figure", "Of", *_INPUTS, "State", *_IDS,
)  # fmt: skip
_WIDTHS = (34, 52, 16, 22, 12, 14, 12, 12, 12, 12, 22, 18)
_MAXIMUM_ROWS, _MAXIMUM_COLUMNS = 5_000, 200
_NUMBER = re.compile(r"[-−]?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d+)?(?:[eE][-+]?\d+)?")
_NOTE = "note"
_STEM = re.compile(r"\d{4}(?:-(?:Q[1-4]|0[1-9]|1[0-2]))?")


@dataclass(frozen=True)
class Request:
    """A workbook for one partner.

    Parameters
    ----------
    partner_id : str
        Who is asked.
    path : pathlib.Path
        The workbook.
    asked, known : int
        Figures that are asked for, and that the study has already.
    """

    partner_id: str
    path: Path
    asked: int
    known: int


@dataclass(frozen=True)
class Collected:
    """What came back, and what is still missing.

    Parameters
    ----------
    changes : tuple of Change
        What was done to the study's tables.
    notes : tuple of str
        What was taken in another way than it was written, and figures to look at.
    missing : pandas.DataFrame
        partner_id, measure_id, period, segment of figures that the workbooks ask for and nobody has given.
    """

    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    missing: pd.DataFrame = field(compare=False)


# --- asking -----------------------------------------------------------------------------------------------------------


def due_figures(study: Study, period: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the figures that end in a period, each with who owes it, and what nobody can be asked for.

    A measure is due where one of its own periods ends in the one asked for: of a monthly measure a quarter asks for
    three figures, and a yearly one is asked for in the quarter in which its year ends. Its reporters owe it; where it
    names none, its owner owes the community's figure. Groups are those that the partner has reported before, or those
    that the issue's profile names for the measure. A partner owes nothing for a period that ended before it joined
    or began after it left.

    Parameters
    ----------
    study : Study
        The study.
    period : str
        A year, quarter or month: `2026`, `2026-Q3`, `2026-08`.

    Returns
    -------
    due : pandas.DataFrame
        A row a figure: asked (the partner who is asked), measure_id, period, period_end, partner_id (empty: the
        community as a whole), segment (empty: everybody); by partner, in the order of measures.csv.
    notes : list of str
        Measures that nobody is asked for, and why.

    Raises
    ------
    WrongUse
        Where `period` is none of these.
    """
    first, last = _ends(period)
    observations, partners = study.tables["observations"], study.tables["partners"].set_index("partner_id")
    by_profile = {m.measure_id: m.segments for m in study.profile.measures}
    rows: list[dict[str, Any]] = []
    notes = []
    for measure in study.tables["measures"].itertuples():
        name = study.labels["measure_id"].get(measure.measure_id, measure.measure_id)
        if pd.isna(measure.frequency):
            notes.append(f"{name} is not asked for: measures.csv does not say how often it is reported.")
            continue
        seen = observations[observations["measure_id"] == measure.measure_id]
        spans = expected_periods(str(measure.frequency), seen["period"], first, as_of=last.date())
        spans = spans[spans["period_end"] >= first]
        if spans.empty:
            continue
        reporters = members(measure.reporters) if pd.notna(measure.reporters) else []
        owed = [(p, p) for p in reporters] or ([(measure.owner, None)] if pd.notna(measure.owner) else [])
        if not owed:
            notes.append(f"{name} is not asked for: measures.csv names no owner and no reporters.")
        for asked, partner in owed:
            of = seen[seen["partner_id"].isna() if partner is None else seen["partner_id"].eq(partner)]
            segments = list(dict.fromkeys(of["segment"].astype(object).where(of["segment"].notna(), None)))
            segments = segments or list(by_profile.get(measure.measure_id, ())) or [None]
            for span in spans.itertuples():
                if asked in partners.index and _outside(partners.loc[asked], span):
                    continue
                rows += [
                    {"asked": asked, "measure_id": measure.measure_id, "period": span.period,
                     "period_end": span.period_end, "partner_id": partner, "segment": segment}
                    for segment in sorted(segments, key=lambda s: (s is not None, str(s)))
                ]  # fmt: skip
    columns = ["asked", "measure_id", "period", "period_end", "partner_id", "segment"]
    due = pd.DataFrame(rows, columns=columns).sort_values("asked", kind="stable", ignore_index=True)
    return due, notes


def _ends(period: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    if not _STEM.fullmatch(period):
        raise WrongUse(
            f"'{period[:60]}' is not a period to ask for. Write a year, quarter or month: 2026, 2026-Q3, 2026-08."
        )
    last = period_end(pd.Series([period], dtype="str")).iloc[0]
    months = 12 if len(period) == 4 else 3 if "Q" in period else 1
    return (last - pd.DateOffset(months=months) + pd.offsets.MonthEnd(0)) + pd.Timedelta(days=1), last


def _outside(partner: pd.Series, span: Any) -> bool:
    joined, left = pd.Timestamp(partner["joined_on"]), pd.Timestamp(partner["left_on"])
    return bool(span.period_end < joined or span.period_start > left)


def request_round(
    study: Study, period: str, out: Path | None = None, *, force: bool = False
) -> tuple[list[Request], list[str]]:
    """Write a workbook for each partner that owes figures for a period, with definitions beside what is asked.

    Figures that the study has already stand in their cells, so that nobody counts twice.

    Parameters
    ----------
    study : Study
        The study.
    period : str
        A year, quarter or month.
    out : pathlib.Path, optional
        The folder; `reports/<study>/requests/<period>`, unless told.
    force : bool
        Replace workbooks that are there.

    Returns
    -------
    requests : list of Request
        By partner.
    notes : list of str
        Measures that nobody is asked for, and why.

    Raises
    ------
    WrongUse
        Where nothing is due, or workbooks are there already.
    """
    due, notes = due_figures(study, period)
    if due.empty:
        raise WrongUse(f"Nobody owes a figure for {period}. {' '.join(notes)}".strip())
    folder = Path(out or study.root / "reports" / study.name / "requests" / period)
    paths = {p: folder / f"{period}-{p}.xlsx" for p in due["asked"].unique()}
    there = [path.name for path in paths.values() if path.exists()]
    if there and not force:
        raise WrongUse(f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already in {folder}; "
                       "give --force to replace, or --out to write elsewhere.")  # fmt: skip
    known = _known(study, due)
    made = {}
    for partner, rows in due.groupby("asked", sort=True):
        book = _workbook(study, str(partner), rows, known.loc[rows.index], period)
        made[partner] = _bytes_of(book, study.settings.as_of)
    aside = writable(folder, keep=".round.")
    try:
        for partner, content in made.items():
            (aside / paths[partner].name).write_bytes(content)
        for path in paths.values():
            (aside / path.name).replace(path)
    except OSError as error:
        raise CiAnalysisError(f"The workbooks cannot be written to {folder} ({error.strerror}).") from error
    finally:
        for left in aside.iterdir():
            left.unlink()
        aside.rmdir()
    asked = known["there"].groupby(due["asked"])
    return [
        Request(str(p), path, int((~asked.get_group(p)).sum()), int(asked.get_group(p).sum()))
        for p, path in sorted(paths.items())
    ], notes  # fmt: skip


def _key(frame: pd.DataFrame) -> pd.Series:
    parts = [frame[c].astype(object).where(frame[c].notna(), "").astype(str) for c in _IDS[1:]]
    return parts[0].str.cat(parts[1:], sep="|")


def _known(study: Study, due: pd.DataFrame) -> pd.DataFrame:
    """Return what the study has of each figure that is due, and the last one before it."""
    observations = study.tables["observations"]
    observations = observations.assign(key=_key(observations), end=period_end(observations["period"]))
    by_key = observations.drop_duplicates("key").set_index("key")
    found = by_key.reindex(_key(due))[["value", "numerator", "denominator", "reported_on"]].set_index(due.index)
    rows = []
    for row in due.itertuples():
        of = observations[observations["measure_id"].eq(row.measure_id) & (observations["end"] < row.period_end)]
        for column in ("partner_id", "segment"):
            mine = getattr(row, column)
            of = of[of[column].isna() if pd.isna(mine) else of[column].eq(mine)]
        of = of.sort_values("end")
        figure = (of["value"].fillna(of["numerator"] / of["denominator"])).dropna()
        last = of.loc[figure.index[-1], "period"] if len(figure) else None
        parts = bool(of["denominator"].notna().any())
        rows.append((figure.iloc[-1] if len(figure) else None, last, parts))
    before = pd.DataFrame(rows, columns=["last", "last_period", "in_parts"], index=due.index)
    there = found[["value", "numerator"]].notna().any(axis=1)
    return pd.concat([found, before], axis=1).assign(there=there)


def _workbook(study: Study, partner: str, due: pd.DataFrame, known: pd.DataFrame, period: str) -> Workbook:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font, PatternFill, Protection
    from openpyxl.worksheet.datavalidation import DataValidation

    measures, labels = study.tables["measures"].set_index("measure_id"), study.labels
    book = Workbook()
    sheet = book.active
    sheet.title = "Figures"
    bold, open_, quiet = Font(bold=True), PatternFill("solid", fgColor="FFF7D6"), PatternFill("solid", fgColor="EEEEEE")
    for k, heading in enumerate(_HEADINGS, start=1):
        _put(sheet.cell(1, k), heading).font = bold
        letter = sheet.cell(1, k).column_letter
        sheet.column_dimensions[letter].width = _WIDTHS[k - 1] if k <= len(_WIDTHS) else 12
        sheet.column_dimensions[letter].hidden = heading in _IDS
    for r, (row, has) in enumerate(zip(due.itertuples(), known.itertuples(), strict=True), start=2):
        about = measures.loc[row.measure_id]
        owner = labels["partner_id"].get(about["owner"], about["owner"]) if pd.notna(about["owner"]) else "the office"
        definition = about["definition"] if pd.notna(about["definition"]) else f"No definition yet: ask {owner}."
        group = "Everybody" if pd.isna(row.segment) else labels["segment"].get(row.segment, row.segment)
        in_parts = has.in_parts or about["rollup"] == "weighted"
        cells = {
            "Measure": about["name"], "What is counted": definition, "Unit": about["unit"], "Group": group,
            "Period": row.period, "Last figure": has.last, "Of": has.last_period,
            _FIGURE: has.value, _COUNTED: has.numerator, _OUT_OF: has.denominator, _ON: _day(has.reported_on),
            "State": "already here" if has.there else "asked for",
            "study": study.name, "measure_id": row.measure_id, "period": row.period, "partner_id": row.partner_id,
            "segment": row.segment,
        }  # fmt: skip
        for k, heading in enumerate(_HEADINGS, start=1):
            cell = _put(sheet.cell(r, k), cells[heading])
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            wanted = heading == _ON or (heading in (_COUNTED, _OUT_OF) if in_parts else heading == _FIGURE)
            if wanted and not has.there:
                cell.fill, cell.protection = open_, Protection(locked=False)
            elif heading in _INPUTS:
                cell.fill = quiet
    numbers = DataValidation(type="decimal", operator="between", formula1="-1E+15", formula2="1E+15", allow_blank=True,
                             showErrorMessage=True, errorTitle="A number",
                             error="Write a number. Leave the cell empty where there is no figure.")  # fmt: skip
    first, last = (sheet.cell(1, _HEADINGS.index(h) + 1).column_letter for h in (_FIGURE, _OUT_OF))
    numbers.add(f"{first}2:{last}{len(due) + 1}")
    sheet.add_data_validation(numbers)
    sheet.freeze_panes = "B2"
    sheet.protection.sheet = True
    sheet.protection.formatColumns = False
    _how_to(book.create_sheet("How to"), study, partner, due, period)
    return book


def _how_to(sheet: Any, study: Study, partner: str, due: pd.DataFrame, period: str) -> None:
    backbone = study.settings.backbone
    office = (
        study.labels["partner_id"].get(backbone.partner, backbone.partner) if backbone else "the coalition's office"
    )
    name = study.labels["partner_id"].get(partner, partner)
    day = due["period_end"].max() + pd.Timedelta(days=DUE_DAYS)
    lines = [
        f"{study.settings.title}: figures for {period}",
        f"For {name}. Please send this workbook back by {day:%B} {day.day}, {day.year}, to {office}.",
        "Fill in the yellow cells of the sheet Figures. Where a measure asks for two numbers, give what was counted "
        "and out of how many.",
        "An empty cell says that there is no figure yet. Write 0 only where you counted and there was none.",
        "What is counted stands beside each measure. If it is not clear, ask before you count.",
        "Cells in grey are not asked for, or are here already. If one is wrong, say so in your message.",
    ]
    sheet.column_dimensions["A"].width = 100
    for r, line in enumerate(lines, start=1):
        _put(sheet.cell(r, 1), line)


def _put(cell: Any, value: object) -> Any:
    """Write a cell; text stays text, whatever sign it begins with."""
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return cell
    if isinstance(value, str):
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:32_000]
        cell.data_type = "s"
        return cell
    number = float(value)  # type: ignore[arg-type]  # what is no text is a number
    cell.value = int(number) if number.is_integer() else number
    return cell


def _day(day: object) -> str | None:
    return None if pd.isna(day) else f"{pd.Timestamp(day):%Y-%m-%d}"


def _bytes_of(book: Workbook, day: dt.date) -> bytes:
    """Return a workbook whose bytes say nothing of when it was made."""
    saved, fixed = io.BytesIO(), io.BytesIO()
    book.save(saved)
    with zipfile.ZipFile(saved) as made, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in made.namelist():
            content = made.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", f"{day}T00:00:00Z".encode(), content)
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return fixed.getvalue()


# --- collecting -------------------------------------------------------------------------------------------------------


def collect_round(
    folder: str | Path, paths: Sequence[str | Path], *, on: str | None = None, replace: bool = False
) -> Collected:
    """Check workbooks that came back and merge their figures into a study's observations, all or none.

    An empty cell is a figure that is still missing, never zero. A figure that the study has already is left where it is
    the same, and refused where it differs, unless `replace` is given.

    Parameters
    ----------
    folder : str or pathlib.Path
        The study's folder.
    paths : sequence of str or pathlib.Path
        Workbooks of `request_round`, or their sheet saved as CSV.
    on : str, optional
        The day for figures whose row gives none, as `2026-10-20`. Without either the figure has no day, and counts as
        on time.
    replace : bool
        Whether figures that came replace those that differ.

    Returns
    -------
    Collected
        What was merged, what to look at, and what is still missing.

    Raises
    ------
    StudyProblems
        With everything that is wrong in any of the files; then nothing is written.
    WrongUse
        Where a file is not there, or `on` is no date.
    """
    study = Study.read(folder)
    if on is not None and not _is_day(on):
        raise WrongUse(f"'{on[:60]}' is not a day. Write it as 2026-10-20.")
    lacking = [str(p) for p in map(Path, paths) if not p.is_file()]
    if lacking:
        raise WrongUse(f"There is no file {', '.join(lacking)}.")
    readers = [_Returned(Path(path).name, study, on) for path in paths]
    for reader, path in zip(readers, paths, strict=True):
        found = grid(reader, Path(path), None if str(path).lower().endswith(".csv") else "Figures")
        if found is not None:
            reader.read(found)
    said = [p for reader in readers for p in reader.problems]
    problems = [p for p in said if p.kind != _NOTE]
    if problems:
        raise StudyProblems("What came back", problems)
    rows = pd.DataFrame([row for reader in readers for row in reader.rows], columns=[*_ROW, "_file", "_row"])
    given = rows[rows[["value", "numerator"]].ne("").any(axis=1)]
    empty = rows[~rows.index.isin(given.index)]
    notes = [f"{p.file}, row {p.row}: {p.what}; {p.do}." for p in said]
    changes: tuple[Change, ...] = ()
    if len(given):
        # A column that no row fills is not added to the study's file.
        filled = [c for c in _ROW if c in _IDS or given[c].ne("").any()]
        changes = merge(folder, {"observations": given[[*filled, "_file", "_row"]]}, replace=replace)
    there = set(_key(Study.read(folder).tables["observations"]))
    missing = empty[~_key(empty.replace("", None)).isin(there)].drop_duplicates(list(_IDS[1:]))
    return Collected(changes, tuple(notes), missing[list(_IDS[1:])].replace("", None).reset_index(drop=True))


_ROW = ("measure_id", "period", "partner_id", "segment", "value", "numerator", "denominator", "reported_on")


def _is_day(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text)) and bool(dt.date.fromisoformat(text))
    except ValueError:
        return False


@dataclass
class _Returned:
    """One workbook that came back, and what is said of it."""

    file: str
    study: Study
    on: str | None
    problems: list[Problem] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)

    def say(self, row: int, column: str | int, what: str, do: str, kind: str = "") -> None:
        self.problems.append(Problem(self.file, row, str(column), what, do, kind))

    def fits(self, rows: int, columns: int) -> bool:
        if rows <= _MAXIMUM_ROWS and columns <= _MAXIMUM_COLUMNS:
            return True
        self.say(0, "", f"the sheet has more than {_MAXIMUM_ROWS:,} rows or {_MAXIMUM_COLUMNS} columns",
                 "send the workbook back as it was asked for")  # fmt: skip
        return False

    def read(self, cells: list[list[str]]) -> None:
        """Take the figures of a sheet, and say what is wrong in it."""
        head = next((i for i, row in enumerate(cells) if set(_IDS) <= set(row)), None)
        if head is None:
            self.say(0, "", "the sheet lacks the columns by which figures are known",
                     "fill in the workbook that `ci-analysis request` wrote, without taking out columns")  # fmt: skip
            return
        place = {h: cells[head].index(h) for h in (*_IDS, *_INPUTS) if h in cells[head]}
        if absent := [h for h in _INPUTS[:3] if h not in place]:
            self.say(head + 1, "", f"the sheet lacks {', '.join(absent)}", "put the columns back")
            return
        for r, row in enumerate(cells[head + 1 :], start=head + 2):
            told = {h: row[k] if k < len(row) else "" for h, k in place.items()}
            if any(told.values()) and self.known(r, told):
                self.take(r, told)

    def known(self, r: int, told: dict[str, str]) -> bool:
        """Whether a row is of a figure that this study asks for; else say what was changed."""
        study, before = self.study, len(self.problems)
        if told["study"] != study.name:
            self.say(r, "study", f"the row is of the study '{told['study'][:60]}', and this is {study.name}",
                     "collect it into its own study", "study")  # fmt: skip
            return False
        measures = study.tables["measures"].set_index("measure_id")
        if told["measure_id"] not in measures.index:
            self.say(r, "measure_id", f"'{told['measure_id'][:60]}' is no measure of the study",
                     nearest(told["measure_id"], list(measures.index)))  # fmt: skip
            return False
        about = measures.loc[told["measure_id"]]
        owed = members(about["reporters"]) if pd.notna(about["reporters"]) else []
        if told["partner_id"] and told["partner_id"] not in owed:
            self.say(r, "partner_id", f"'{told['partner_id'][:60]}' owes no figure of {told['measure_id']}",
                     "put back the identifier of the workbook, or name the partner in measures.csv")  # fmt: skip
        if not told["partner_id"] and owed:
            self.say(r, "partner_id", "the partner's identifier is gone", "put it back as the workbook came with it")
        return len(self.problems) == before

    def take(self, r: int, told: dict[str, str]) -> None:
        about = self.study.tables["measures"].set_index("measure_id").loc[told["measure_id"]]
        share = about["unit"] == "share"
        found = {h: self.number(r, h, told[h], share=share and h == _FIGURE) for h in (_FIGURE, _COUNTED, _OUT_OF)}
        figure, counted, out_of = (found[h] for h in (_FIGURE, _COUNTED, _OUT_OF))
        if (counted is None) != (out_of is None):
            column, other = (_COUNTED, _OUT_OF) if counted is None else (_OUT_OF, _COUNTED)
            if told[column] == "" or told[other] != "":
                self.say(r, column, f"'{other}' is given and '{column}' is not", "give both, or neither")
        for column, value in ((_COUNTED, counted), (_OUT_OF, out_of)):
            if value is not None and value < 0:
                self.say(r, column, "a count is below zero", "give what was counted")
        if share and counted is not None and out_of is not None and counted > out_of >= 0:
            self.say(
                r,
                _COUNTED,
                f"{counted:,.12g} of {out_of:,.12g} are more than all",
                "see whether they are in the wrong cells",
            )
        if share and figure is not None and not 0 <= figure <= 1:
            self.say(r, _FIGURE, f"a share of {figure:,.12g} does not lie between 0 and 1", "write 0.42 or 42 %")
        day = told.get(_ON, "")[:10] or self.on or ""
        given = figure is not None or counted is not None
        if given and day and not _is_day(day):
            self.say(r, _ON, f"'{day}' is not a day", "write it as 2026-10-20")
        if figure is not None:
            self.far(r, told, figure)
        row = {c: told[c] for c in _IDS[1:]}
        row |= {"value": _written(figure), "numerator": _written(counted), "denominator": _written(out_of)}
        self.rows.append(row | {"reported_on": day if given else "", "_file": self.file, "_row": str(r)})

    def number(self, r: int, column: str, text: str, *, share: bool) -> float | None:
        """Return a cell's number; None where it is empty, or where it is none, which is said."""
        plain = text.replace("\u00a0", " ").strip()
        if plain == "":
            return None
        if plain == FORMULA:
            self.say(r, column, "the cell holds a formula without its result", "write the number")
            return None
        percent = plain.endswith("%")
        body = plain.removesuffix("%").strip()
        if (percent and not share) or not re.search(r"\d", body) or not _NUMBER.fullmatch(body):
            do = "write a number such as 1234 or 0.42, and leave the cell empty where there is none"
            self.say(r, column, f"'{text[:60]}' is not a number", do)
            return None
        value = float(body.replace(",", "").replace("−", "-"))
        if percent:
            self.say(r, column, f"'{text}' was taken as {value / 100:.12g}", "see that it is meant so", _NOTE)
            return value / 100
        return value

    def far(self, r: int, told: dict[str, str], figure: float) -> None:
        """Note a figure that is more than half as large again as the last, or less than half of it."""
        of = self.study.tables["observations"]
        of = of[of["measure_id"] == told["measure_id"]]
        for column in ("partner_id", "segment"):
            of = of[of[column].isna() if told[column] == "" else of[column].eq(told[column])]
        ends = period_end(of["period"])
        asked = period_end(pd.Series([told["period"]], dtype="str")).iloc[0]
        of = of[(ends < asked) & of["value"].notna()]
        if of.empty:
            return
        last = of.loc[ends[of.index].idxmax(), "value"]
        if last > 0 and not 0.5 * last <= figure <= 1.5 * last:
            self.say(r, _FIGURE, f"{figure:,.12g} is far from the last figure, {last:,.12g}",
                     "ask whether both are counted in the same way", _NOTE)  # fmt: skip


def _written(value: float | None) -> str:
    return "" if value is None else f"{value:.12g}"
