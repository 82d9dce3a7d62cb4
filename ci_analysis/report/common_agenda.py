"""The common agenda as a page to print and sign: what we want, how we know, who does what by when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ci_analysis.figures.words import amount, date_words, figure_text, listing
from ci_analysis.report.files import write_files
from ci_analysis.tables import members

if TYPE_CHECKING:
    from ci_analysis.report.editions import Edition
    from ci_analysis.report.made import Kind
    from ci_analysis.study import Study

__all__ = ["common_agenda", "write_common_agenda"]

_VERDICTS = {
    "enough": "The chosen projects are enough, even if they bring the least that they expect.",
    "likely": "The chosen projects are enough if they bring what they expect.",
    "stretch": "The chosen projects are enough only if they bring the most that they expect.",
    "short": "The chosen projects are too little, even if they bring the most that they expect.",
    "met": "Nothing more is needed.",
    "unknown": "Nobody can say yet whether the chosen projects are enough.",
}
_WHEN = {
    "off-track": "is off track",
    "signal-worse": "gets worse by more than chance",
    "target-missed": "misses its target",
    "no-data": "has no figure",
}
_RESPONSES = {"support": "supports it", "reservations": "has reservations", "not-yet": "has not agreed yet"}
#: Lines to sign where no partner is listed.
_BLANKS = 3


def common_agenda(edition: Edition, *, back: bool = False) -> str:
    """Return the common agenda as one page of HTML, to be printed and signed.

    Parameters
    ----------
    edition : Edition
        What may be shown. Reservations stand in the internal edition alone.
    back : bool
        Whether the page stands beside the report's other pages, and leads back to them.
    """
    from ci_analysis.report.blocks import outline_problems
    from ci_analysis.report.pages import page
    from ci_analysis.report.site import outside

    study = edition.study
    parts = ("agenda", "partners", "projects", "measures", "deliverables", "endorsements", "rules")
    made = page(
        "common-agenda.html.j2",
        {
            "study": study.settings,
            "edition": edition.kind,
            "back": back,
            "issue": study.profile.label,
            "as_of": date_words(study.settings.as_of),
            "made_up": any(study.is_illustrative(p) for p in parts),
            "goals": _goals(edition),
            "projects": _projects(edition),
            "budget": amount(study.settings.budget) if study.settings.budget else "",
            "reports": _reports(edition),
            "rules": _rules(edition),
            "signers": _signers(edition),
            "blanks": range(_BLANKS),
        },
    )
    wrong = [*outline_problems(made), *outside(made)]
    if wrong:
        raise ValueError(f"common-agenda.html: {'; '.join(wrong)}")
    return made


def write_common_agenda(
    study: Study,
    out: Path | None = None,
    *,
    kind: Kind = "internal",
    processed: Path | None = None,
    force: bool = False,
) -> Path:
    """Write the common agenda into a file, and return where it is.

    Parameters
    ----------
    study : Study
        Read and checked; tables that are missing or stale are computed.
    out : pathlib.Path, optional
        The file; `common-agenda.html` in the study's folder of reports, unless told.
    kind : {'internal', 'public'}
        Whose edition is shown.
    processed : pathlib.Path, optional
        The folder of all studies' results; `data/processed` beside `data/raw`, unless told.
    force : bool
        Whether a file that is there, and is another, is replaced.

    Raises
    ------
    WrongUse
        Where the file would lie in a study's folder, or another is there already.
    CiAnalysisError
        Where the file cannot be written.
    """
    from ci_analysis.pipeline import results
    from ci_analysis.report.editions import edition_of

    made = common_agenda(edition_of(study, results(study, processed), kind))
    place = out or study.root / "reports" / study.name / "common-agenda.html"
    write_files({place: made}, force=force, ours=lambda content: content == made.encode())
    return place


def _goals(edition: Edition) -> list[dict[str, Any]]:
    """Each goal with its measure: where it stood and stands, where it is to go, who answers, and whether it adds up."""
    study = edition.study
    if study.settings.agenda is None:
        return []
    about = study.tables["measures"].set_index("measure_id")
    now = edition.tables["measures"]
    now = now[now["segment"] == "all"].set_index("measure_id")
    goals = []
    for goal in study.settings.agenda.goals:
        said: dict[str, Any] = {"text": goal.text, "measure": "", "definition": "", "figures": [], "owner": ""}
        said |= {"missing": [], "adds": []}
        if goal.measure_id in about.index:
            measure, unit = about.loc[goal.measure_id], str(about.loc[goal.measure_id, "unit"])
            said["measure"] = f"{measure['name']} ({unit})"
            said["definition"] = "" if pd.isna(measure["definition"]) else measure["definition"]
            said["owner"] = _names(study, [measure["owner"]]) if pd.notna(measure["owner"]) else ""
            latest = now.loc[goal.measure_id] if goal.measure_id in now.index else pd.Series(dtype="object")
            for name, of, value, on in (
                ("Baseline", measure, "baseline", "baseline_on"),
                ("Latest", latest, "latest", "latest_on"),
                ("Target", measure, "target", "target_on"),
            ):
                if pd.isna(of.get(value)):
                    said["missing"].append(name.lower())
                    continue
                day = f", {date_words(of[on])}" if pd.notna(of.get(on)) else ""
                said["figures"].append((name, _figure(float(of[value]), unit) + day))
            said["adds"] = _verdicts(edition, goal.measure_id)
        else:
            said["missing"] = ["measure"]
        said["missing"] = listing(said["missing"], most=9) if said["missing"] else ""
        goals.append(said)
    return goals


def _figure(value: float, unit: str) -> str:
    return figure_text(value, "share" if unit == "share" else "USD" if unit.upper().startswith("USD") else "")


def _verdicts(edition: Edition, measure: str) -> list[str]:
    """Return whether the chosen projects add up to a goal; by both rules where they differ."""
    if not edition.may_show("agenda_arithmetic"):
        return []
    rows = edition.tables["agenda_arithmetic"]
    by_rule = rows[rows["measure_id"] == measure].set_index("rule")["verdict"].dropna()
    if "value" not in by_rule:
        return []
    said = [_VERDICTS[by_rule["value"]]]
    other = by_rule.get("equal-shares", by_rule["value"])
    if other != by_rule["value"]:
        said.append(f"Were they chosen by equal shares: {_VERDICTS[other][0].lower()}{_VERDICTS[other][1:]}")
    return said


def _projects(edition: Edition) -> list[dict[str, Any]]:
    """Return the projects that the portfolio by value chooses, each with who does what by when."""
    study = edition.study
    if not (edition.may_show("portfolio") and edition.may_show("projects")):
        return []
    rows = edition.tables["portfolio"]
    chosen = rows.loc[(rows["rule"] == "value") & rows["chosen"].fillna(False).astype(bool), "project_id"]
    projects = study.tables["projects"]
    due = study.tables["deliverables"]
    due = due[due["status"] != "dropped"].sort_values(["due_on", "deliverable_id"])
    found = []
    for row in projects[projects["project_id"].isin(chosen)].to_dict("records"):
        own = due[due["project_id"] == row["project_id"]]
        found.append(
            {
                "name": row["name"],
                "lead": _names(study, [row["lead"]]),
                "partners": _names(study, [p for p in members(row["partners"]) if p != row["lead"]]),
                "why": "" if pd.isna(row["why_joint"]) else row["why_joint"],
                "cost": amount(row["cost"]) if pd.notna(row["cost"]) else "not known",
                "steps": [
                    {
                        "done": step["status"] == "done",
                        "name": step["name"],
                        "owner": _names(study, [step["owner"]]),
                        "by": date_words(step["due_on"]),
                    }
                    for step in own.to_dict("records")
                ],
            }
        )
    return found


def _names(study: Study, partners: list[str]) -> str:
    labels = study.labels["partner_id"]
    return listing([str(labels.get(p, "a partner")) for p in partners], most=30)


def _reports(edition: Edition) -> list[tuple[str, str, str]]:
    """Return who reports what how often, of the measures that the goals name."""
    study = edition.study
    wanted = [g.measure_id for g in study.settings.agenda.goals] if study.settings.agenda else []
    rows = study.tables["measures"]
    rows = rows[rows["measure_id"].isin(wanted) & rows["reporters"].notna()]
    return [
        (row["name"], _names(study, members(row["reporters"])), "" if pd.isna(row["frequency"]) else row["frequency"])
        for row in rows.to_dict("records")
    ]


def _rules(edition: Edition) -> list[str]:
    """Return what was agreed to do when a measure does something, a sentence each."""
    if not edition.may_show("rules"):
        return []
    study = edition.study
    labels = study.labels["measure_id"]
    return [
        f"If “{labels.get(row['measure_id'], row['measure_id'])}” {_WHEN[row['when']]}: {row['then']}"
        for row in study.tables["rules"].to_dict("records")
    ]


def _signers(edition: Edition) -> list[dict[str, str]]:
    """Return who signs: each joined partner, with what it has committed to."""
    study = edition.study
    partners = study.tables["partners"]
    joined = partners[partners["status"] == "joined"]
    said = study.tables["endorsements"]
    if not edition.may_show("endorsements"):
        said = said.head(0)
    last = said.sort_values("agenda_on").drop_duplicates("partner_id", keep="last").set_index("partner_id")
    found = []
    for row in joined.to_dict("records"):
        one = {"name": row["name"], "sector": study.labels["sector"].get(row["sector"], row["sector"])}
        one |= {"commits": "", "response": "", "reservation": ""}
        if row["partner_id"] in last.index:
            answer = last.loc[row["partner_id"]]
            one["commits"] = "" if pd.isna(answer["commits_to"]) else str(answer["commits_to"])
            if edition.kind == "internal":
                one["response"] = _RESPONSES.get(answer["response"], "")
                one["reservation"] = "" if pd.isna(answer["reservation"]) else str(answer["reservation"])
        found.append(one)
    return found
