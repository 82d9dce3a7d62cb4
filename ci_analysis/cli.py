"""The command `ci-analysis`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ci_analysis import __version__
from ci_analysis.errors import CiAnalysisError, WrongUse

if TYPE_CHECKING:
    from ci_analysis.batch import Outcome
    from ci_analysis.report.run import Wishes

__all__ = ["main"]

#: Of more studies than these, pages are found by the index of all reports.
_FEW = 12


class _Command(click.Group):
    """A group whose errors are sentences: 1 where a study has problems or failed, 2 where the use was wrong."""

    def invoke(self, context: click.Context) -> object:
        try:
            return super().invoke(context)
        except CiAnalysisError as error:
            click.echo(str(error), err=True)
            context.exit(2 if isinstance(error, WrongUse) else 1)


@click.group(cls=_Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="ci-analysis %(version)s")
def main() -> None:
    """Study a community's issue in four steps, and make the report.

    A STUDY is the name of a folder under data/raw, or the path of one anywhere.
    """


@main.command()
@click.argument("studies", nargs=-1, metavar="STUDY...")
@click.option("--all", "every", is_flag=True, help="Run every study under data/raw.")
@click.option("--edition", type=click.Choice(["public", "internal", "both"]), default="both", show_default=True,
              help="Whom the report is for.")  # fmt: skip
@click.option("--processed", type=click.Path(file_okay=False, path_type=Path),
              help="Where tables go; data/processed beside data/raw, unless told.")  # fmt: skip
@click.option("--reports", type=click.Path(file_okay=False, path_type=Path),
              help="Where pages go; reports beside data, unless told.")  # fmt: skip
@click.option("--single", is_flag=True, help="Write each edition as one HTML file too, for mail and shared drives.")
@click.option("--pdf", is_flag=True, help="Print the brief, and all of each edition, to PDF; needs Chromium or Chrome.")
@click.option("--force", is_flag=True, help="Make everything anew, even where nothing has changed.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes at work at once; the machine's processors, "
              "unless told, and eight at most.")  # fmt: skip
@click.option("--memory", type=click.FloatRange(0.1, 4096), metavar="GB",
              help="What each process may have; unless told, the workers share the machine's memory.")  # fmt: skip
@click.option("--deadline", type=click.FloatRange(1, 86_400), default=600, show_default=True, metavar="SECONDS",
              help="What one notebook, or another step, may take.")  # fmt: skip
@click.option("--isolation", type=click.Choice(["warm", "kernel"]),
              help="Execute notebooks in children of a warm process (on Linux, unless told), or each in a kernel of "
              "its own, which is slower and gives the same.")  # fmt: skip
@click.option("--scheduler", metavar="ADDRESS", help="Run the studies on the workers of this Dask scheduler, which see "
              "the same folders; needs the extra `cluster`.")  # fmt: skip
@click.option("--json", "machine", is_flag=True, help="Say what is done as lines of JSON.")
@click.option(
    "--log", type=click.Path(dir_okay=False, path_type=Path), help="A file that gets what is done, line by line."
)
def run(
    studies: tuple[str, ...],
    every: bool,
    edition: str,
    workers: int | None,
    memory: float | None,
    scheduler: str | None,
    machine: bool,
    log: Path | None,
    **wanted: Any,
) -> None:
    """Check each STUDY, compute its tables and make its report.

    What has not changed since the last run is left as it is. A study that fails does not stop the others: of several,
    reports/batch.html and batch.json say what became of each, and the same command goes on where it was stopped.
    """
    from ci_analysis.batch import run_studies
    from ci_analysis.places import all_studies, find_study
    from ci_analysis.progress import Progress
    from ci_analysis.report.made import all_editions
    from ci_analysis.report.run import Wishes

    if every == bool(studies):
        raise WrongUse("Give the names of studies, or --all for every study under data/raw.")
    folders = all_studies() if every else [find_study(s) for s in dict.fromkeys(studies)]
    kinds = all_editions() if edition == "both" else (edition,)
    wishes = Wishes(kinds, **{name: value for name, value in wanted.items() if value is not None})  # type: ignore[arg-type]  # click has checked it
    with Progress(len(folders), machine=machine, log=log) as progress:
        try:
            outcomes = run_studies(
                list(dict.fromkeys(f.resolve() for f in folders)), wishes, workers=workers, scheduler=scheduler,
                memory=int(memory * 2**30) if memory else None, say=progress, told=progress.told,
            )  # fmt: skip
        except KeyboardInterrupt:
            raise CiAnalysisError("Stopped. What was done stays done; the same command goes on from there.") from None
    if not machine:
        _say_what_became(outcomes, wishes)
    failed = [outcome.study for outcome in outcomes if outcome.state == "failed"]
    if failed:
        raise CiAnalysisError(f"Not done: {', '.join(failed)}.")


def _say_what_became(outcomes: list[Outcome], wishes: Wishes) -> None:
    """Say where the pages are, and of studies that failed what to mend."""
    from ci_analysis.batch import BATCH

    shelves = dict.fromkeys(wishes.pages(Path(outcome.folder)).parent for outcome in outcomes)
    for outcome in outcomes:
        if outcome.state == "failed":
            click.echo(outcome.why, err=True)
        elif len(outcomes) <= _FEW:
            for page in map(Path, outcome.pages):
                click.echo(f"Open {_near(page)} ({page.parent.name} edition)")
            for path in outcome.files:
                click.echo(f"Wrote {_near(Path(path))}")
    for shelf in shelves:
        if (shelf / "index.html").is_file():
            click.echo(f"All reports: {_near(shelf / 'index.html')}")
        if len(outcomes) > 1 and (shelf / BATCH).is_file():
            click.echo(f"What became of each: {_near((shelf / BATCH).with_suffix('.html'))}")


@main.command()
@click.argument("study")
def check(study: str) -> None:
    """Check all of a STUDY and name every problem.

    Each is a line: file, row and column, what is wrong, and what to do.
    """
    from ci_analysis.places import find_study
    from ci_analysis.study import Study

    read = Study.read(find_study(study))
    rows = sum(len(t) for t in read.tables.values())
    given = [name for name in read.tables if f"{name}.csv" in read.files]
    click.echo(f"{read.name}: no problems in {len(given)} tables with {rows:,} rows.")
    absent = [name for name in read.tables if name not in given and not (name == "areas" and len(read.areas))]
    if absent:
        click.echo(f"Not there, and not needed: {', '.join(absent)}.")
    for note in read.notes:
        click.echo(f"Note: {note}.")


@main.command(name="export")
@click.argument("study")
@click.option("--to", "form", type=click.Choice(["kumu", "graphml", "gexf"]), required=True,
              help="The kind of file: for Kumu, for yEd and many others, for Gephi.")  # fmt: skip
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where the files go.")
@click.option("--wave", help="The wave of the ties, or 'all'; the latest, unless told.")
@click.option("--private", is_flag=True, help="Add what is for the coalition alone: ratings, contacts, prospects.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
def export_study(study: str, form: str, out: Path, wave: str | None, private: bool, force: bool) -> None:
    """Write a STUDY's partners and ties for another tool.

    Kumu: two sheets and a blueprint. GraphML and GEXF: one file. Without --private, what is for the coalition alone
    stays here, since such files are uploaded to public services. Files that are there are left, unless --force says
    otherwise.
    """
    from ci_analysis.exchange.transfer import export_network
    from ci_analysis.places import find_study
    from ci_analysis.study import Study

    read = Study.read(find_study(study))
    paths, notes = export_network(read, out, to=form, wave=wave, private=private, force=force)  # type: ignore[arg-type]  # click has checked it
    for path in paths:
        click.echo(f"Wrote {_near(path)}")
    for note in notes:
        click.echo(note)


@main.command(name="import")
@click.argument("study")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--from", "form", type=click.Choice(["kumu", "graphml", "gexf", "form"]), required=True,
              help="What made the files; 'form' is a form tool's answers to the readiness survey.")  # fmt: skip
@click.option("--wave", help="The survey's wave, where the files do not say it.")
@click.option("--replace", is_flag=True, help="Let imported cells replace those that differ.")
@click.option("--sheet", help="The sheet of a workbook of answers, where it has several.")
def import_files(
    study: str, files: tuple[Path, ...], form: str, wave: str | None, replace: bool, sheet: str | None
) -> None:
    """Merge what FILEs of other tools hold into a STUDY.

    New rows are added, rows that are there are left. Where cells differ, or the study would have a problem, all of it
    is named and nothing is written.
    """
    from ci_analysis.exchange.transfer import import_form, import_network
    from ci_analysis.places import find_study

    if sheet is not None and form != "form":
        raise WrongUse("--sheet is for answers of a form (--from form) alone.")
    folder = find_study(study)
    if form == "form":
        changes, notes = import_form(folder, files, wave=wave, sheet=sheet, replace=replace)
    else:
        changes, notes = import_network(folder, files, form=form, wave=wave, replace=replace)  # type: ignore[arg-type]  # click has checked it
    for line in (*notes, *changes):
        click.echo(str(line))


@main.command()
@click.argument("study")
@click.option("--wave", default="", help="The survey's wave, such as 2026-Q4; left to be written in, unless told.")
@click.option("--form", is_flag=True, help="Write the questions as a table (CSV) instead, for building a form.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path),
              help="Where it goes; reports/STUDY/questionnaire.html (or .csv), unless told.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def questionnaire(study: str, wave: str, form: bool, out: Path | None, force: bool) -> None:
    """Write the survey of a STUDY's partners: a page to print.

    It asks who answers, the statements on readiness, and who works with whom. `import --from form` brings in the
    answers that a form tool has gathered.
    """
    from ci_analysis.places import find_study
    from ci_analysis.report.questionnaire import write_questionnaire
    from ci_analysis.study import Study

    read = Study.read(find_study(study))
    click.echo(f"Wrote {_near(write_questionnaire(read, out, wave=wave, form=form, force=force))}")


@main.command(name="data-walk")
@click.argument("study")
@click.option("--edition", type=click.Choice(["public", "internal"]), default="public", show_default=True,
              help="What residents may see.")  # fmt: skip
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path),
              help="Where it goes; reports/STUDY/data-walk.html, unless told.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def data_walk(study: str, edition: str, out: Path | None, force: bool) -> None:
    """Write the sheets of a data walk on a STUDY: a page to print.

    Residents walk past the figures, and write what they notice, what is missing and what should be done. The last
    sheet says how their words get into voices.csv.
    """
    from ci_analysis.places import find_study
    from ci_analysis.report.data_walk import write_data_walk
    from ci_analysis.study import Study

    read = Study.read(find_study(study))
    made = write_data_walk(read, out, kind=edition, force=force)  # type: ignore[arg-type]  # click has checked it
    click.echo(f"Wrote {_near(made)}")


@main.command()
@click.argument("study")
@click.option("--edition", type=click.Choice(["internal", "public"]), default="internal", show_default=True,
              help="Whom it is for; reservations stand in the internal one alone.")  # fmt: skip
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path),
              help="Where it goes; reports/STUDY/common-agenda.html, unless told.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def agenda(study: str, edition: str, out: Path | None, force: bool) -> None:
    """Write the common agenda of a STUDY: a page to print and sign.

    Problem, vision, goals with their measures, who does what by when, and a line for each partner's signature.
    """
    from ci_analysis.places import find_study
    from ci_analysis.report.common_agenda import write_common_agenda
    from ci_analysis.study import Study

    read = Study.read(find_study(study))
    made = write_common_agenda(read, out, kind=edition, force=force)  # type: ignore[arg-type]  # click has checked it
    click.echo(f"Wrote {_near(made)}")


@main.command()
@click.argument("study")
@click.option(
    "--since", type=int, metavar="RUN", help="The run to compare with; the last one with other inputs, unless told."
)
@click.option("--runs", is_flag=True, help="List the runs that are kept instead.")
@click.option("--processed", type=click.Path(file_okay=False, path_type=Path),
              help="Where tables are; data/processed beside data/raw, unless told.")  # fmt: skip
def changes(study: str, since: int | None, runs: bool, processed: Path | None) -> None:
    """Say what a STUDY's last run was given that an earlier one was not.

    Each run whose inputs or results differ is kept, so that a later one can be compared with any before it.
    """
    from ci_analysis.figures.redesign.changes import changes_in_lines
    from ci_analysis.history import changed_inputs, kept_runs, last_other
    from ci_analysis.pipeline import processed_folder
    from ci_analysis.places import find_study
    from ci_analysis.study import Study

    read = Study.read(find_study(study))
    kept = kept_runs(processed_folder(read, processed))
    if not kept:
        raise WrongUse(f"No run of {read.name} is kept. Run `ci-analysis run {read.name}` first.")
    if runs:
        for run in kept:
            click.echo(f"Run {run.number} of {run.as_of}: {len(run.inputs)} files, package {run.package}")
        return
    before = last_other(kept[:-1], kept[-1], since)
    if before is None:
        click.echo("There is no earlier run with other inputs.")
        return
    for line in changes_in_lines(read, changed_inputs(before, kept[-1])):
        click.echo(line)


@main.command()
@click.argument("study")
def measures(study: str) -> None:
    """Add the measures that come with the issue to a STUDY's measures.csv.

    Those that the study has stay as they are. Baseline, target, owner and reporters are for the coalition to fill in.
    """
    from ci_analysis.exchange.transfer import add_measures
    from ci_analysis.places import find_study

    added, there = add_measures(find_study(study))
    for name in added:
        click.echo(f"Added: {name}")
    for name in there:
        click.echo(f"There already: {name}")
    if added:
        click.echo("Fill in baseline, target, owner and reporters in measures.csv.")


@main.command()
@click.argument("study")
@click.option("--period", required=True, help="The year, quarter or month to ask for, such as 2026-Q3.")
@click.option("-o", "--out", type=click.Path(file_okay=False, path_type=Path),
              help="Where the workbooks go; reports/STUDY/requests/PERIOD, unless told.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace workbooks that are there.")
def request(study: str, period: str, out: Path | None, force: bool) -> None:
    """Write a small workbook for each partner of a STUDY that owes figures for a period.

    Each asks for what is due and nothing else, with what is counted beside it. `collect` brings in what comes back.
    """
    from ci_analysis.exchange.round import request_round
    from ci_analysis.places import find_study
    from ci_analysis.study import Study

    made, notes = request_round(Study.read(find_study(study)), period, out, force=force)
    for one in made:
        here = f", {one.known:,} here already" if one.known else ""
        click.echo(f"Wrote {_near(one.path)}: {one.asked:,} figure{'' if one.asked == 1 else 's'} asked for{here}")
    for note in notes:
        click.echo(f"Note: {note}")


@main.command()
@click.argument("study")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--on", metavar="DATE", help="The day on which figures came whose row gives none, such as 2026-10-20.")
@click.option("--replace", is_flag=True, help="Let figures that came replace those that differ.")
def collect(study: str, files: tuple[Path, ...], on: str | None, replace: bool) -> None:
    """Check workbooks that came back, and merge their figures into a STUDY.

    Whatever is wrong is named at once, and then nothing is written. An empty cell is a figure that is still missing.
    """
    from ci_analysis.exchange.round import collect_round
    from ci_analysis.places import find_study
    from ci_analysis.study import Study

    folder = find_study(study)
    got = collect_round(folder, files, on=on, replace=replace)
    for line in (*got.notes, *got.changes):
        click.echo(str(line))
    names = Study.read(folder).labels
    for partner, rows in got.missing.groupby("partner_id", dropna=False, sort=True):
        who = names["partner_id"].get(partner, partner) if isinstance(partner, str) else "the community's own figures"
        what = [f"{names['measure_id'].get(m, m)} {p}" for m, p in zip(rows["measure_id"], rows["period"], strict=True)]
        click.echo(f"Still missing from {who}: {'; '.join(dict.fromkeys(what))}.")
    if got.missing.empty:
        click.echo("Nothing is missing of what these workbooks ask for.")


@main.command(name="list")
def list_studies() -> None:
    """List the studies under data/raw, and where their reports are."""
    from ci_analysis.issues.profile import YamlFault, read_yaml
    from ci_analysis.places import all_studies, root_of

    for folder in all_studies():
        try:
            content, _ = read_yaml((folder / "study.yaml").read_bytes())
            title = str(content["title"])
        except (OSError, YamlFault, KeyError, TypeError):
            title = "study.yaml cannot be read; see `ci-analysis check`"
        report = root_of(folder) / "reports" / folder.name
        pages = [page for kind in ("public", "internal") if (page := report / kind / "index.html").is_file()]
        made = f", report at {_near(pages[0])}" if pages else ", no report yet"
        click.echo(f"{folder.name}: {title}{made}")


def _near(path: Path) -> str:
    """Return a path as short as it can be said from here."""
    path = path.resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
