"""PDF of finished pages, by a Chromium that is here already."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from ci_analysis.errors import RunFailed

__all__ = ["browser", "print_pdf"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
_PLACES = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
    "win32": (
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    ),
}
#: A browser that neither name nor place tells of.
_VARIABLE = "CI_ANALYSIS_BROWSER"
_SECONDS = 180
NO_BROWSER = (
    "No PDF was made: no Chromium, Chrome or Edge is here. Install one (on Debian: apt-get install chromium), or name "
    f"its program in the environment variable {_VARIABLE}; or open the page and print it from any browser."
)


def browser() -> str | None:
    """Return the program of a Chromium, Chrome or Edge that is here; None where there is none.

    What the environment variable CI_ANALYSIS_BROWSER names comes first, and nothing else where it is set.
    """
    named = os.environ.get(_VARIABLE)
    if named:
        return shutil.which(named)
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    return found or next((p for p in _PLACES.get(sys.platform, ()) if Path(p).is_file()), None)


def print_pdf(page: Path, out: Path, as_of: date) -> None:
    """Print a page as it looks on paper; the same page gives the same bytes.

    Parameters
    ----------
    page : pathlib.Path
        HTML that loads nothing from elsewhere.
    out : pathlib.Path
        The file, replaced where it is there.
    as_of : datetime.date
        What the file says of when it was made.

    Raises
    ------
    RunFailed
        Where there is no browser, or it does not print.
    """
    program = browser()
    if program is None:
        raise RunFailed(NO_BROWSER)
    with tempfile.TemporaryDirectory(prefix="ci-") as scratch:
        made = Path(scratch) / "page.pdf"
        words = [
            program, "--headless", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND",
            "--no-pdf-header-footer", f"--user-data-dir={scratch}/profile", f"--print-to-pdf={made}",
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            words.append("--no-sandbox")  # Chromium has no sandbox for the superuser; the page is this package's own
        try:
            done = subprocess.run(
                [*words, page.resolve().as_uri()], check=False, capture_output=True, timeout=_SECONDS, text=True
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RunFailed(f"No PDF of {page.name} was made: {program} did not finish ({error}).") from error
        if not made.is_file():
            said = done.stderr.strip().splitlines()
            raise RunFailed(f"No PDF of {page.name} was made: {program} said {said[-1] if said else 'nothing'}.")
        # The day on which somebody printed has no place in what is printed.
        day = f"{as_of:%Y%m%d}000000".encode()
        content = re.sub(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}", rb"\g<1>" + day, made.read_bytes())
        beside = out.with_name(f".{out.name}.new")
        beside.write_bytes(content)
        os.replace(beside, out)
