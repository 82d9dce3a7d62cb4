"""Figures of step 1: how partners work together, and what those who did not answer could change."""

from __future__ import annotations

import textwrap
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ci_analysis.convene.ties import LEVELS, undirected_ties
from ci_analysis.figures.base import COLOURS, Statement, finding, new_axes, style
from ci_analysis.figures.networks import Panel, network, small_multiples
from ci_analysis.figures.words import (
    NAME_LETTERS,
    TOO_FEW,
    how_many,
    listing,
    percent,
    period_words,
    sentence,
    shortened,
    spelled,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from ci_analysis.figures.base import Drawing
    from ci_analysis.study import Study

__all__ = ["brokers", "introductions", "network_changes", "network_map", "network_over_time", "network_waves", "trust"]

_PAIR = ["partner_a", "partner_b"]
_NO_SECTOR = "Sector not known"
#: At most so many partners in the picture of trust and value.
_RATED = 25
#: With fewer partners, somebody is between the others almost always.
_NETWORK = 5
#: Colour, shape, size and words of the two ratings.
_RATING_LOOKS = {"trust": ("one", "o", 44, "Trust"), "value": ("two", "D", 32, "Value to the work")}


def network_map(
    study: Study, places: pd.DataFrame, ties: pd.DataFrame, partners: pd.DataFrame, summary: pd.DataFrame
) -> Drawing | None:
    """Draw who works with whom in the latest wave; for the coalition alone.

    Parameters
    ----------
    study : Study
        For labels, and the level from which on a tie stands.
    places : pandas.DataFrame
        Table `network_partners`.
    ties : pandas.DataFrame
        The study's table of ties.
    partners : pandas.DataFrame
        The study's table of partners.
    summary : pandas.DataFrame
        Table `network_summary`.
    """
    wave = places["wave"].iloc[-1]
    nodes, edges = _everybody(study, places, ties, partners)
    here, n = nodes[nodes["here"]], int(edges["strength"].notna().sum())
    most = here["degree"].max()
    title = f"{how_many(n, 'pair', 'pairs')} of partners {_work(n, _few_answered(summary, wave))} together"
    said = _without_ties(here)
    if not here["answered"].any():
        title, said = "No pair of partners is known to work together: nobody answered", ""
    elif said:
        title += f"; {said}"
    elif n:
        title += ", and everybody works with somebody"
    alt = f"Network of {how_many(len(here), 'partner', 'partners')} in {period_words(wave)}"
    if most > 0:
        top = [shortened(x, NAME_LETTERS) for x in here.loc[here["degree"] == most, "name"]]
        alt += f". The most ties, {most:.0f}, {'has' if len(top) == 1 else 'have'} {listing(top, most=3)}"
    alt += f". {sentence(said)}" if said else ""
    return network(
        nodes,
        edges,
        kinds=_kinds(study),
        strengths=LEVELS,
        title=sentence(title),
        alt=f"{alt}.",
        note=f"{_answered(summary, wave)} {_silent(here, partners)}{_had_all_answered(summary, wave)}".strip(),
    )


def _silent(here: pd.DataFrame, partners: pd.DataFrame) -> str:
    """Name the joined partners of the network that did not answer, so that somebody asks them again."""
    asked = here["partner_id"].isin(partners.loc[partners["status"].eq("joined"), "partner_id"])
    names = [shortened(x, NAME_LETTERS) for x in here.loc[asked & ~here["answered"], "name"]]
    return f"Without an answer: {listing(names, most=12)}. " if names else ""


def _work(n: int, few: bool) -> str:
    """Say that so many pairs work (together); where few answered, that they are known to."""
    if few:
        return f"{'is' if n < 2 else 'are'} known to work"
    return "works" if n < 2 else "work"


def _few_answered(summary: pd.DataFrame, wave: str) -> bool:
    """Whether fewer than half of those asked answered; not where nobody was asked."""
    return bool(summary.set_index("wave").loc[wave, "response_rate"] < 0.5)


def _without_ties(here: pd.DataFrame) -> str:
    """Say who answered and has no tie, and of whom only others could have told one: silence is not a no."""
    alone = here["degree"] == 0
    names = [
        [shortened(x, NAME_LETTERS) for x in here.loc[alone & (here["answered"] == told), "name"]]
        for told in (True, False)
    ]
    sure = f"{listing(names[0], most=3)} {'has' if len(names[0]) == 1 else 'have'} no tie yet" if names[0] else ""
    silent = f"nobody who answered works with {_any_of(names[1], most=3)}" if names[1] else ""
    return ", and ".join(part for part in (sure, silent) if part)


def _any_of(names: list[str], *, most: int) -> str:
    """Return names as a list of which each is meant by itself; beyond `most`, the rest are counted."""
    if len(names) > most:
        rest = len(names) - most
        return f"{', '.join(names[:most])} or {rest:,} {'other' if rest == 1 else 'others'}"
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]


def network_waves(
    study: Study, places: pd.DataFrame, ties: pd.DataFrame, partners: pd.DataFrame, summary: pd.DataFrame
) -> Drawing | None:
    """Draw the latest waves side by side, at most three, each partner in the place that it has in `network_map`.

    Parameters
    ----------
    study : Study
        For the level from which on a tie stands.
    places : pandas.DataFrame
        Table `network_partners`.
    ties : pandas.DataFrame
        The study's table of ties.
    partners : pandas.DataFrame
        The study's table of partners.
    summary : pandas.DataFrame
        Table `network_summary`.

    Returns
    -------
    Drawing or None
        None where there is one wave.
    """
    waves = places["wave"].drop_duplicates().to_list()
    if len(waves) < 2:
        return None
    nodes, edges = _everybody(study, places, ties, partners)
    ends = _ends(undirected_ties(ties, tie_level=study.settings.tie_level), nodes["partner_id"])
    panels, counts, said = [], [], []
    shown = list(zip([None, *waves[:-1]], waves, strict=True))[-3:]
    for before, wave in shown:
        found = _turned(ends, before, wave)
        kinds = found["change"].value_counts()
        n = len(found) - int(kinds.get("lost", 0))
        turned = [f"{kinds[k]} {k}" for k in ("new", "lost") if before and k in kinds]
        rate = _rate_words(summary, wave)
        panels.append(
            Panel(
                period_words(wave),
                (f"{n:,} {'tie' if n == 1 else 'ties'}{': ' if turned else ''}{', '.join(turned)}", rate),
                nodes["partner_id"].isin(places.loc[places["wave"] == wave, "partner_id"]).to_list(),
                found,
            )
        )
        counts.append((wave, n, int((places.loc[places["wave"] == wave, "degree"] == 0).sum())))
        change = f", {listing(turned)} since {period_words(before)}" if turned else ""
        said.append(
            f"{period_words(wave)}: {how_many(n, 'tie', 'ties')}{change}, "
            f"{how_many(counts[-1][2], 'partner', 'partners')} without a known tie, {rate}"
        )
    alt = f"{sentence(spelled(len(panels)))} small networks, every partner in one place in all of them. "
    return small_multiples(
        nodes,
        edges,
        panels,
        kinds=_kinds(study),
        title=sentence(_waves_title(counts, summary)),
        alt=f"{alt}{'; '.join(said)}.",
    )


def _everybody(
    study: Study, places: pd.DataFrame, ties: pd.DataFrame, partners: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Partners and ties of all waves, as `networks.network` takes them; what is drawn is of the latest."""
    wave, sectors = places["wave"].iloc[-1], study.labels["sector"]
    latest = places[places["wave"] == wave]
    nodes = pd.DataFrame({"partner_id": sorted(places["partner_id"].unique())})
    nodes = nodes.merge(partners[["partner_id", "name", "sector"]], on="partner_id", how="left")
    nodes = nodes.merge(latest[["partner_id", "degree", "answered"]], on="partner_id", how="left")
    name = nodes["name"].fillna("").astype("object")
    nodes["name"] = name.where(name.str.strip() != "", nodes["partner_id"])
    nodes["kind"] = nodes["sector"].map(lambda s: sectors.get(s, _NO_SECTOR))
    nodes["here"] = nodes["degree"].notna()
    nodes["answered"] = nodes["answered"].eq(True).fillna(False).astype(bool)
    nodes["tip"] = [_tip(n) if n.here else n.name for n in nodes.itertuples(index=False)]
    pairs = undirected_ties(ties, tie_level=study.settings.tie_level)
    ends = _ends(pairs, nodes["partner_id"])
    edges = ends[["a", "b"]].drop_duplicates().sort_values(["a", "b"], ignore_index=True)
    return nodes, edges.merge(ends.loc[ends["wave"] == wave, ["a", "b", "strength"]], on=["a", "b"], how="left")


def _tip(node: object) -> str:
    """Say of one partner what is known of its ties."""
    name, degree, kind = node.name, node.degree, node.kind  # type: ignore[attr-defined]
    if degree == 0 and not node.answered:  # type: ignore[attr-defined]
        return f"{name}: nobody who answered works with it; {kind}"
    return f"{name}: {how_many(degree, 'tie', 'ties')}; {kind}"


def _ends(pairs: pd.DataFrame, ids: pd.Series) -> pd.DataFrame:
    """Ties with their ends as positions in `ids`: wave, a, b, strength."""
    at = pd.Index(ids)
    places = {end: at.get_indexer(pairs[f"partner_{end}"]) for end in "ab"}
    return pd.DataFrame({"wave": pairs["wave"], **places, "strength": pairs["strength"].astype("float64")})


def _kinds(study: Study) -> list[str]:
    return list(dict.fromkeys([*study.labels["sector"].values(), _NO_SECTOR]))


def _turned(ends: pd.DataFrame, before: str | None, wave: str) -> pd.DataFrame:
    """Ties of a wave, and of the one before: a, b, change (kept, new, lost)."""
    now, then = (ends.loc[ends["wave"] == w, ["a", "b"]] for w in (wave, before))
    both = now.merge(then, on=["a", "b"], how="outer", indicator="change")
    # Of the first wave nobody can say what is new.
    words = {"both": "kept", "left_only": "new" if before else "kept", "right_only": "lost"}
    return both.assign(change=both["change"].astype("object").map(words))


def _waves_title(counts: list[tuple[str, int, int]], summary: pd.DataFrame) -> str:
    """Say how many ties were known in the first wave shown and the last, of how many answers: not what became of any.

    A tie that nobody tells of any more may be there still, where those who told of it are silent.
    """
    (first, then, alone_then), (last, now, alone) = counts[0], counts[-1]
    title = f"{how_many(now, 'tie is', 'ties are')} known in {period_words(last)}, "
    if now == then:
        title += f"{'as' if now < 2 else 'as many as'} in {period_words(first)}"
    else:
        title += f"where {spelled(then)} {'was' if then < 2 else 'were'} in {period_words(first)}"
    rates = summary.set_index("wave")["response_rate"]
    if rates[[first, last]].notna().all():
        before, after = (percent(rates[w]) if rates[w] else "nobody" for w in (first, last))
        both = " either time" if after == "nobody" else " both times"
        title += f"; {after} answered{both if before == after else f', where {before} had'}"
    if alone:
        title += f"; {how_many(alone, 'partner has', 'partners have')} no known tie"
        had = f"{spelled(alone_then)} had none" if alone_then else "everybody had one"
        title += f", where {had}" if alone != alone_then else ""
    elif alone_then:
        were = "was" if alone_then == 1 else "were"
        title += f"; no partner is without a known tie, where {spelled(alone_then)} {were}"
    return title


def _rate_words(summary: pd.DataFrame, wave: str) -> str:
    rate = summary.set_index("wave").loc[wave, "response_rate"]
    return "nobody had joined" if pd.isna(rate) else f"{percent(rate)} answered"


def _had_all_answered(summary: pd.DataFrame, wave: str) -> str:
    """Say between what bounds the number of ties lies; nothing where nobody was silent."""
    row = summary.set_index("wave").loc[wave]
    high = row.get("ties_high", np.nan)
    if pd.isna(high) or not high > row["ties"]:
        return ""
    if high == 1:
        return "Had all answered, at most one pair of these partners would work together."
    return f"Had all answered, between {row['ties']:,.0f} and {high:,.0f} pairs of these partners would work together."


def _answered(summary: pd.DataFrame, wave: str) -> str:
    """Say how many of those asked answered, for beside every figure of the network."""
    row = summary.set_index("wave").loc[wave]
    if pd.isna(row["response_rate"]):
        return f"Nobody had joined in {period_words(wave)}."
    asked = round(row["respondents"] / row["response_rate"]) if row["response_rate"] else 0
    if not asked:
        return f"None of the joined partners answered in {period_words(wave)}."
    some = how_many(row["respondents"], "joined partner", "joined partners", of=asked)
    return sentence(f"{some} answered in {period_words(wave)} (response rate {percent(row['response_rate'])}).")


def network_over_time(study: Study, summary: pd.DataFrame, *, ax: Axes | None = None) -> Axes | Statement | None:
    """Draw the share of pairs that work together, and the response rate, wave by wave.

    Parameters
    ----------
    study : Study
        For the level from which on a tie stands.
    summary : pandas.DataFrame
        Table `network_summary`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    Axes, Statement or None
        A statement where there is one wave, None where no wave has two partners.
    """
    rows = summary.dropna(subset=["density"]).reset_index(drop=True)
    if not len(rows):
        return None
    waves, last = [period_words(w) for w in rows["wave"]], rows.iloc[-1]
    kind = LEVELS[study.settings.tie_level]
    pairs = round(last["partners"] * (last["partners"] - 1) / 2)
    some = how_many(last["ties"], "pair of partners", "pairs of partners", of=pairs)
    title = f"{some} {_work(last['ties'], _few_answered(rows, last['wave']))} together"
    if len(rows) == 1:
        return Statement(sentence(title), lines=(f"A tie is {kind} or more. {_answered(summary, last['wave'])}",))
    title += f" ({percent(last['density'])}){_since(rows)}"
    ax = new_axes(ax, height=2.7)
    x = np.arange(len(rows))
    high = 100 * rows["density_high"].astype("float64") if "density_high" in rows else pd.Series(np.nan, rows.index)
    silent = high - 100 * rows["density"] > 0.5
    with style():
        if silent.any():
            _silence_band(ax, x, 100 * rows["density"], high)
        shown = {
            "response_rate": (COLOURS["two"], "s", "--", "of partners\nanswered"),
            "density": (COLOURS["one"], "o", "-", "of pairs\nwork together"),
        }
        apart = 100 * abs(last["response_rate"] - last["density"])
        above = last["response_rate"] >= last["density"]
        for column, (colour, marker, dash, words) in shown.items():
            values = 100 * rows[column]
            ax.plot(x, values, color=colour, marker=marker, linestyle=dash, markersize=6)
            up = above if column == "response_rate" else not above
            for at, value in zip(x[:-1], values.iloc[:-1], strict=True):
                if pd.notna(value) and len(rows) <= 6:
                    # Beneath a low one stand the waves.
                    shift = 7 if up or value < 16 else -15
                    ax.annotate(f"{value:.0f}%", (at, value), (0, shift), textcoords="offset points",
                                ha="center", fontsize=9, color=colour)  # fmt: skip
            if pd.notna(values.iloc[-1]):
                # Two that end close together would lie on each other.
                shift = 0 if apart > 22 or pd.isna(apart) else (14 if up else -14)
                shift = 8 if shift == 0 and values.iloc[-1] < 8 else shift
                ax.annotate(f"{values.iloc[-1]:.0f}% {words}", (x[-1], values.iloc[-1]), (9, shift), fontsize=9,
                            textcoords="offset points", va="center", color=colour, annotation_clip=False)  # fmt: skip
        every = int(np.ceil(len(rows) / 5))
        ticks = x[::-1][::every][::-1]
        ax.set_xticks(ticks, [waves[i] for i in ticks])
        ax.set_xlim(-0.25, x[-1] + 0.55 * max(1.0, x[-1] / 2))
        ax.set_ylim(0, 108)
        ax.set_yticks([0, 50, 100], ["0%", "50%", "100%"])
        ax.grid(axis="y")
        ax.set_axisbelow(True)
    parts = []
    for w, r in zip(waves, rows.itertuples(), strict=True):
        rate = (
            f"{percent(r.response_rate)} of joined partners answered"
            if pd.notna(r.response_rate)
            else "nobody had joined"
        )
        most = f" (up to {percent(high[r.Index] / 100)}, had all answered)" if silent[r.Index] else ""
        parts.append(f"{w}, {percent(r.density)} of pairs work together{most} and {rate}")
    alt = f"Two lines over {how_many(len(rows), 'wave', 'waves')}, a tie being {kind} or more: {'; '.join(parts)}"
    return finding(ax, sentence(title), alt=alt + ".")


def _since(rows: pd.DataFrame) -> str:
    """Say how the latest share of pairs stands to the one before; up or down only where like is compared with like.

    The share falls where partners fall silent. It is said to rise or fall only where the pairs of which the same sides
    answered both times say so too. A wave left out in between has no such pairs.
    """
    then, last = rows.iloc[-2], rows.iloc[-1]
    wave, before = period_words(then["wave"]), percent(then["density"])
    rates = [r["response_rate"] for r in (then, last)]
    asked = [percent(r) for r in rates if pd.notna(r)]
    others = len(asked) == 2 and asked[0] != asked[1]
    answered = f"when {asked[0]} answered instead of {asked[1]}" if others else ""
    if before == percent(last["density"]):
        return f", as in {wave}{', ' if answered else ''}{answered}"
    change = np.sign(last["density"] - then["density"])
    alike = last.get("new_ties_comparable", np.nan) - last.get("lost_ties_comparable", np.nan)
    if pd.notna(alike) and np.sign(alike) == change:
        return f", {'up' if change > 0 else 'down'} from {before} in {wave}"
    if len(asked) == 2 and not others:
        answered = f"when {asked[0]} answered too"
    return f"; in {wave}{f', {answered},' if answered else ''} it was {before}"


def _silence_band(ax: Axes, x: np.ndarray, low: pd.Series, high: pd.Series) -> None:
    """Show how far up the share of pairs could lie, had all answered."""
    band = ax.fill_between(x, low, high.fillna(low), color=COLOURS["one"], alpha=0.16, linewidth=0, zorder=0)
    band.set_label("where it could lie, had all answered")
    ax.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(-0.01, 1.0), borderaxespad=0)


def _points(gain: float) -> str:
    return f"{gain:.1f} points" if gain >= 0.095 else f"{gain:.1g} points"


def brokers(study: Study, places: pd.DataFrame, summary: pd.DataFrame, *, most: int = 10) -> Statement | None:
    """Say which partners hold the network together in the latest wave; for the coalition alone.

    Where fewer than half of those asked answered, or fewer than five partners are in it, nobody is said to: whoever
    answers alone is between all others.

    Parameters
    ----------
    study : Study
        For names, and the number of raters from which on trust and value are shown.
    places : pandas.DataFrame
        Table `network_partners`.
    summary : pandas.DataFrame
        Table `network_summary`.
    most : int
        How many partners.
    """
    wave = places["wave"].iloc[-1]
    rows = places[(places["wave"] == wave) & places["betweenness"].notna()]
    if not len(rows):
        return None
    rows = rows.sort_values(["betweenness", "degree", "partner_id"], ascending=[False, False, True])
    names = study.labels["partner_id"]
    top = rows[rows["betweenness"] >= 0.1]
    if _few_answered(summary, wave):
        title = f"{_only_some(summary, wave)} answered: too few to say who holds the network together"
    elif len(rows) < _NETWORK and rows["betweenness"].max() > 0:
        title = f"A network of {spelled(len(rows))} partners is too small for one to hold it together"
    elif len(top):
        held = listing([_called(names, p, NAME_LETTERS) for p in top["partner_id"]], most=3)
        title = f"{held} {'holds' if len(top) == 1 else 'hold'} the network together: "
        title += f"{_shares(top['betweenness'])} of the shortest ways between others "
        title += f"lead through {'it' if len(top) == 1 else 'them'}"
    elif rows["betweenness"].max() > 0:
        most_between = percent(rows["betweenness"].max())
        title = "No partner alone holds the network together: "
        title += f"at most {most_between} of the shortest ways between others lead through one"
    else:
        title = "No partner stands between others"
    frame = pd.DataFrame(
        {
            "partner_id": rows["partner_id"],
            "ways_through_it": [percent(b) for b in rows["betweenness"]],
            "ties": [_up_to(r.degree, getattr(r, "degree_high", np.nan)) for r in rows.itertuples()],
        }
    )
    if "answered" in rows and rows["answered"].notna().any():
        frame["answered"] = rows["answered"]
    return Statement(
        title,
        frame.head(most),
        f"Shortest ways through each, {period_words(wave)}",
        (_answered(summary, wave),),
    )


def _shares(shares: pd.Series) -> str:
    """Say up to three shares one by one, more by their range, and equal ones once."""
    said = [percent(share) for share in shares]
    if len(set(said)) == 1:
        return said[0] if len(said) == 1 else f"{said[0]} each"
    return listing(said) if len(said) <= 3 else f"{said[-1]} to {said[0]} each"


def _only_some(summary: pd.DataFrame, wave: str) -> str:
    """Say how few of those asked answered."""
    row = summary.set_index("wave").loc[wave]
    if not row["respondents"]:
        return "None of the joined partners"
    asked = round(row["respondents"] / row["response_rate"])
    return f"Only {how_many(row['respondents'], 'joined partner', 'joined partners', of=asked)}"


def _up_to(value: float, high: float) -> str:
    """Return a count, and what it would be at most, had all answered."""
    return f"{value:.0f} (up to {high:.0f}, had all answered)" if pd.notna(high) and high > value else f"{value:.0f}"


def trust(
    study: Study, places: pd.DataFrame, summary: pd.DataFrame, *, ax: Axes | None = None
) -> Axes | Statement | None:
    """Draw how far partners of the latest wave are trusted, and valued, by the others; for the coalition alone.

    Parameters
    ----------
    study : Study
        For names, and the number of raters from which on trust and value are shown.
    places : pandas.DataFrame
        Table `network_partners`.
    summary : pandas.DataFrame
        Table `network_summary`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.

    Returns
    -------
    Axes, Statement or None
        A statement where no partner was rated by enough others, None where nobody was rated.
    """
    wave = places["wave"].iloc[-1]
    latest = places[places["wave"] == wave]
    if not (latest["n_ratings"] > 0).any():
        return None
    least = study.settings.minimum_respondents
    # Each of the two may have been asked alone.
    rows = latest[(latest["n_ratings"] >= least) & latest[["trust", "value"]].notna().any(axis=1)]
    hidden = len(latest) - len(rows)
    few = sentence(f"{how_many(hidden, 'partner has', 'partners have')} {TOO_FEW} (fewer than {spelled(least)}).")
    if not len(rows):
        title = f"Too few partners rated each other in {period_words(wave)} to show trust and value"
        return Statement(title, lines=(_answered(summary, wave), few))
    order = ["n_ratings", "partner_id"]
    kept = rows.sort_values(order, ascending=[False, True]).head(_RATED)
    kept = kept.sort_values(["trust", "value", "partner_id"], ascending=[False, False, True])
    names = [_called(study.labels["partner_id"], p, 42) for p in kept["partner_id"]]
    y = np.arange(len(kept))[::-1]
    notes = [_answered(summary, wave), _rating_bounds(rows, summary, wave), few if hidden else ""]
    if len(kept) < len(rows):
        notes.append(f"Shown are the {len(kept)} of {len(rows)} with the most ratings.")
    under = "\n".join(line for note in notes if note for line in textwrap.wrap(note, 46))
    ax = new_axes(ax, height=1.15 + 0.3 * len(kept) + 0.17 * under.count("\n"))
    with style():
        ax.hlines(y, kept[["trust", "value"]].min(axis=1), kept[["trust", "value"]].max(axis=1), color=COLOURS["muted"],
                  linewidth=2, zorder=1)  # fmt: skip
        for column, (colour, marker, size, words) in _RATING_LOOKS.items():
            ax.scatter(kept[column], y, s=size, color=COLOURS[colour], marker=marker, label=words, zorder=2)
        ax.set_yticks(y, [textwrap.fill(n, 24) for n in names], fontsize=9, parse_math=False)
        ax.set_ylim(-0.7, len(kept) - 0.3)
        ax.set_xlim(0.95, 4.05)
        ax.set_xticks([1, 2, 3, 4], ["1\nleast", "2", "3", "4\nmost"])
        ax.grid(axis="x")
        ax.set_axisbelow(True)
        ax.set_xlabel(under, fontsize=9, loc="left", parse_math=False)
        ax.spines[["left"]].set_visible(False)
        ax.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderaxespad=0)
    each = [
        f"{n} {', '.join(f'{c} {v:.1f}' for c, v in (('trust', r.trust), ('value', r.value)) if pd.notna(v))}"
        for n, r in zip(names, kept.itertuples(), strict=True)
    ]
    said = " ".join(n for n in notes if n)
    alt = f"Two points a partner in {period_words(wave)}, from 1 to 4: {'; '.join(each)}. {said}"
    return finding(ax, _trust_title(rows, summary, wave), alt=alt)


def _trust_title(rows: pd.DataFrame, summary: pd.DataFrame, wave: str) -> str:
    """Say how trust and value stand on the whole, and for how many the one falls behind the other."""
    row = summary.set_index("wave").loc[wave]
    means = [(c, row.get(f"mean_{c}", np.nan)) for c in ("trust", "value")]
    parts = [f"{c} at {v:.1f}" for c, v in means if pd.notna(v)]
    if parts:
        parts[0] += " of 4"
        title = f"Partners rate each other's {listing(parts)}"
    else:
        title = f"{sentence(how_many(len(rows), 'partner is', 'partners are'))} rated by enough others to show"
    gap = (rows["value"] - rows["trust"]).round(2) >= 0.5
    both = int(rows[["trust", "value"]].notna().all(axis=1).sum())
    if both:
        behind = int(gap.sum())
        some = how_many(behind, "partner", "partners", of=both)
        title += f"; {some} {'is' if behind < 2 else 'are'} valued clearly more than trusted"
    return title


def _rating_bounds(rows: pd.DataFrame, summary: pd.DataFrame, wave: str) -> str:
    """Say between what bounds the means lie, and of how many partners; nothing where nobody was silent."""
    row = summary.set_index("wave").loc[wave]
    parts, of_them = [], []
    for of in ("trust", "value"):
        low, high = row.get(f"mean_{of}_low", np.nan), row.get(f"mean_{of}_high", np.nan)
        if pd.notna(low) and pd.notna(high) and high > low:
            parts.append(f"for {of} between {low:.1f} and {high:.1f}")
            n = int(rows[of].notna().sum())
            of_them.append(f"of these {spelled(n)} partners" if n > 1 else "of this partner")
    if len(set(of_them)) == 1:
        return f"Had all answered, the mean {of_them[0]} would lie {listing(parts)}."
    each = [f"{part} ({of})" for part, of in zip(parts, of_them, strict=True)]
    return f"Had all answered, the mean would lie {listing(each)}." if each else ""


def network_changes(study: Study, summary: pd.DataFrame, changes: pd.DataFrame, *, most: int = 12) -> Statement | None:
    """Say which ties are new, lost, stronger or weaker since the wave before; for the coalition alone.

    Parameters
    ----------
    study : Study
        For names.
    summary : pandas.DataFrame
        Table `network_summary`.
    changes : pandas.DataFrame
        Table `network_changes`.
    most : int
        How many pairs.

    Returns
    -------
    Statement or None
        None where there is one wave.
    """
    if len(summary) < 2:
        return None
    wave, before = summary["wave"].iloc[-1], summary["wave"].iloc[-2]
    rows = changes[changes["wave"] == wave]
    since = period_words(before)
    lines = [f"{_answered(summary, before)} {_answered(summary, wave)}"]
    if not len(rows):
        return Statement(f"No tie has changed since {since}", lines=tuple(lines))
    alike, moved = (rows[c].fillna(False).astype(bool) for c in ("comparable", "came_or_left"))
    counts = rows["change"].value_counts().reindex(["new", "lost"], fill_value=0)
    sure = rows.loc[alike, "change"].value_counts().reindex(["new", "lost"], fill_value=0)
    title = f"{how_many(counts['new'], 'tie is', 'ties are')} new and {_were_lost(counts['lost'])} since {since}"
    if not counts.sum():
        title = f"No tie is new or lost since {since}, but {_were_otherwise(len(rows))}"
    else:
        with_moved = int((moved & rows["change"].isin(["new", "lost"])).sum())
        title += f"; {_sure_words(int(sure.sum()), with_moved, int(counts.sum()))}"
    alike_words = "Comparable are pairs of which the same sides answered both times"
    lines.insert(0, f"{alike_words}; of the others only the answers, or who is in the network, may have changed.")
    size = (rows["strength"].fillna(0) - rows["strength_before"].fillna(0)).abs()  # no tie is level 0
    kinds = rows["change"].map({"new": 0, "lost": 1, "stronger": 2, "weaker": 3})
    rows = rows.assign(alike=~alike, size=-size, kind=kinds).sort_values(["alike", "size", "kind", *_PAIR])
    shown = rows.head(most)
    if len(rows) > most:
        rest = rows.iloc[most:]["change"].value_counts()
        said = listing([f"{rest[c]} {c}" for c in ("new", "lost", "stronger", "weaker") if c in rest])
        lines.insert(0, f"{sentence(how_many(len(rows) - most, 'pair', 'pairs'))} more: {said}.")
    names = study.labels["partner_id"]
    frame = pd.DataFrame(
        {
            "pair": [_pair_words(names, r.partner_a, r.partner_b) for r in shown.itertuples()],
            "change": [_MOVED.get(c, c) if m else c for c, m in zip(shown["change"], moved[shown.index], strict=True)],
            "before": [_level_words(v) for v in shown["strength_before"]],
            "now": [_level_words(v) for v in shown["strength"]],
            "comparable": ["no" if other else "yes" for other in shown["alike"]],
        }
    )
    return Statement(sentence(title), frame, f"Pairs whose tie changed, {since} to {period_words(wave)}", tuple(lines))


_MOVED = {"new": "new; one came", "lost": "lost; one left"}
_WITH = {1: "it is", 2: "both are"}


def _sure_words(sure: int, moved: int, changed: int) -> str:
    """Say how many of the ties that are new or lost do not hang on who answered, and how many on who is there."""
    if moved == changed:
        return f"{_WITH.get(changed, 'all are')} with a partner that came or left"
    with_moved = f"{spelled(moved)} {'is' if moved == 1 else 'are'} with a partner that came or left"
    if sure + moved < changed and not sure:
        rest = {1: "it cannot", 2: "neither can"}.get(changed, "none of these can")
        told = "be told from a change in who answered"
        return f"{with_moved}, and the rest cannot {told}" if moved else f"{rest} {told}"
    if sure == changed:
        return f"{'that does' if changed == 1 else 'these do'} not hang on who answered"
    some = f"{spelled(sure)} of these {'does' if sure == 1 else 'do'} not hang on who answered"
    return f"{some}, and {with_moved}" if moved else some


def _were_lost(n: int) -> str:
    return f"{spelled(n)} {'was' if n < 2 else 'were'} lost"


def _were_otherwise(n: int) -> str:
    return f"{how_many(n, 'tie is', 'ties are')} stronger or weaker"


def _level_words(level: float) -> str:
    return "no tie" if pd.isna(level) else LEVELS[round(level)]


def _called(names: Mapping[str, str], partner: str, most: int) -> str:
    """Return a partner's name, cut; its identifier where it has none."""
    name = names.get(partner)
    return shortened(name if isinstance(name, str) and name.strip() else partner, most)


def _pair_words(names: Mapping[str, str], a: str, b: str) -> str:
    """Return two names in one cell, each kept in its own direction of writing."""
    said = [_called(names, p, 60) for p in (a, b)]
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for name in said for letter in name):
        said = [f"\u2068{name}\u2069" for name in said]
    return " and ".join(said)


def introductions(study: Study, summary: pd.DataFrame, table: pd.DataFrame, *, most: int = 8) -> Statement:
    """Say whom to introduce to whom, so that the network ties together most; for the coalition alone.

    Parameters
    ----------
    study : Study
        For names.
    summary : pandas.DataFrame
        Table `network_summary`.
    table : pandas.DataFrame
        Table `introductions`.
    most : int
        How many pairs; each partner is in one of them at most.
    """
    wave = summary["wave"].iloc[-1]
    row, answered = summary.iloc[-1], _answered(summary, wave)
    if not len(table):
        if row["partners"] >= 2 and row["density"] == 1 and pd.notna(row["response_rate"]):
            return Statement("Every pair of partners works together already", lines=(answered,))
        return Statement("There is nobody to introduce yet", lines=(answered,))
    alike = int(table["gain"].eq(table["gain"].max()).sum())
    kept = list(table[table["shortlist"]].sort_values("rank").head(most).itertuples())
    names = study.labels["partner_id"]
    first, other = (_called(names, p, NAME_LETTERS) for p in (kept[0].partner_a, kept[0].partner_b))
    frame = pd.DataFrame(
        {
            "who": [_called(names, p.partner_a, 80) for p in kept],
            "with whom": [_called(names, p.partner_b, 80) for p in kept],
            "why": [p.reason for p in kept],
            "gain in nearness": [_points(100 * p.gain) for p in kept],
        }
    )
    lines = (
        "Nearness is 100% where everybody works with everybody, and 0% where nobody works with anybody: half for "
        "two who know each other through one partner, a third through two. The gain is by how many points its mean "
        "over all pairs would rise with this one introduction (global efficiency, Latora and Marchiori 2001).",
        "Each partner stands once in the list; the order is that of the gain.",
        answered,
    )
    title = f"Introducing {first} to {other} would tie the coalition together most"
    if alike > 1:
        title = f"Introducing {first} to {other} is one of {spelled(alike)} ways to tie the coalition together most"
    title += ", as far as the answers say" if _few_answered(summary, wave) else ""
    return Statement(title, frame, f"Introductions that would help most, {period_words(wave)}", lines)
