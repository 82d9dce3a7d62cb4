"""Figures of step 1: how ready partners find the coalition, by the five conditions."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.words import (
    TOO_FEW,
    how_many,
    inside,
    listing,
    period_words,
    sentence,
    spelled,
)
from ci_analysis.issues import load_instrument

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ci_analysis.study import Study

__all__ = ["comments", "readiness", "readiness_levels", "readiness_spread"]


def _shown(study: Study, conditions: pd.DataFrame) -> pd.DataFrame:
    """Return scores that enough respondents stand behind."""
    enough = conditions["respondents"] >= study.settings.minimum_respondents
    return conditions[enough & conditions["score"].notna()]


def _nothing_shown(study: Study, wave: str, rows: pd.DataFrame) -> Statement:
    if not (rows["respondents"] > 0).any():
        return Statement(
            "No partner has been asked yet how ready the coalition is; this is what its tables show",
            rows[["condition"]].assign(what_the_tables_show=rows["evidence"]),
            "The five conditions, by the tables alone",
            ("To see what partners say, fill in readiness.csv.",),
        )
    few = spelled(study.settings.minimum_respondents)
    said = rows["evidence"].notna().any()
    return Statement(
        f"In {period_words(wave)} too few partners answered to show how ready they are"
        + ("; this is what the tables show" if said else ""),
        rows[["condition"]].assign(what_the_tables_show=rows["evidence"]) if said else None,
        "The five conditions, by the tables alone" if said else "",
        (f"A score is shown from {few} answers on, so that nobody's answer can be read from it.",),
    )


def readiness(study: Study, conditions: pd.DataFrame, *, ax: Axes | None = None, waves: int = 4) -> Axes | None:
    """Draw what partners say of the five conditions, with the 95 % interval, and the waves before.

    Parameters
    ----------
    study : Study
        For names, and the number of respondents from which on a score is shown.
    conditions : pandas.DataFrame
        Table `conditions`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    waves : int
        How many of the latest waves.

    Returns
    -------
    Axes or None
        The waves up to the last in which enough answered; None where there is none: the section on levels says so,
        with what the tables show.
    """
    shown = _shown(study, conditions)
    if not len(shown):
        return None
    newest, last = conditions["wave"].iloc[-1], shown["wave"].iloc[-1]
    times = list(dict.fromkeys(conditions["wave"]))
    times = times[: times.index(last) + 1][-waves:]
    latest = shown[shown["wave"] == last].set_index("condition")
    instrument, names = load_instrument(), study.labels["condition"]
    order = list(dict.fromkeys(conditions["condition"]))
    levels = _levels()
    ax = new_axes(ax, height=1.15 + 0.62 * len(order))
    y = dict(zip(order, np.arange(len(order))[::-1], strict=True))
    with style():
        for k, wave in enumerate(times):
            rows = shown[shown["wave"] == wave]
            if len(rows):
                _wave_points(ax, rows, y, back=len(times) - 1 - k)
        for condition, at in y.items():
            if condition in latest.index:
                row = latest.loc[condition]
                label = textwrap.fill(levels.get((condition, row["level"]), ""), 16)
                ax.text(5.12, at, f"{row['score']:.1f}\n{label}", va="center", fontsize=9, linespacing=1.2)
            else:
                ax.text(5.12, at, textwrap.fill(TOO_FEW, 14), va="center", fontsize=9, color=COLOURS["quiet"])
        ax.set_yticks(list(y.values()), [textwrap.fill(names.get(c, c), 20) for c in y])
        scale = instrument.scale
        ax.set_xlim(scale.minimum, scale.maximum)
        ax.set_ylim(-0.55, len(order) - 0.4)
        ends = {scale.minimum: f"{scale.minimum}\n{scale.low}", scale.maximum: f"{scale.maximum}\n{scale.high}"}
        ticks = range(scale.minimum, scale.maximum + 1)
        ax.set_xticks(ticks, [ends.get(i, str(i)) for i in ticks])
        ax.set_xlabel("Mean answer; line: 95% interval")
        ax.grid(axis="x")
        ax.set_axisbelow(True)
        ax.legend(frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, handletextpad=0.2,
                  columnspacing=1.2, borderaxespad=0)  # fmt: skip
    title = _readiness_title(latest["score"].round(1), names)
    title += _turned(shown, times, names)
    if last != newest:
        title = f"In {period_words(newest)} too few answered; in {period_words(last)}, {inside(title)}"
    hidden = conditions[conditions["wave"].isin(times) & ~conditions.index.isin(shown.index)]
    return finding(ax, title, alt=_readiness_alt(shown[shown["wave"].isin(times)], hidden, names))


def _wave_points(ax: Axes, rows: pd.DataFrame, y: dict[str, int], *, back: int) -> None:
    """Draw one wave: the latest strong, those before lighter, smaller and above it."""
    markers = ("o", "s", "^", "D")
    at = np.array([y[c] for c in rows["condition"]]) + (0.15 * back - 0.08)
    least, most = rows["respondents"].min(), rows["respondents"].max()
    answers = f"{least:.0f}" if least == most else f"{least:.0f}–{most:.0f}"
    score = rows["score"].to_numpy()
    # An interval may pass the ends of the scale, where no answer can lie; that of few answers is not shown.
    errors = np.vstack([score - rows["low"].clip(lower=1), rows["high"].clip(upper=5) - score])
    colour = COLOURS["one"] if back == 0 else COLOURS["muted"]
    ax.errorbar(score, at, xerr=np.nan_to_num(errors), linestyle="none", marker=markers[back % len(markers)],
                color=colour, ecolor=colour, elinewidth=2 if back == 0 else 1, markersize=7.5 if back == 0 else 5,
                zorder=3 if back == 0 else 2, clip_on=False,
                label=f"{period_words(rows['wave'].iloc[0])}\n{answers} answers")  # fmt: skip


def _levels() -> dict[tuple[str, float], str]:
    levels = load_instrument().levels()
    keys = zip(levels["condition"], levels["level"].astype(float), strict=True)
    return dict(zip(keys, levels["label"], strict=True))


def _readiness_title(scores: pd.Series, names: dict[str, str]) -> str:
    """Say what is farthest along and what least; scores rounded as they are read."""
    high, low = scores[scores == scores.max()], scores[scores == scores.min()]

    def named(x: pd.Series) -> str:
        return listing([inside(names.get(c, c)) for c in x.index])

    if scores.max() == scores.min():
        if len(scores) == 1:
            return sentence(f"{named(high)} stands at {scores.max():.1f} of 5")
        some = how_many(len(scores), "condition", "conditions", of=len(scores))
        return sentence(f"{some} stand at {scores.max():.1f} of 5")
    far = f"{named(high)} {'is' if len(high) == 1 else 'are'} farthest along ({scores.max():.1f} of 5)"
    return sentence(f"{far}, {named(low)} least ({scores.min():.1f})")


def _turned(shown: pd.DataFrame, times: list[str], names: dict[str, str]) -> str:
    """Say which condition rose or fell most since the wave before, where the two intervals do not meet."""
    if len(times) < 2:
        return ""
    now, then = (shown[shown["wave"] == wave].set_index("condition") for wave in (times[-1], times[-2]))
    both = now.join(then.add_suffix("_then"), how="inner")
    apart = both[(both["low"] > both["high_then"]) | (both["high"] < both["low_then"])]
    if not len(apart):
        return ""
    most = apart.loc[(apart["score"] - apart["score_then"]).abs().idxmax()]
    way = "rose" if most["score"] > most["score_then"] else "fell"
    name = inside(names.get(str(most.name), str(most.name)))
    scores = f"from {most['score_then']:.1f} to {most['score']:.1f}"
    return f"; since {period_words(times[-2])} {name} {way} {scores}"


def _interval(row: object) -> str:
    """Write the interval behind a score, as far as the scale goes; nothing where there is none."""
    low, high = row.low, row.high  # type: ignore[attr-defined]  # a row of `conditions`
    scale = load_instrument().scale
    return f" ({max(low, scale.minimum):.1f} to {min(high, scale.maximum):.1f})" if pd.notna(low) else ""


def _readiness_alt(shown: pd.DataFrame, hidden: pd.DataFrame, names: dict[str, str]) -> str:
    parts = []
    for wave, rows in shown.groupby("wave", sort=False):
        each = [f"{inside(names.get(r.condition, r.condition))} {r.score:.1f}{_interval(r)}" for r in rows.itertuples()]
        parts.append(f"{period_words(str(wave))}: {', '.join(each)}")
    few = [f"{inside(names.get(r.condition, r.condition))} in {period_words(r.wave)}" for r in hidden.itertuples()]
    alt = "Points by condition, from 1 to 5, with 95% intervals. " + "; ".join(parts) + "."
    return alt + (f" Not shown, since too few answered: {listing(few, most=9)}." if few else "")


def readiness_levels(study: Study, conditions: pd.DataFrame) -> Statement:
    """Say in words which level each condition has reached, and what the study's tables show of it.

    Parameters
    ----------
    study : Study
        For the number of respondents from which on a score is shown.
    conditions : pandas.DataFrame
        Table `conditions`.
    """
    wave = conditions["wave"].iloc[-1]
    rows = conditions[conditions["wave"] == wave]
    known = rows.index.isin(_shown(study, conditions).index) & rows["level"].notna()
    if not known.any():
        return _nothing_shown(study, wave, rows)
    table = load_instrument().levels()
    top = table.groupby("condition")["level"].max()
    words = table.set_index(["condition", "level"])
    frame = []
    for row, ok in zip(rows.itertuples(), known, strict=True):
        level = words.loc[(row.condition, int(row.level))] if ok else None
        frame.append(
            {
                "condition": row.condition,
                "where_it_stands": f"{row.level:.0f} of {top[row.condition]}: {level['label']}" if ok else TOO_FEW,
                "what_that_means": level["descriptor"] if ok else None,
                "what_the_tables_show": row.evidence,
                "score, and 95% interval": f"{row.score:.1f}{_interval(row)}" if ok else None,
                "answers": f"{row.respondents:.0f}" if ok else TOO_FEW,
            }
        )
    counts = rows.loc[known, "level"].value_counts().sort_index(ascending=False)
    n = int(counts.sum())
    parts = [f"{spelled(c)} at level {level:.0f}" for level, c in counts.items()]
    if len(counts) == 1:
        some = how_many(n, "condition", "conditions", of=n)
    else:
        some = f"{spelled(counts.iloc[0])} of {spelled(n)} conditions"
    stands = "stands" if counts.iloc[0] == 1 else "stand"
    title = f"{some} {stands} at level {counts.index[0]:.0f} of 5"
    title += f", {listing(parts[1:])}" if len(parts) > 1 else ""
    shown = pd.DataFrame(frame).dropna(axis=1, how="all")
    return Statement(sentence(title), shown, f"The five conditions, {period_words(wave)}")


#: Standard deviations on the scale of 1 to 5 below which respondents agree, differ, or else are far apart.
_AGREE, _DIFFER = 0.5, 1.0


def readiness_spread(study: Study, conditions: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw where respondents agree on the five conditions and where they differ, and the backbone beside the others.

    Parameters
    ----------
    study : Study
        For names, and the number of respondents from which on a score is shown.
    conditions : pandas.DataFrame
        Table `conditions`; its latest wave is drawn.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes or None
        None where too few answered in the latest wave.
    """
    shown = _shown(study, conditions)
    wave = conditions["wave"].iloc[-1]
    rows = shown[(shown["wave"] == wave) & shown["spread"].notna()].reset_index(drop=True)
    if not len(rows):
        return None
    names, scale = study.labels["condition"], load_instrument().scale
    rows["label"] = [names.get(c, c) for c in rows["condition"]]
    # Rounded as it is read, so that no 0.5 stands below 0.5.
    words = [_apart(round(s, 1)) for s in rows["spread"]]
    y, apart = np.arange(len(rows))[::-1], _backbone_apart(study, rows)
    ax = new_axes(ax, height=1.6 + 0.52 * len(rows))
    with style():
        left, right = ((rows["score"] + k * rows["spread"]).clip(scale.minimum, scale.maximum) for k in (-1, 1))
        ax.hlines(y, left, right, color=COLOURS["muted"], linewidth=9)
        ax.plot(rows["score"], y, "|", color=COLOURS["ink"], markersize=12, markeredgewidth=2, label="mean of all")
        if rows["backbone"].notna().any():
            ax.plot(rows["backbone"], y + 0.24, "D", color=COLOURS["two"], markersize=6, label="backbone")
            ax.plot(rows["others"], y - 0.24, "o", color=COLOURS["one"], markersize=7, label="other partners")
            ax.legend(frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3,
                      handletextpad=0.2, columnspacing=1.2, borderaxespad=0)  # fmt: skip
        for at, word, spread in zip(y, words, rows["spread"], strict=True):
            ax.text(5.12, at, f"{word}\n(±{spread:.1f})", va="center", fontsize=9, linespacing=1.2)
        ax.set_yticks(y, [textwrap.fill(x, 20) for x in rows["label"]])
        ax.set_xlim(scale.minimum, scale.maximum)
        ax.set_ylim(-0.55, len(rows) - 0.4)
        ends = {scale.minimum: f"{scale.minimum}\n{scale.low}", scale.maximum: f"{scale.maximum}\n{scale.high}"}
        ticks = range(scale.minimum, scale.maximum + 1)
        ax.set_xticks(ticks, [ends.get(i, str(i)) for i in ticks])
        ax.set_xlabel(
            "Bar: one standard deviation to each side of the mean answer. Respondents\n"
            f"agree below ±{_AGREE}, differ from there on, and are far apart from ±{_DIFFER:.1f} on,\n"
            f"as where half answer 2 and half answer 4.\n{textwrap.fill(apart, 72)}".rstrip(),
            fontsize=9,
        )
        ax.grid(axis="x")
        ax.set_axisbelow(True)
    by_word = {w: [inside(x) for x, v in zip(rows["label"], words, strict=True) if v == w] for w in _WORDS}
    if len(rows) == max(len(named) for named in by_word.values()) > 1:
        title = f"Respondents {words[0]} on {how_many(len(rows), 'condition', 'conditions', of=len(rows))}"
        widest = rows.loc[rows["spread"].round(1) == rows["spread"].round(1).max(), "label"]
        if len(widest) < len(rows):
            title += f", {'least' if words[0] == 'agree' else 'most'} on {listing(list(map(inside, widest)))}"
    else:
        parts = [f"{w} on {listing(named, most=5)}" for w, named in by_word.items() if named]
        title = f"Respondents {listing(parts)}"
    each = []
    for row, word in zip(rows.itertuples(), words, strict=True):
        said = f"{inside(row.label)} {row.score:.1f}, ±{row.spread:.1f} ({word}"
        both = f"; backbone {row.backbone:.1f}, other partners {row.others:.1f}" if pd.notna(row.backbone) else ""
        each.append(f"{said}{both})")
    alt = f"Bars by condition in {period_words(wave)}, from 1 to 5, as wide as the answers lie apart: "
    return finding(ax, title, alt=f"{alt}{', '.join(each)}. {apart}".strip())


#: How far respondents lie apart, in words.
_WORDS = ("agree", "differ", "are far apart")


def _apart(spread: float) -> str:
    return _WORDS[int(spread >= _AGREE) + int(spread >= _DIFFER)]


def _backbone_apart(study: Study, rows: pd.DataFrame) -> str:
    """Say why the backbone's answers are not shown beside the others'; empty where they are."""
    least = study.settings.minimum_respondents
    if rows["backbone"].notna().any():
        return ""
    if not (rows["n_backbone"] > 0).any():
        return "Nobody who answered speaks for the backbone."
    few = f"to show its answers apart (fewer than {spelled(least)})."
    if (rows["n_backbone"] < least).any():
        return f"Too few speak for the backbone {few}"
    return f"Too few besides the backbone answered {few}"


def comments(study: Study, comments: pd.DataFrame) -> Statement:
    """Show what respondents added to the statements in the latest wave, by condition; for the coalition alone.

    Parameters
    ----------
    study : Study
        For the number of respondents from which on comments are shown.
    comments : pandas.DataFrame
        Table `comments`.
    """
    wave = comments["wave"].iloc[-1]
    rows = comments[comments["wave"] == wave]
    texts = load_instrument().items().set_index("item")["text"]
    names = [inside(study.labels["condition"].get(c, c)) for c in dict.fromkeys(rows["condition"])]
    n = rows["item"].nunique()
    title = f"{how_many(len(rows), 'comment', 'comments')} on {how_many(n, 'statement', 'statements')}: "
    title += listing(names, most=5)
    frame = pd.DataFrame(
        {"condition": rows["condition"], "statement": rows["item"].map(texts), "comment": rows["comment"]}
    )
    earlier = len(comments) - len(rows)
    least = spelled(study.settings.minimum_respondents)
    lines = (
        "Nothing says who wrote what: the names of partners are left out where they are written as in the data, and so "
        "are e-mail addresses and phone numbers; the comments on a statement stand in the order of their letters. A "
        "person's name cannot be told from other words: it stands where somebody wrote it. Read the comments before "
        "you pass this page on, since words, too, can tell who speaks.",
        f"Comments are shown on a condition from {least} respondents on."
        + (f" The data hold {how_many(earlier, 'comment', 'comments')} of earlier waves." if earlier else ""),
    )
    return Statement(sentence(title), frame, f"Comments by statement, {period_words(wave)}", lines)
