"""The survey on paper and in a form tool: readiness in five conditions, and the ties between partners."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.errors import WrongUse
from ci_analysis.figures.words import period_words
from ci_analysis.issues.profile import load_instrument
from ci_analysis.tables import INPUTS, parse

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["form_questions", "questionnaire", "write_questionnaire"]

#: Levels of Collaboration (Frey et al. 2006): the level, its word, and what it means here.
_LEVELS = (
    (0, "none", "we do not work together"),
    (1, "networking", "we know of each other and talk now and then; each decides alone"),
    (2, "cooperation", "we tell each other what we do and sometimes help; each decides alone"),
    (3, "coordination", "we share information and means, know who does what, and settle some things together"),
    (4, "coalition", "we share ideas and means and talk often, and each of us has a vote"),
    (5, "collaboration", "we act as one, trust each other, and decide by agreement"),
)
#: What is rated of a partner, as in PARTNER (Varda et al. 2008): the column, its heading, and what it means here.
_RATINGS = (
    ("reliability", "Reliable", "does what it says it will do"),
    ("mission", "Shares the mission", "wants what the coalition wants"),
    ("openness", "Open", "hears us out, and lets itself be asked"),
    ("influence", "Influence", "can move people and decisions"),
    ("involvement", "Involvement", "gives the work time and takes part"),
    ("resources", "Resources", "has money, people, rooms or knowledge for the work"),
)
_MARKS = ((1, "not at all"), (2, "a little"), (3, "a fair amount"), (4, "a great deal"))
#: What is asked of the respondent, worded so that the import knows the columns again.
_WHO = "A code of your own, or your organization"
_SPEAKS = "I speak for"


def questionnaire(study: Study, *, wave: str = "") -> str:
    """Return the survey of a study as one page of HTML, to be printed or filled in on screen.

    Part 1 asks who answers, part 2 the statements of the readiness instrument, part 3 the ties with every partner
    that has joined; with fewer than two such partners, there is no part 3.

    Parameters
    ----------
    study : Study
        Its title, agenda, backbone, partners and what it publishes.
    wave : str
        The survey's wave, a period such as 2026-Q4; empty leaves it to be written in.

    Raises
    ------
    WrongUse
        Where the wave is no period.
    """
    from ci_analysis.report.blocks import outline_problems
    from ci_analysis.report.pages import page
    from ci_analysis.report.site import outside

    if wave and parse(INPUTS["readiness"].by_name["wave"], pd.Series([wave], dtype="str"))[1]:
        raise WrongUse(f"The wave '{wave[:60]}' is not a period. Write 2026, 2026-Q2, 2026-06 or 2026-06-30.")
    settings, instrument = study.settings, load_instrument()
    partners = _joined(study)
    made = page(
        "questionnaire.html.j2",
        {
            "study": settings,
            "wave": period_words(wave) if wave else "",
            "backbone": _backbone(study),
            "least": settings.minimum_respondents,
            "ties_open": not {"ties", "network_partners", "network_changes"}.isdisjoint(settings.publish.tables),
            "instrument": instrument,
            "who": _WHO,
            "speaks": _SPEAKS,
            "partners": partners if len(partners) > 1 else [],
            "levels": _LEVELS,
            "ratings": _RATINGS,
            "marks": _MARKS,
            "made_up": any(study.is_illustrative(t) for t in ("agenda", "backbone", "partners")),
        },
    )
    wrong = [*outline_problems(made), *outside(made)]
    if wrong:
        raise ValueError(f"questionnaire.html: {'; '.join(wrong)}")
    return made


def form_questions() -> pd.DataFrame:
    """Return the questions of parts 1 and 2, for building the survey in a form tool.

    With a column named by `text` or by `item`, an answer is known again when the tool's spreadsheet is read.

    Returns
    -------
    pandas.DataFrame
        One row a question, in order: item (a statement's identifier, or the name of the question), condition (empty
        where it is about none), text (what to ask) and scale (what may be answered).

    Examples
    --------
    >>> questions = form_questions()
    >>> questions["item"].to_list()[:3]
    ['respondent', 'speaks_for', 'agenda-problem']
    """
    instrument = load_instrument()
    scale = instrument.scale
    words = f"{scale.minimum} ({scale.low}) to {scale.maximum} ({scale.high}), or not able to say"
    rows = [("respondent", "", _WHO, "text"), ("speaks_for", "", _SPEAKS, "the backbone, or a partner")]
    for c in instrument.conditions:
        rows += [(i.item, c.condition, i.text, words) for i in c.items]
        rows.append((f"comment: {c.condition}", c.condition, f"Anything to add on {c.label.lower()}?", "text"))
    return pd.DataFrame(rows, columns=["item", "condition", "text", "scale"])


def write_questionnaire(study: Study, out: Path | None = None, *, wave: str = "", form: bool = False) -> Path:
    """Write the survey into a file, and return where it is.

    Parameters
    ----------
    study : Study
        Whose partners are asked.
    out : pathlib.Path, optional
        The file; `questionnaire.html`, or `questionnaire.csv` with `form`, in the study's folder of reports, unless
        told. A file that is there is replaced.
    wave : str
        The survey's wave, a period such as 2026-Q4; empty leaves it to be written in.
    form : bool
        Write the questions as a table for building a form, instead of the page.

    Raises
    ------
    WrongUse
        Where the wave is no period, or the file cannot be written.
    """
    from ci_analysis.report.site import report_folder

    made = questionnaire(study, wave=wave)
    if form:
        made = form_questions().to_csv(index=False, lineterminator="\n")
    out = out or report_folder(study) / f"questionnaire.{'csv' if form else 'html'}"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(made, encoding="utf-8")
    except OSError as error:
        raise WrongUse(f"{out} cannot be written ({error.strerror}). Name another file with --out.") from error
    return out


def _joined(study: Study) -> list[str]:
    """Return the names of the partners that have joined, by the alphabet."""
    partners = study.tables["partners"]
    joined = partners.loc[partners["status"].eq("joined"), ["name", "partner_id"]]
    return joined.sort_values(["name", "partner_id"], key=lambda c: c.str.casefold())["name"].tolist()


def _backbone(study: Study) -> str:
    """Return the backbone's name; empty where none is named."""
    partners, backbone = study.tables["partners"], study.settings.backbone
    ours = partners["role"].eq("backbone") & partners["status"].eq("joined")
    if backbone is not None:
        ours = partners["partner_id"].eq(backbone.partner)
    return " and ".join(sorted(partners.loc[ours, "name"]))
