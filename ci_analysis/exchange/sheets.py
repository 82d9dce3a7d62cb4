"""CSV files of other tools: their bytes to text, and their text to rows, each fault with its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

__all__ = ["Unreadable", "decoded", "delimiter_of", "rows_of"]


class Unreadable(Exception):
    """What is wrong with a file as a whole, or from some line on.

    Parameters
    ----------
    row : int
        The line; 0 where lines say nothing.
    what, do : str
        What is wrong, and what to do, as clauses.
    """

    def __init__(self, row: int, what: str, do: str) -> None:
        super().__init__(what)
        self.row, self.what, self.do = row, what, do


def decoded(content: bytes) -> str:
    """Return a file's text, which is in UTF-8.

    Raises
    ------
    Unreadable
        Where it is in another encoding.

    Examples
    --------
    >>> decoded("\ufeffLabel".encode())
    'Label'
    """
    save = "save it as UTF-8, which spreadsheet programs call CSV UTF-8"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(1, "the file is in UTF-16", save)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte, row = content[error.start], content[: error.start].count(b"\n") + 1
        # These four are typographic quotation marks there, and nothing in other encodings of Western Europe.
        name = "is in Windows-1252" if 0x91 <= byte <= 0x94 else "is not in UTF-8; it may be in Windows-1252"
        raise Unreadable(row, f"the file {name} (byte {byte:#04x})", save) from error
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        raise Unreadable(row, "the file holds NUL characters, as text in UTF-16 does", save)
    return text


def delimiter_of(text: str) -> str:
    """Return what stands between the cells of the first row: a comma, a semicolon or a tab.

    Offices that write decimals with a comma save CSV with semicolons; the heading shows which.

    Examples
    --------
    >>> delimiter_of("Label;Type, or sector;Status")
    ';'
    """

    def width(delimiter: str) -> int:
        try:
            return len(next(rows_of(text, delimiter=delimiter), (0, []))[1])
        except Unreadable:
            # Read like this, the row is one cell that is too long, or its quotes are out of place.
            return 0

    return max(",;\t", key=width)


def rows_of(text: str, *, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    r"""Yield each record's cells with the line on which it begins.

    Parameters
    ----------
    text : str
        A whole CSV file.
    delimiter : str
        What stands between cells.

    Raises
    ------
    Unreadable
        At the first record whose quotes are open or out of place, or that has a cell of more than 131,072 characters.

    Examples
    --------
    >>> list(rows_of('a,"b\n c"\nd,e'))
    [(1, ['a', 'b\n c']), (3, ['d', 'e'])]
    """
    reader, start = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 1
    try:
        for cells in reader:
            yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(start, f"the row is not CSV ({error})", "export the file again, or mend the row") from error
