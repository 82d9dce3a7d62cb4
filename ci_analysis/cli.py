"""The command `ci-analysis`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from ci_analysis import __version__
from ci_analysis.errors import CiAnalysisError, WrongUse

__all__ = ["main"]


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
@click.argument("studies", nargs=-1, required=True, metavar="STUDY...")
@click.option("--edition", type=click.Choice(["public", "internal", "both"]), default="both", show_default=True,
              help="Whom the report is for.")  # fmt: skip
@click.option("--processed", type=click.Path(file_okay=False, path_type=Path),
              help="Where tables go; data/processed beside data/raw, unless told.")  # fmt: skip
@click.option("--reports", type=click.Path(file_okay=False, path_type=Path),
              help="Where pages go; reports beside data, unless told.")  # fmt: skip
@click.option("--single", is_flag=True, help="Write each edition as one HTML file too, for mail and shared drives.")
@click.option("--pdf", is_flag=True, help="Print the brief, and all of each edition, to PDF; needs Chromium or Chrome.")
@click.option("--force", is_flag=True, help="Make everything anew, even where nothing has changed.")
def run(
    studies: tuple[str, ...],
    edition: str,
    processed: Path | None,
    reports: Path | None,
    single: bool,
    pdf: bool,
    force: bool,
) -> None:
    """Check each STUDY, compute its tables and make its report.

    One that fails does not stop the others.
    """
    from ci_analysis.report.run import all_editions, report, sheets
    from ci_analysis.study import Study, find_study

    folders = [find_study(s) for s in dict.fromkeys(studies)]
    editions = all_editions() if edition == "both" else (edition,)
    failed = []
    shelves = []
    for folder in folders:
        try:
            with _Progress() as say:
                study = Study.read(folder)
                pages = report(study, editions, processed=processed, reports=reports, force=force, say=say)
                files = sheets(study, pages, single=single, pdf=pdf, say=say) if single or pdf else []
        except CiAnalysisError as error:
            click.echo(str(error), err=True)
            failed.append(folder.name)
            continue
        for kind, page in zip(editions, pages, strict=True):
            click.echo(f"Open {_near(page)} ({kind} edition)")
        for path in files:
            click.echo(f"Wrote {_near(path)}")
        shelves.append(pages[0].parent.parent.parent / "index.html")
    for shelf in dict.fromkeys(s for s in shelves if s.is_file()):
        click.echo(f"All reports: {_near(shelf)}")
    if failed:
        raise CiAnalysisError(f"Not done: {', '.join(failed)}.")


@main.command()
@click.argument("study")
def check(study: str) -> None:
    """Check all of a STUDY and name every problem.

    Each is a line: file, row and column, what is wrong, and what to do.
    """
    from ci_analysis.study import Study, find_study

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
    from ci_analysis.study import Study, find_study

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
    from ci_analysis.study import find_study

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
    from ci_analysis.report.questionnaire import write_questionnaire
    from ci_analysis.study import Study, find_study

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
    from ci_analysis.report.data_walk import write_data_walk
    from ci_analysis.study import Study, find_study

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
    from ci_analysis.report.common_agenda import write_common_agenda
    from ci_analysis.study import Study, find_study

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
    from ci_analysis.study import Study, find_study

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
    from ci_analysis.study import find_study

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
    from ci_analysis.study import Study, find_study

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
    from ci_analysis.study import Study, find_study

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

    shelf = next((p / "data" / "raw" for p in (Path.cwd(), *Path.cwd().parents) if (p / "data" / "raw").is_dir()), None)
    found = sorted(shelf.glob("*/study.yaml")) if shelf else []
    if not found or shelf is None:
        raise WrongUse("There is no study here: no folder under data/raw has a study.yaml.")
    for path in found:
        try:
            content, _ = read_yaml(path.read_bytes())
            title = str(content["title"])
        except (OSError, YamlFault, KeyError, TypeError):
            title = "study.yaml cannot be read; see `ci-analysis check`"
        report = shelf.parent.parent / "reports" / path.parent.name
        pages = [page for kind in ("public", "internal") if (page := report / kind / "index.html").is_file()]
        made = f", report at {_near(pages[0])}" if pages else ", no report yet"
        click.echo(f"{path.parent.name}: {title}{made}")


def _near(path: Path) -> str:
    """Return a path as short as it can be said from here."""
    path = path.resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


class _Progress:
    """Says what is being done: one line that changes in a terminal, plain lines elsewhere."""

    def __enter__(self) -> _Progress:
        self.live = sys.stderr.isatty()
        return self

    def __call__(self, sentence: str) -> None:
        if self.live:
            width = max(20, shutil.get_terminal_size().columns - 1)
            click.echo(f"\r\x1b[2K{sentence[:width]}", nl=False, err=True)
        else:
            click.echo(sentence, err=True)

    def __exit__(self, *_: object) -> None:
        if self.live:
            click.echo("\r\x1b[2K", nl=False, err=True)
