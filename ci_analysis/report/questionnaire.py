"""The survey on paper and in a form tool: readiness in five conditions, and the ties between partners."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ci_analysis.convene.ties import LEVELS
from ci_analysis.errors import WrongUse
from ci_analysis.figures.words import period_words
from ci_analysis.issues.profile import load_instrument
from ci_analysis.report.files import write_files
from ci_analysis.report.withhold import may_be_public
from ci_analysis.tables import INPUTS, OUTPUTS, parse

if TYPE_CHECKING:
    from ci_analysis.study import Study

__all__ = ["form_questions", "questionnaire", "write_questionnaire"]

#: What each level of collaboration (Frey et al. 2006) means here, from 0 on.
_MEANINGS = (
    "we do not work together",
    "we know of each other and talk now and then; each decides alone",
    "we tell each other what we do and sometimes help; each decides alone",
    "we share information and means, know who does what, and settle some things together",
    "we share ideas and means and talk often, and each of us has a vote",
    "we act as one, trust each other, and decide by agreement",
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
#: Says in the page that this project made it, with the digest of the page as it was made.
_MARK = "ci-analysis questionnaire {}"
_UNSIGNED = "0" * 16


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
            "generator": _MARK.format(_UNSIGNED),
            "study": settings,
            "wave": period_words(wave) if wave else "",
            "backbone": _backbone(study),
            "least": settings.minimum_respondents,
            "ties_open": _ties_are_published(study),
            "instrument": instrument,
            "who": _WHO,
            "speaks": _SPEAKS,
            "partners": partners if len(partners) > 1 else [],
            "levels": [(*level, meaning) for level, meaning in zip(LEVELS.items(), _MEANINGS, strict=True)],
            "ratings": _RATINGS,
            "marks": _MARKS,
            "made_up": any(study.is_illustrative(t) for t in ("agenda", "backbone", "partners")),
        },
    )
    wrong = [*outline_problems(made), *outside(made)]
    if wrong:
        raise ValueError(f"questionnaire.html: {'; '.join(wrong)}")
    return made.replace(_MARK.format(_UNSIGNED), _MARK.format(_digest(made)), 1)


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


def write_questionnaire(
    study: Study, out: Path | None = None, *, wave: str = "", form: bool = False, force: bool = False
) -> Path:
    """Write the survey into a file, and return where it is.

    Parameters
    ----------
    study : Study
        Whose partners are asked.
    out : pathlib.Path, optional
        The file; `questionnaire.html`, or `questionnaire.csv` with `form`, in the study's folder of reports, unless
        told. Of a file that is there, only the page or table that this function left in the study's folder of
        reports is replaced, and only as long as nobody has changed it.
    wave : str
        The survey's wave, a period such as 2026-Q4; empty leaves it to be written in.
    form : bool
        Write the questions as a table for building a form, instead of the page.
    force : bool
        Whether a file that is there is replaced.

    Raises
    ------
    WrongUse
        Where the wave is no period, the file would lie in a study's folder, or is there already.
    CiAnalysisError
        Where the file cannot be written.
    """
    made = questionnaire(study, wave=wave)
    if form:
        made = form_questions().to_csv(index=False, lineterminator="\n")
    place = out or study.root / "reports" / study.name / f"questionnaire.{'csv' if form else 'html'}"

    def ours(content: bytes) -> bool:
        return out is None and (content == made.encode() if form else _is_as_made(content))

    write_files({place: made}, force=force, ours=ours)
    return place


def _digest(unsigned: str) -> str:
    return sha256(unsigned.encode()).hexdigest()[: len(_UNSIGNED)]


def _is_as_made(content: bytes) -> bool:
    """Whether a page was made here, and is as it was made: nobody has worked on it, or filled it in and saved it."""
    text = content.decode("utf-8", "replace")
    signed = re.search(_MARK.format("([0-9a-f]{16})"), text)
    if signed is None:
        return False
    return _digest(text.replace(signed[0], _MARK.format(_UNSIGNED), 1)) == signed[1]


def _ties_are_published(study: Study) -> bool:
    """Whether the study publishes any table that is made from who works with whom, and is else for the coalition."""
    behind = [t for t in (*INPUTS.values(), *OUTPUTS.values()) if t.name == "ties" or "ties" in t.made_from]
    return any(may_be_public(study, table) for table in behind if not table.public)


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
