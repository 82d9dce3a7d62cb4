"""What the commands `export` and `import` do: a study's network out to files, and files into a study."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ci_analysis.errors import Problem, StudyProblems, WrongUse
from ci_analysis.exchange.formats import Format, as_gexf, as_graphml, as_kumu, read_network
from ci_analysis.exchange.merge import Change, merge
from ci_analysis.exchange.networks import Outgoing, outgoing, to_graph
from ci_analysis.exchange.understand import understand
from ci_analysis.issues.profile import Profile, YamlFault, built_in_profiles, load_profile, read_yaml
from ci_analysis.report.files import write_files
from ci_analysis.study import Study
from ci_analysis.tables import INPUTS, parse

__all__ = ["add_measures", "export_network", "import_form", "import_network"]


def export_network(
    study: Study,
    folder: str | Path,
    *,
    to: Format,
    wave: str | None = None,
    private: bool = False,
    force: bool = False,
) -> tuple[list[Path], list[str]]:
    """Write a study's network into a folder, for another tool.

    Parameters
    ----------
    study : Study
        Whose network it is.
    folder : str or pathlib.Path
        Where the files go; made where it is not there.
    to : {'kumu', 'graphml', 'gexf'}
        The kind of file.
    wave : str, optional
        One wave of the ties, or 'all'; the latest unless told.
    private : bool
        Whether what is for the coalition alone goes out too.
    force : bool
        Whether files that are there are replaced.

    Returns
    -------
    paths : list of pathlib.Path
        The files.
    notes : list of str
        Sentences: which wave it is, what was left out, for whom the files are.

    Raises
    ------
    WrongUse
        Where there is nothing to export, no such wave, the folder is a study's, or a file is there already.
    CiAnalysisError
        Where a file cannot be written; then none is.
    """
    folder = Path(folder)
    part = outgoing(study, wave=wave, private=private)
    sectors = {s.sector: s.label for s in study.profile.sectors}
    if to == "kumu":
        texts = as_kumu(part.partners, part.ties, sectors=sectors)
    else:
        graph = to_graph(part.partners, part.ties)
        texts = {f"{study.name}.{to}": as_graphml(graph) if to == "graphml" else as_gexf(graph)}
    write_files({folder / name: text for name, text in texts.items()}, force=force)
    return [folder / name for name in texts], _told(part, private)


def _told(part: Outgoing, private: bool) -> list[str]:
    others = [w for w in part.every if w not in part.waves]
    n, m = len(part.partners), len(part.ties)
    ties = f"{n:,} partner{_s(n)}, {m:,} report{_s(m)} of ties"
    if not part.every:
        notes = [f"{ties}: the study has no ties yet."]
    elif len(part.waves) > 1:
        notes = [f"{ties} of {len(part.waves)} waves: {', '.join(part.waves)}."]
    elif not others:
        notes = [f"{ties} of wave {part.waves[0]}, the only one."]
    else:
        which = ", the latest" if part.waves[0] == part.every[-1] else ""
        n = len(others)
        more = f"{n} other wave{_s(n)} ({', '.join(others)}) {'is' if n == 1 else 'are'} not in"
        notes = [f"{ties} of wave {part.waves[0]}{which}; {more}: --wave all takes every one."]
    if part.left_out:
        notes.append(f"Left out: {'; '.join(part.left_out)}. With --private they go out too.")
    if private:
        notes.append("These files hold ratings, contacts and prospects, where the study has them: never upload them.")
    notes.append("Named ties are for the coalition: before you upload a file to a public service, ask those it names.")
    return notes


def _s(n: int) -> str:
    return "" if n == 1 else "s"


def import_network(
    folder: str | Path, paths: Sequence[str | Path], *, form: Format, wave: str | None = None, replace: bool = False
) -> tuple[tuple[Change, ...], list[str]]:
    """Merge the network that files hold into a study's partners and ties.

    Parameters
    ----------
    folder : str or pathlib.Path
        The study's folder. Its partners may still be missing.
    paths : sequence of str or pathlib.Path
        The files; Kumu's sheets of elements and connections together.
    form : {'kumu', 'graphml', 'gexf'}
        What they are.
    wave : str, optional
        The wave of ties that name none.
    replace : bool
        Whether imported cells replace those that differ.

    Returns
    -------
    changes : tuple of Change
        What was done to each table.
    notes : list of str
        What was assumed.

    Raises
    ------
    StudyProblems
        With everything that cannot be taken over; then nothing is written.
    """
    folder = Path(folder)
    _known_wave(wave)
    profile = _profile(folder)
    network, problems = read_network([Path(p) for p in paths], form)
    if problems:
        raise StudyProblems("The import", problems)
    made = understand(
        network,
        sectors={s.sector: s.label for s in profile.sectors},
        partners=_partners(folder),
        wave=wave,
    )
    if made.problems:
        raise StudyProblems("The import", sorted(made.problems))
    tables = {name: rows for name, rows in (("partners", made.partners), ("ties", made.ties)) if len(rows)}
    if not tables:
        raise WrongUse("The files hold no elements and no connections.")
    return merge(folder, tables, replace=replace), list(made.notes)


def import_form(
    folder: str | Path,
    paths: Sequence[str | Path],
    *,
    wave: str | None = None,
    sheet: str | None = None,
    replace: bool = False,
) -> tuple[tuple[Change, ...], list[str]]:
    """Merge the answers that a form tool collected into a study's readiness survey.

    Parameters
    ----------
    folder : str or pathlib.Path
        The study's folder.
    paths : sequence of str or pathlib.Path
        Answers as the form tool exports them.
    wave : str
        The wave of the survey.
    sheet : str, optional
        The sheet of a workbook.
    replace : bool
        Whether imported cells replace those that differ.

    Returns
    -------
    changes : tuple of Change
        What was done to each table.
    notes : list of str
        What was assumed.

    Raises
    ------
    StudyProblems
        With everything that cannot be taken over; then nothing is written.
    """
    from ci_analysis.exchange.forms import NOTE, read_form

    if wave is None:
        raise WrongUse("Answers of a form need their wave; say it with --wave, such as --wave 2026-Q2.")
    study, frames, said = Study.read(folder), [], []
    for path in map(Path, paths):
        rows, told = read_form(path, study, wave=wave, sheet=sheet)
        said += told
        frames.append(rows.assign(_file=path.name))
    problems = [p for p in said if p.kind != NOTE]
    if problems:
        raise StudyProblems("The import", problems)
    rows = pd.concat(frames, ignore_index=True)
    if not len(rows):
        raise WrongUse("The files hold no answers.")
    _one_hand_each(rows, study.tables["readiness"])
    notes = [f"{p.what[:1].upper()}{p.what[1:]}; {p.do}." for p in said]
    return merge(folder, {"readiness": rows}, replace=replace), notes


def add_measures(folder: str | Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Add the measures that come with a study's issue to its measures.csv, where it does not have them yet.

    Parameters
    ----------
    folder : str or pathlib.Path
        The study's folder.

    Returns
    -------
    added, there : tuple of str
        Names of the measures that are new, and of those that the study had; these stay as they are.

    Raises
    ------
    WrongUse
        Where the issue's profile names no measures.
    """
    study = Study.read(folder)
    if not study.profile.measures:
        raise WrongUse(f"The profile of {study.profile.label} names no measures.")
    have = set(study.tables["measures"]["measure_id"])
    new = [m for m in study.profile.measures if m.measure_id not in have]
    if new:
        rows = pd.DataFrame([m.model_dump(exclude={"segments"}) for m in new])
        rows = rows.assign(closes_gap=rows["closes_gap"].map({True: "yes", False: ""}))
        merge(folder, {"measures": rows.astype("str")})
    there = [m.name for m in study.profile.measures if m.measure_id in have]
    return tuple(m.name for m in new), tuple(there)


_ANONYMOUS = r"anon-"


def _one_hand_each(rows: pd.DataFrame, there: pd.DataFrame) -> None:
    """Refuse answers without a code that would be taken for those of others: each file numbers its own from one.

    Raises
    ------
    StudyProblems
        Where two files hold such answers, or the study has others of the same wave.
    """
    answer = ["wave", "respondent", "item", "score"]
    unnamed = rows[rows["respondent"].str.startswith(_ANONYMOUS)]
    files = list(unnamed["_file"].unique())
    problems = [
        Problem(name, 0, "", f"answers without a code are in {files[0]} too, and would get the same codes",
                "put all answers of the wave into one file")
        for name in files[1:]
    ]  # fmt: skip
    known = there[there["wave"].isin(rows["wave"]) & there["respondent"].str.startswith(_ANONYMOUS)]
    # The same file again changes nothing; a longer one numbers its people anew.
    same = set(map(tuple, known[answer].to_numpy())) == set(map(tuple, unnamed[answer].to_numpy()))
    if files and len(known) and not same:
        what = f"the study has other answers of {rows['wave'].iloc[0]} without a code, which would be mixed with these"
        do = "take those rows out of readiness.csv first, and import all answers of the wave from one file"
        problems.append(Problem(files[0], 0, "", what, do))
    if problems:
        raise StudyProblems("The import", problems)


def _known_wave(wave: str | None) -> None:
    if wave is not None and parse(INPUTS["ties"].by_name["wave"], pd.Series([wave], dtype="str"))[1]:
        raise WrongUse(f"'{wave}' is not a wave; write 2026, 2026-Q2, 2026-06 or 2026-06-30.")


def _profile(folder: Path) -> Profile:
    """Return the issue's profile, also of a study whose other tables still lack the partners that are to come."""
    try:
        issue = read_yaml((folder / "study.yaml").read_bytes())[0]["issue"]
        if issue in built_in_profiles():
            return load_profile(issue)
        if re.fullmatch(r"[\w.-]{1,100}(/[\w.-]{1,100}){0,5}\.yaml", issue) and ".." not in issue:
            return load_profile(folder / issue)
    except (OSError, YamlFault, KeyError, TypeError, ValueError):
        pass
    # The study's own reading says what is wrong with it.
    return Study.read(folder).profile


def _partners(folder: Path) -> pd.DataFrame:
    """Return the identifiers and names of the study's partners, as far as its table can be read."""
    path, names = folder / INPUTS["partners"].file, ["partner_id", "name"]
    if not path.is_file():
        return pd.DataFrame(columns=names, dtype="str")
    try:
        raw = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig", skipinitialspace=True)
        return raw.rename(columns=str.strip)[names].apply(lambda c: c.str.strip())
    except (OSError, ValueError, KeyError):
        # Merging reads the same file and says what is wrong with it.
        return pd.DataFrame(columns=names, dtype="str")
