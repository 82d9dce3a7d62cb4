"""Spreadsheets that people send back: a file's cells as text, once it is safe to read."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from ci_analysis.errors import nearest
from ci_analysis.exchange.sheets import Unreadable, decoded, delimiter_of, rows_of

__all__ = ["FORMULA", "Reader", "grid"]

MAXIMUM_BYTES = 32 * 2**20
MAXIMUM_UNPACKED_BYTES = 64 * 2**20
MAXIMUM_PARTS = 2_000
#: Stands in a cell whose formula was saved without its result; no text of a file can hold it.
FORMULA = "\0formula"

#: What a file is that begins in some way and is neither CSV nor a workbook.
_OTHERS = (
    (rb"%pdf", "a PDF"),
    (rb"<\?xml", "an XML file"),
    (rb"<!doctype html|<html|<head|<meta|<table|<style", "a web page that was named as a spreadsheet"),
    (rb"\{\\rtf", "a text document"),
    (rb"\x1f\x8b", "a gzip archive"),
)
_SAVE = "open it, and save it as an Excel workbook (.xlsx) or as CSV UTF-8"


class Reader(Protocol):
    """Who reads a spreadsheet: its file's name, what is said of it, and how large it may be."""

    file: str

    def say(self, row: int, column: str | int, what: str, do: str, kind: str = "") -> None:
        """Say what is wrong in a row and column, and what to do."""

    def fits(self, rows: int, columns: int) -> bool:
        """Whether a sheet of this size is read; else say so."""


def grid(form: Reader, path: Path, sheet: str | None) -> list[list[str]] | None:
    """Return the cells of a file as text, row by row, or say why they cannot be had.

    Parameters
    ----------
    form : Reader
        Who reads it, and is told what is wrong.
    path : pathlib.Path
        A CSV file (UTF-8) or an Excel workbook (.xlsx).
    sheet : str, optional
        The workbook's sheet, where it has several.

    Returns
    -------
    list of list of str, or None
        None where the file cannot be read; `form` has been told why. A formula without a saved result is `FORMULA`.
    """
    size = path.stat().st_size
    if size > MAXIMUM_BYTES:
        form.say(0, "", f"the file has {size:,} bytes, more than {MAXIMUM_BYTES:,}", "keep only the sheet of answers")
        return None
    try:
        content = path.read_bytes()
    except OSError as error:
        form.say(0, "", f"the file cannot be read ({error.strerror})", "see to its permissions")
        return None
    if content.startswith(b"PK"):
        return _workbook_cells(form, content, sheet)
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if "EncryptedPackage".encode("utf-16-le") in content:
            form.say(0, "", "the workbook is protected by a password", "save a copy without the password")
        else:
            form.say(0, "", "the file is in Excel's old format (.xls)", _SAVE)
        return None
    start = content[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for pattern, name in _OTHERS:
        if re.match(pattern, start):
            form.say(0, "", f"the file is {name}", _SAVE)
            return None
    if sheet is not None:
        form.say(0, "", "a CSV file has no sheets", "leave out the sheet's name")
        return None
    return _csv_cells(form, content)


def _csv_cells(form: Reader, content: bytes) -> list[list[str]] | None:
    rows: list[list[str]] = []
    try:
        text = decoded(content)
        for _, row in rows_of(text, delimiter=delimiter_of(text)):
            rows.append([_text(cell) for cell in row])
            if not form.fits(len(rows), len(row)):
                return None
    except Unreadable as fault:
        # Rows are counted as a spreadsheet counts them, which shows a cell of several lines in one.
        form.say(len(rows) + 1 if rows else fault.row, "", fault.what, fault.do)
        return None
    return rows


def _workbook_cells(form: Reader, content: bytes, sheet: str | None) -> list[list[str]] | None:
    formulas = _checked_parts(form, content)
    if formulas is None:
        return None
    try:
        with warnings.catch_warnings():
            # They tell of styles and drop-down lists that are not read here.
            warnings.simplefilter("ignore")
            return _sheet_cells(form, content, sheet, formulas)
    except Exception as error:  # openpyxl has no error of its own: a broken workbook raises any of a dozen kinds
        form.say(0, "", f"the workbook is broken ({type(error).__name__})", _SAVE)
        return None


def _checked_parts(form: Reader, content: bytes) -> bool | None:
    """Return whether a workbook holds formulas, or None where it is no workbook that is safe to read."""

    def refuse(what: str, do: str = _SAVE) -> None:
        form.say(0, "", what, do)

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if len(parts) > MAXIMUM_PARTS or sum(part.file_size for part in parts) > MAXIMUM_UNPACKED_BYTES:
                most = f"{MAXIMUM_UNPACKED_BYTES // 2**20} MiB or {MAXIMUM_PARTS:,} parts"
                return refuse(f"unpacked, the file has more than {most}", "copy the answers alone into a new workbook")
            if any(part.flag_bits & 1 for part in parts):
                return refuse("the file is protected by a password", "save a copy without the password")
            if "xl/workbook.xml" not in names:
                return refuse(f"the file is {_archive_kind(archive, names)}")
            formulas = False
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    # A part unpacks to no more than it says, so that the sum above holds.
                    text = archive.read(part)
                    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                        return refuse("the workbook defines entities, as no spreadsheet program does")
                    formulas |= part.filename.startswith("xl/worksheets/") and b"<f" in text
            return formulas
    except Exception as error:  # zipfile raises what zlib, struct and the file system raise
        return refuse(f"the file is not a whole workbook ({type(error).__name__})", "export or copy it again")


def _archive_kind(archive: zipfile.ZipFile, names: set[str]) -> str:
    if "xl/workbook.bin" in names:
        return "a binary Excel workbook (.xlsb)"
    if any(n.endswith(".iwa") or n.endswith("Index.zip") for n in names):
        return "a document of Numbers"
    small = "mimetype" in names and archive.getinfo("mimetype").file_size < 200
    if small and b"opendocument" in archive.read("mimetype"):
        return "an OpenDocument spreadsheet (.ods)"
    if any(n.lower().endswith((".csv", ".xlsx")) for n in names):
        return "an archive that holds a spreadsheet; unpack it first"
    return "an archive and no workbook"


def _sheet_cells(form: Reader, content: bytes, sheet: str | None, formulas: bool) -> list[list[str]] | None:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    name = _chosen(form, {s.title: s for s in book.worksheets}, sheet)
    if name is None:
        return None
    form.file = f"{form.file} ({name})"
    rows: list[list[str]] = []
    for row in _values(book[name]):
        rows.append([_text(value) for value in row])
        if not form.fits(len(rows), len(row)):
            return None
    if formulas:
        written = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False)[name]
        written.reset_dimensions()
        cells = written.iter_rows()
        for row, shown in zip(cells, rows, strict=False):
            for i, cell in enumerate(row[: len(shown)] if shown else ()):
                if cell.data_type == "f" and not shown[i]:
                    shown[i] = FORMULA
            # The row may end in such cells, which have no value and so were cut off.
            more = [FORMULA if cell.data_type == "f" else "" for cell in row[len(shown) :]]
            while more and not more[-1]:
                more.pop()
            shown += more
    return rows


def _values(sheet: Any) -> Iterator[list[Any]]:
    # What a sheet says of its size is often wrong, and can be a million empty rows.
    sheet.reset_dimensions()
    for cells in sheet.iter_rows(values_only=True):
        row = list(cells)
        while row and row[-1] is None:
            row.pop()
        yield row


def _chosen(form: Reader, sheets: dict[str, Any], sheet: str | None) -> str | None:
    """Return the name of the sheet to read, or say that it must be chosen."""
    if sheet is not None:
        if sheet in sheets:
            return sheet
        form.say(0, "", f"there is no sheet '{sheet[:60]}'", nearest(sheet, sheets))
        return None
    # Tools hide sheets of their own in the workbook, and programs add empty ones.
    shown = [n for n, s in sheets.items() if s.sheet_state == "visible" and any(any(r) for r in _head(s))]
    if len(shown) == 1:
        return shown[0]
    if not shown:
        form.say(0, "", "the workbook is empty", "export the answers again")
    else:
        names = ", ".join(f"'{n}'" for n in shown)
        form.say(0, "", f"the workbook has {len(shown)} sheets: {names}", "say which to read, with --sheet")
    return None


def _head(sheet: Any) -> Iterator[list[Any]]:
    for _, row in zip(range(50), _values(sheet), strict=False):
        yield row


def _text(value: object) -> str:
    """Return a cell as stripped text: 4 and 4.0 as `4`, a date as its day."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).translate(_UNSEEN).strip()


#: Marks without width that editors leave in text.
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
