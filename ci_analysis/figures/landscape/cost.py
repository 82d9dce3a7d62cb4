"""What a place costs a family: now, and over the years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.ticker import MaxNLocator

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.landscape.said import DRAWN, people_of, upper
from ci_analysis.figures.words import amount, area_words, how_many, listing, percent, period_words, shortened, spelled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["dearest", "price_sentence", "prices", "prices_over_years"]

_LINES = ("one", "two", "three", "four")


def dearest(rows: pd.DataFrame) -> str:
    """Return the segment whose place takes the largest share of income in the middle area."""
    return str(rows.groupby("segment")["share"].median().idxmax())


def _told(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose side of the benchmark is known: a limit may lie on either side of what it limits."""
    above = rows["share"] > rows["benchmark"]
    unknown = (rows["censored"].eq("at-most") & above) | (rows["censored"].eq("at-least") & ~above)
    return rows[~unknown]


def price_sentence(study: Study, rows: pd.DataFrame, segment: str) -> str:
    """Return in how many areas one place for the segment costs more than the benchmark."""
    rows = rows[rows["segment"] == segment]
    told, benchmark = _told(rows), f"{100 * rows['benchmark'].iloc[0]:.3g}%"
    n, words = int((told["share"] > told["benchmark"]).sum()), area_words(study.settings.level)
    whose = "" if segment == "all" else f" for {people_of(study, segment)}"
    place = f"ne full-time {study.profile.words.seat}{whose}"
    if not len(told):
        return f"Whether o{place} costs more than {benchmark} of the median family income is known in no {words[0]}"
    many = how_many(n or len(told), *words, of=len(told))
    takes = f"costs more than {benchmark} of the median family income in {many}"
    if n == 0:
        takes = f"costs no more than {benchmark} of the median family income in {many}"
    return f"O{place} {takes}"


def prices(study: Study, affordability: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw what one full-time place takes of the median family income, area by area.

    Parameters
    ----------
    study : Study
        For labels and words.
    affordability : pandas.DataFrame
        Table `affordability`; prices after aid are drawn where it has them.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where no area has both a price and an income.
    """
    import seaborn as sns

    rows = affordability.dropna(subset=["share"])
    if not len(rows):
        return None
    one = area_words(study.settings.level)[0]
    order = [s for s in study.labels["segment"] if s in set(rows["segment"])]
    labels = [shortened(upper(people_of(study, s)), DRAWN) for s in order]
    rows = rows.assign(percent=100 * rows["share"]).sort_values(["segment", "share", "geoid"])
    after = _after_aid(affordability).reindex(order).dropna()
    benchmark = 100 * float(rows["benchmark"].iloc[0])
    ax = new_axes(ax, height=0.9 + 0.75 * len(order))
    with style():
        # Overlapping points are spread evenly, not at random: the same figures draw the same picture.
        size = 3.6 if rows["segment"].value_counts().max() <= 100 else 2.4
        sns.swarmplot(
            rows, x="percent", y="segment", order=order, size=size, color=COLOURS["one"], ax=ax, warn_thresh=1.0
        )
        if len(after):
            ax.scatter(100 * after, [order.index(s) for s in after.index], marker="D", s=42, color=COLOURS["three"],
                       edgecolor=COLOURS["paper"], zorder=6)  # fmt: skip
        ax.axvline(benchmark, color=COLOURS["two"], linewidth=1.5)
        ax.annotate(f"{benchmark:.3g}% benchmark", (benchmark, 1), (0, 4), xycoords=("data", "axes fraction"),
                    textcoords="offset points", color=COLOURS["two"], ha="center", fontsize=9)  # fmt: skip
        ax.set_yticks(range(len(order)), labels, parse_math=False)
        ax.set_xlim(0, max(1.05 * rows["percent"].max(), 1.2 * benchmark, 105 * after.max() if len(after) else 0))
        ax.xaxis.set_major_locator(MaxNLocator(6))
        ax.set_ylabel("")
        ax.set_ylim(len(order) - 0.5, -0.5)
        ax.set_xlabel(f"Percent of the median family income; a dot is a {one}")
        ax.grid(axis="x")
        ax.set_axisbelow(True)
    spread = rows.groupby("segment")["share"].agg(["min", "median", "max"])
    alt = "Dots by group of the share of income, " + "; ".join(
        f"{label}: {percent(spread.loc[s, 'min'])} to {percent(spread.loc[s, 'max'])}, "
        f"in the middle {percent(spread.loc[s, 'median'])}"
        + (f", after aid {percent(after[s])} where it is told" if s in after.index else "")
        for s, label in zip(order, labels, strict=True)
    )
    segment = dearest(rows)
    notes = [study.profile.price.about] if study.profile.price else []
    notes += _price_notes(study, rows[rows["segment"] == segment], segment)
    if len(after):
        notes.append(
            f"A diamond is what is left to pay after aid, in the {one} in the middle of those where facilities tell it."
        )
    title = price_sentence(study, rows, segment)
    return finding(ax, title, alt=f"{alt}. A line marks {benchmark:.3g}%.", notes=notes)


def _after_aid(affordability: pd.DataFrame) -> pd.Series:
    """Return the middle area's share after aid by segment; no rows where the edition does not show it."""
    if "share_after_aid" not in affordability:
        return pd.Series(dtype="float64")
    return affordability.dropna(subset=["share_after_aid"]).groupby("segment")["share_after_aid"].median()


def _price_notes(study: Study, rows: pd.DataFrame, segment: str) -> list[str]:
    """Return what is to be known of the shares of one segment: years, dollars, limits and margins."""
    one, many = area_words(study.settings.level)
    priced, earned = (
        listing([period_words(p) for p in sorted(rows[c].dropna().unique())])
        for c in ("price_vintage", "income_vintage")
    )
    notes, apart = [f"Prices of {priced}, incomes of {earned}."], rows.dropna(subset=["years", "share_same_dollars"])
    if (apart["years"] > 0).any():
        years = int(apart["years"].max())
        was, now = apart["share"].median(), apart["share_same_dollars"].median()
        notes[0] = (
            f"Prices of {priced} against incomes of {earned}, {'up to ' if apart['years'].min() < years else ''}"
            f"{how_many(years, 'year', 'years')} apart. For {people_of(study, segment)}, with the price in the "
            f"dollars of the income's year, the middle {one} would stand at "
            f"{100 * now:.1f}% instead of {100 * was:.1f}%."
        )
    for side, words in (("at-most", "at most"), ("at-least", "at least")):
        n = int(rows["censored"].eq(side).sum())
        if n:
            notes.append(
                f"In {how_many(n, one, many)} the income lies in the publisher's open-ended class: the share is "
                f"{words} what is drawn."
            )
    unknown = len(rows) - len(_told(rows))
    if unknown:
        notes.append(f"Whether that is above the benchmark is not known there for {how_many(unknown, one, many)}, "
                     "not counted above.")  # fmt: skip
    sure = rows.dropna(subset=["share_low", "share_high"])
    if not len(sure):
        return [*notes, "How far off the shares may be is not known: the incomes come without a margin of error."]
    clear = (sure["share_low"] > sure["benchmark"]) | (sure["share_high"] < sure["benchmark"])
    wide = ((sure["share_high"] - sure["share_low"]) / 2).median()
    return [
        *notes,
        f"The 90% interval, from the income's margin of error, is {100 * wide:.1f} percentage points to either side "
        f"in the middle {one}, and lies wholly on one side of the benchmark in "
        f"{how_many(int(clear.sum()), one, many, of=len(sure))}.",
    ]


def prices_over_years(
    study: Study, affordability_years: pd.DataFrame, *, ax: Axes | None = None
) -> Axes | Statement | None:
    """Draw the middle area's price of a place over the years, in each year's dollars and in those of one year.

    Parameters
    ----------
    study : Study
        For labels and words.
    affordability_years : pandas.DataFrame
        Table `affordability_years`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes, Statement or None
        A Statement where there is no series to draw: prices of one year only. None where there are none.
    """
    known = affordability_years.dropna(subset=["price_week"])
    if not len(known):
        return None
    middle = _middle_areas(known)
    series = middle.groupby("segment")["price_week_real"].count()
    order = [s for s in study.labels["segment"] if series.get(s, 0) > 1]
    if not order:
        return _no_series(study, known)
    words, (one, many) = study.profile.words, area_words(study.settings.level)
    base = int(known["base_year"].iloc[0])
    labels = {s: shortened(upper(people_of(study, s)), DRAWN) for s in order}
    ax = new_axes(ax, height=3.4)
    with style():
        for i, segment in enumerate(order):
            rows, colour = middle[middle["segment"] == segment], COLOURS[_LINES[i % len(_LINES)]]
            ax.plot(
                rows["year"], rows["price_week_real"], color=colour, marker="o", markersize=4, label=labels[segment]
            )
            ax.plot(rows["year"], rows["price_week"], color=colour, linestyle=":", linewidth=1.5)
        ax.plot([], [], color=COLOURS["quiet"], linestyle=":", linewidth=1.5, label="In each year's dollars")
        ax.set_ylim(0, 1.1 * middle[["price_week", "price_week_real"]].max().max())
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        ax.yaxis.set_major_locator(MaxNLocator(5))
        ax.yaxis.set_major_formatter(lambda usd, _: amount(usd))
        ax.set_xlabel(f"Price a week in the middle {one}, in dollars of {base}")
        ax.grid(axis="y")
        ax.set_axisbelow(True)
        legend = ax.legend(frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2)
        for text in legend.get_texts():
            text.set_parse_math(False)
    ends = {s: middle[(middle["segment"] == s) & middle["price_week_real"].notna()].iloc[[0, -1]] for s in order}
    lead = max(order, key=lambda s: abs(_growth(ends[s])))
    alt = "Two lines for each group, real and nominal: " + "; ".join(
        f"{labels[s]}, {amount(e['price_week_real'].iloc[0])} in {e['year'].iloc[0]:.0f} and "
        f"{amount(e['price_week_real'].iloc[1])} in {e['year'].iloc[1]:.0f} in dollars of {base}, "
        f"{amount(e['price_week'].iloc[0])} and {amount(e['price_week'].iloc[1])} in each year's own"
        for s, e in ends.items()
    )
    used = int(middle.loc[middle["segment"] == lead, "areas"].iloc[0])
    notes = [
        f"Only areas with a price in every year are drawn ({how_many(used, one, many)} for "
        f"{people_of(study, lead)}), so that the middle does not move with who is known.",
        f"Real prices are in dollars of {base} by the consumer price index of all goods (CPI-U), not by that of "
        f"{words.seats} or of wages.",
    ]
    shares = ends[lead].dropna(subset=["share"])
    if len(shares) == 2:
        first, last = shares["share"]
        notes.append(
            f"Of the median family income it took {percent(first)} in {shares['year'].iloc[0]:.0f} and "
            f"{percent(last)} in {shares['year'].iloc[1]:.0f}, against the income of the nearest year that is known."
        )
    asked = study.tables["capacity"]["price_week"].notna().any() and middle["year"].max() == study.settings.as_of.year
    if asked:
        notes.append("The last year's prices are those of the study's facilities, the others are from another source.")
    return finding(ax, _real_sentence(study, ends[lead], lead), alt=f"{alt}.", notes=notes)


def _middle_areas(known: pd.DataFrame) -> pd.DataFrame:
    """Return the median over areas by segment and year, of the areas that have a price in every year."""
    years = known.groupby("segment")["year"].transform("nunique")
    always = known[known.groupby(["segment", "geoid"])["year"].transform("nunique") == years]
    by = always.groupby(["segment", "year"])
    middle = by[["price_week", "price_week_real", "share"]].median()
    return middle.assign(areas=by["geoid"].nunique()).reset_index().astype({"year": "float64"})


def _growth(ends: pd.DataFrame) -> float:
    first, last = ends["price_week_real"]
    return float(last / first - 1) if first > 0 else 0.0


def _real_sentence(study: Study, ends: pd.DataFrame, segment: str) -> str:
    """Return how a place's price moved beside the prices of all else."""
    growth, (first, last) = _growth(ends), ends["year"].astype(int)
    whose = "" if segment == "all" else f" for {people_of(study, segment)}"
    place = f"full-time {study.profile.words.seat}{whose}"
    was, now = ends["price_week"]
    nominal = f"{amount(was)} a week in {first} and {amount(now)} in {last}, in each year's dollars"
    if round(100 * growth) == 0:
        return f"A {place} cost as much in {last} as in {first}, after inflation: {nominal}"
    more = "more" if growth > 0 else "less"
    return f"A {place} cost {percent(abs(growth))} {more} in {last} than in {first} after inflation: {nominal}"


def _no_series(study: Study, known: pd.DataFrame) -> Statement:
    """State that there is nothing to compare over the years, and what would change it."""
    years, price = sorted(known["year"].astype(int).unique()), study.profile.price
    named = listing([str(y) for y in years])
    title = f"Prices are known of one year only, {named}: whether they rise faster than others is not known"
    if len(years) > 1:
        title = f"Prices of {spelled(len(years))} years are known, {named}, and no two of them can be compared"
    wanted = f" <{price.indicator}>" if price else ""
    do = f"Rows of the indicator{wanted} for other years would show a series.".replace("<", "‘").replace(">", "’")
    return Statement(title, lines=(do,))
