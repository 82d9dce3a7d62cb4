"""A sheet to print for a data walk: residents walk past the figures, and write what they see in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from ci_analysis.figures import landscape as figures
from ci_analysis.figures.base import Drawing, Statement, drawing
from ci_analysis.figures.landscape.said import SAID, area_names, people_of, upper
from ci_analysis.figures.words import about, area_words, how_many, listing, percent, period_words, sentence, shortened
from ci_analysis.landscape import latest_figures
from ci_analysis.report.files import write_files
from ci_analysis.tables import INPUTS

if TYPE_CHECKING:
    from ci_analysis.report.editions import Edition
    from ci_analysis.report.made import Kind
    from ci_analysis.study import Study

__all__ = ["data_walk", "write_data_walk"]

#: What is asked at every station, by the letter that goes into the identifier of an answer.
_ASKS = (
    ("a", "What do you notice?"),
    ("b", "What surprises you?"),
    ("c", "What is missing or wrong?"),
    ("d", "What should be done? By whom?"),
)
#: So many stations of single figures, and so many voices at a station: more is no walk, and no page.
_MOST_STATIONS, _MOST_VOICES = 8, 4
_UNSURE = (
    "How sure: we cannot say how far off this may be. Nobody has worked that out for all of the numbers behind it."
)


@dataclass(frozen=True)
class _Station:
    """One stop of the walk: a question, a picture, what it shows and how sure that is, and what residents said."""

    question: str
    theme: str
    indicator: str
    picture: Markup
    says: str
    sure: str
    notes: tuple[str, ...]
    voices: tuple[tuple[str, str], ...]
    more: int
    lines: int


def data_walk(edition: Edition, *, back: bool = False) -> str:
    """Return the sheets of a data walk as one page of HTML, to be printed.

    After Murray, Falkenburger and Saxena (2015), *Data Walks: An Innovative Way to Share Data with Communities*, Urban
    Institute. The first sheet explains, each of the others is a station, and the last says how answers get into
    voices.csv.

    Parameters
    ----------
    edition : Edition
        What residents may see: the public one, unless the walk is the coalition's own.
    back : bool
        Whether the page stands beside the report's other pages, and leads back to them.
    """
    from ci_analysis.report.blocks import outline_problems
    from ci_analysis.report.pages import page
    from ci_analysis.report.site import outside

    study = edition.study
    made = page(
        "data-walk.html.j2",
        {
            "study": study.settings,
            "edition": edition.kind,
            "back": back,
            "issue": study.profile.label,
            "area": area_words(study.settings.level)[0],
            "stations": _stations(edition),
            "asks": _ASKS,
            "made_up": any(study.is_illustrative(t) for t in (*INPUTS, *study.settings.illustrative)),
        },
    )
    wrong = [*outline_problems(made), *outside(made)]
    if wrong:
        raise ValueError(f"data-walk.html: {'; '.join(wrong)}")
    return made


def write_data_walk(
    study: Study, out: Path | None = None, *, kind: Kind = "public", processed: Path | None = None, force: bool = False
) -> Path:
    """Write the sheets of a data walk into a file, and return where it is.

    Parameters
    ----------
    study : Study
        Read and checked; tables that are missing or stale are computed.
    out : pathlib.Path, optional
        The file; `data-walk.html` in the study's folder of reports, unless told.
    kind : {'public', 'internal'}
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

    made = data_walk(edition_of(study, results(study, processed), kind))
    place = out or study.root / "reports" / study.name / "data-walk.html"
    write_files({place: made}, force=force, ours=lambda content: content == made.encode())
    return place


def _stations(edition: Edition) -> list[_Station]:
    """Return the stops: need and seats, where, cost, what is under way, single figures, and what none shows."""
    study = edition.study
    profile, words = study.profile, study.profile.words
    known = set(study.tables["indicators"]["indicator"])
    need = [n for n in (profile.need.direct, profile.need.people, profile.need.share) if n]
    cost = [profile.price.indicator, *profile.price.income] if profile.price else []
    stations: list[_Station] = []
    shown: set[str] = set()

    def stop(
        question: str,
        theme: str,
        draw: Callable[..., Any],
        *names: str,
        sure: Callable[..., str],
        speaks: Iterable[str] = (),
        says: str = "",
    ) -> None:
        if not all(edition.may_show(n) for n in names):
            return
        frames = [edition.frame(n) for n in names]
        made = draw(study, *frames) if len(frames[0]) else None
        if made is None or isinstance(made, Statement):
            return
        picture = drawing(made)
        own = [n for n in speaks if n in known and n not in shown]
        shown.update(own)
        stations.append(_station(edition, names, question, theme, own, picture, says or picture.title, sure(*frames)))

    lead = people_of(study, figures.focus(study, edition.frame("gap_summary")))
    stop(
        f"Are there enough {words.seats} for all {words.people}?", upper(words.seats), figures.gap_by_segment,
        "gap_summary", "gap", sure=lambda frame, _: _sure_of_gap(study, frame), speaks=need,
    )  # fmt: skip
    stop(
        f"Where are {words.seats} for {lead} missing?", f"Where {words.seats} are missing", _where, "gap",
        sure=lambda frame: _sure_of_places(study, frame),
    )  # fmt: skip
    stop(
        f"What does a {words.seat} cost a family?", "Price", figures.prices, "affordability",
        sure=lambda frame: _sure_of_prices(frame), speaks=cost,
    )  # fmt: skip
    stop(
        "Who works on this already, and where?", "Who helps", figures.under_way, "initiatives", "reach", "gap",
        sure=lambda *_: "How sure: this is the work that the coalition knows of. If you know of more, write it down.",
    )  # fmt: skip
    for name in _asked_about(study, known - shown)[:_MOST_STATIONS]:
        label = shortened(study.labels["indicator"].get(name) or upper(name.replace("_", " ")), SAID)
        stop(
            f"{label}: is it so where you live?", label, _spread_of(name), "indicators",
            sure=lambda frame, name=name: _sure_of_figures(study, frame, name), speaks=[name],
        )  # fmt: skip
    return [*stations, _open_station(edition, shown)]


def _asked_about(study: Study, names: set[str]) -> list[str]:
    """Return indicators that a voice or a reason speaks to, those that most voices speak to first."""
    named = pd.concat([study.tables[t]["indicator"].dropna() for t in ("voices", "drivers")])
    counts = named[named.isin(names)].value_counts()
    return sorted(counts.index, key=lambda n: (-counts[n], n))


def _spread_of(name: str) -> Callable[..., Any]:
    return lambda study, indicators: figures.spread(study, indicators, name=name)


def _where(study: Study, gap: pd.DataFrame) -> Any:
    return figures.gap_map(study, gap) or figures.largest_gaps(study, gap)


def _station(
    edition: Edition,
    names: tuple[str, ...],
    question: str,
    theme: str,
    own: list[str],
    picture: Drawing,
    says: str,
    sure: str,
) -> _Station:
    voices = edition.study.tables["voices"]
    here = voices[voices["indicator"].isin(own)]
    said, more = _said(edition.study, here)
    themes = here["theme"].value_counts()
    behind = (*names, "voices") if said else names
    # A map's classes are part of the picture; who is who, and what is summed, are for the report.
    legend = picture.legend if picture.legend.startswith('<ul class="legend"') else ""
    source = edition.sources(names)
    if names[0] == "indicators":
        used = _latest(edition.study, edition.frame("indicators"), own[0])["source"]
        source = f"Source: {listing(sorted(used.dropna().unique()))}." if used.notna().any() else ""
    notes = tuple(n for n in (source, edition.made_up(behind)) if n)
    # A picture that leaves room, leaves it to the answers.
    lines = 3 if names[0] == "indicators" and len(said) < 3 else 2
    # Where all the voices of a station share a theme, answers go on with it.
    return _Station(
        question,
        themes.index[0] if len(themes) == 1 else theme,
        own[0] if own else "",
        Markup(f'<div class="picture">{picture.svg}</div>{legend}'),
        f"{sentence(says)}.",
        sure,
        notes,
        said,
        more,
        lines,
    )


def _open_station(edition: Edition, shown: set[str]) -> _Station:
    """Return the last stop, which has no figure: what residents say that no figure here speaks to."""
    voices = edition.study.tables["voices"]
    said, more = _said(edition.study, voices[~voices["indicator"].isin(shown)])
    notes = tuple(n for n in (edition.made_up(("voices",)) if said else "",) if n)
    says = "Numbers do not show everything." + (" This is what people said that no number here shows:" if said else "")
    return _Station(
        "What do the numbers not show?", "Not in the numbers", "", Markup(""), says,
        "What else should everybody know who decides about this?", notes, said, more, 3,
    )  # fmt: skip


def _said(study: Study, voices: pd.DataFrame) -> tuple[tuple[tuple[str, str], ...], int]:
    """Return what residents said and who they are, those that most people said first, and how many more there are."""
    rows = voices.sort_values(["count", "voice_id"], ascending=[False, True])
    named, told = area_names(study), []
    for text, group, geoid, count in rows.head(_MOST_VOICES)[["text", "group", "geoid", "count"]].to_numpy():
        who = [group] if isinstance(group, str) else []
        who += [named(geoid)] if isinstance(geoid, str) else []
        who += [how_many(count, "person said so", "people said so")] if pd.notna(count) and round(count) > 0 else []
        told.append((text, upper(", ".join(who))))
    return tuple(told), max(0, len(rows) - _MOST_VOICES)


def _sure_of_gap(study: Study, summary: pd.DataFrame) -> str:
    segment = figures.focus(study, summary)
    rows = summary[summary["segment"] == segment]
    if not len(rows) or rows["spatial_gap_low"].isna().any():
        return _UNSURE
    row, words = rows.iloc[0], study.profile.words
    low, high = about(row["spatial_gap_low"]), about(row["spatial_gap_high"]).removeprefix("about ")
    return (
        f"How sure: the count comes from a survey that asked some families, not all. Likely between {low} and {high} "
        f"{people_of(study, segment)} have no {words.seat} in their own {area_words(study.settings.level)[0]}."
    )


def _sure_of_places(study: Study, gap: pd.DataFrame) -> str:
    segment = figures.focus(study, gap.groupby("segment", as_index=False)[["need", "usable"]].sum().assign(
        sufficiency=lambda t: t["usable"] / t["need"].where(t["need"] > 0)))  # fmt: skip
    rows = gap.loc[gap["segment"] == segment, "p_shortage"].dropna()
    if not len(rows):
        return _UNSURE
    rough, (one, many) = int(rows.between(0.1, 0.9).sum()), area_words(study.settings.level)
    if not rough:
        return (
            f"How sure: the counts come from a survey, but in every {one} they are clear enough to tell who is short."
        )
    return (
        f"How sure: the counts come from a survey. In {how_many(rough, one, many, of=len(rows))} they are too rough to "
        "say whether there are far too few."
    )


def _sure_of_prices(affordability: pd.DataFrame) -> str:
    known = affordability.dropna(subset=["share"])
    priced, earned = (
        listing([period_words(p) for p in sorted(known[c].dropna().unique())])
        for c in ("price_vintage", "income_vintage")
    )
    middle = percent(known["share"].median())
    return (
        f"In the middle of all the dots it is {middle}. How sure: the prices are of {priced} and the incomes of "
        f"{earned}, so today’s may differ."
    )


def _latest(study: Study, indicators: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return an indicator's latest figures, with how sure they are and who published them."""
    rows = latest_figures(indicators, name, areas=study.areas, as_of=study.settings.as_of)
    own = indicators.loc[indicators["indicator"] == name, ["geoid", "segment", "period", "quality", "source"]]
    return rows.merge(own, on=["geoid", "segment", "period"], how="left")


def _sure_of_figures(study: Study, indicators: pd.DataFrame, name: str) -> str:
    rows = _latest(study, indicators, name)
    if rows["moe"].isna().any():
        return _UNSURE
    one, many = area_words(study.settings.level)
    rough = rows.loc[rows["quality"] == "low", "geoid"].nunique()
    if not rough:
        return f"How sure: the numbers come from a survey, and are good enough to compare one {one} with another."
    of = rows["geoid"].nunique()
    return (
        f"How sure: the numbers come from a survey. In {how_many(rough, one, many, of=of)} they are so rough that they "
        "may be far off."
    )
