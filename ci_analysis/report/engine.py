"""An engine for Papermill that executes a notebook in the process it is called in, without a kernel.

It is registered as `ci-analysis`, so that `papermill --engine ci-analysis` runs any Python notebook by it. What cells
show is what a kernel would have them show: results, displays, what they print, and pictures of pyplot at a cell's end.
What a cell leaves in the process stays there, so a run gives each notebook a process of its own.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from ci_analysis.errors import RunFailed, WrongUse

__all__ = ["NAME", "InProcess"]

#: What Papermill knows the engine by.
NAME = "ci-analysis"
_INLINE = "module://matplotlib_inline.backend_inline"


class InProcess:
    """The engine. It follows Papermill's own by its three methods; Papermill loads it while it is loaded itself."""

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: Any = True,
        log_output: bool = False,
        autosave_cell_every: float = 30,
        **options: Any,
    ) -> Any:
        """Return the notebook with what its cells show; the cell that fails is the last that is executed.

        Parameters
        ----------
        nb : nbformat.NotebookNode
            Of Python.
        kernel_name : str
            Not used: there is no kernel.
        output_path : str, optional
            Where Papermill keeps the notebook as it grows.
        progress_bar, log_output, autosave_cell_every
            As for Papermill's own engine; what cells print is not logged.
        **options
            `execution_timeout`: seconds that a cell may take. Others are those of kernels, and not used.

        Raises
        ------
        WrongUse
            Where the notebook is not of Python.
        RunFailed
            Where pictures were drawn that no cell shows.
        """
        from papermill.engines import NotebookExecutionManager

        language = nb.metadata.get("kernelspec", {}).get("language", "python")
        if language != "python":
            raise WrongUse(f"The engine {NAME} runs Python notebooks; this one is of {language}.")
        manager = NotebookExecutionManager(
            nb,
            output_path=output_path,
            progress_bar=progress_bar,
            log_output=log_output,
            autosave_cell_every=autosave_cell_every,
        )
        manager.notebook_start()
        try:
            _execute(manager, options.get("execution_timeout"))
        finally:
            manager.cleanup_pbar()
            manager.notebook_complete()
        return manager.nb

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """Return the name of the notebook's kernel, as Papermill finds it."""
        from papermill.utils import nb_kernel_name

        return str(nb_kernel_name(nb, name))

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """Return the notebook's language, as Papermill finds it."""
        from papermill.utils import nb_language

        return str(nb_language(nb, language))


def _execute(manager: Any, seconds: float | None) -> None:
    """Execute the cells in their order, up to the first that fails."""
    with _shell() as shell:
        for index, cell in enumerate(manager.nb.cells):
            manager.cell_start(cell, index)
            try:
                if cell.cell_type == "code" and cell.source.strip():
                    failure = _run(shell, cell, seconds)
                    if failure is not None and "raises-exception" not in cell.metadata.get("tags", ()):
                        manager.cell_exception(cell, cell_index=index, exception=failure)
                        break
            finally:
                manager.cell_complete(cell, cell_index=index)


def _run(shell: Any, cell: Any, seconds: float | None) -> BaseException | None:
    """Execute a cell, put what it shows in its outputs, and return what stopped it."""
    from nbformat.v4 import new_output

    shell.outputs = cell.outputs = []
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Printed(shell, "stdout", out), _Printed(shell, "stderr", err)
    try:
        with _alarm(seconds):
            result = shell.run_cell(cell.source, store_history=True)
    finally:
        sys.stdout, sys.stderr = out, err
    cell.execution_count = result.execution_count
    failure = result.error_before_exec or result.error_in_exec
    if failure is None:
        _nothing_vanished(result.execution_count)
    elif not any(o.output_type == "error" for o in cell.outputs):
        name, said = type(failure).__name__, str(failure)
        cell.outputs.append(new_output("error", ename=name, evalue=said, traceback=[f"{name}: {said}"]))
    return failure


def _nothing_vanished(cell: int) -> None:
    """Refuse to go on where pyplot still holds pictures: a kernel would have shown them, and closed them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    left = len(pyplot.get_fignums()) if pyplot else 0
    if left:
        what = "a picture was" if left == 1 else f"{left} pictures were"
        raise RunFailed(f"cell {cell}: {what} drawn and not shown; end the cell with `plt.show()`.")


@contextmanager
def _shell() -> Iterator[Any]:
    """Give a new IPython that writes what cells show into `outputs`; the one that was here comes back afterwards."""
    from ipykernel.jsonutil import encode_images, json_clean
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from nbformat import from_dict
    from nbformat.v4 import new_output
    from traitlets import List, Type
    from traitlets.config import Config

    class Shell(InteractiveShell):
        outputs = List()
        displayhook_class = Type(DisplayHook)
        display_pub_class = Type(DisplayPublisher)

        def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
            said = new_output("error", ename=etype.__name__, evalue=str(evalue), traceback=list(stb))
            self.outputs.append(said)

        def enable_gui(self, gui: Any = None) -> None:
            """There is no window here."""

    class Results(DisplayHook):
        def write_output_prompt(self) -> None:
            """The cell's own number says it."""

        def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
            self.said = from_dict(json_clean(encode_images(format_dict))), from_dict(md_dict or {})

        def finish_displayhook(self) -> None:
            data, metadata = self.__dict__.pop("said", ({}, {}))
            if data:
                count = self.prompt_count
                made = new_output("execute_result", data=data, metadata=metadata, execution_count=count)
                self.shell.outputs.append(made)
            self._is_active = False

    class Displays(DisplayPublisher):
        def publish(  # type: ignore[override]  # `source` is gone from newer versions
            self, data: Any, metadata: Any = None, *, transient: Any = None, update: bool = False, **_: Any
        ) -> None:
            shown = from_dict(json_clean(encode_images(data)))
            name = (transient or {}).get("display_id")
            if update:
                for old in self.named.get(name, ()):
                    old["data"], old["metadata"] = shown, from_dict(metadata or {})
                return
            made = new_output("display_data", data=shown, metadata=from_dict(metadata or {}))
            if name:
                self.named.setdefault(name, []).append(made)
            self.shell.outputs.append(made)

        def clear_output(self, wait: bool = False) -> None:
            self.shell.outputs.clear()

        @property
        def named(self) -> dict[str, list[Any]]:
            return self.__dict__.setdefault("_named", {})  # type: ignore[no-any-return]

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.autoindent = False
    os.environ.setdefault("MPLBACKEND", _INLINE)
    kept = {name: getattr(sys, name) for name in ("displayhook", "excepthook")}
    before = InteractiveShell._instance
    shell = Shell(config=config, displayhook_class=Results, display_pub_class=Displays)
    InteractiveShell._instance = shell
    try:
        yield shell
    finally:
        InteractiveShell._instance = before
        for name, hook in kept.items():
            setattr(sys, name, hook)


class _Printed:
    """What a cell prints, as outputs of the cell; one stream's pieces on end are one output."""

    def __init__(self, shell: Any, name: str, behind: TextIO) -> None:
        self.shell, self.name, self.behind = shell, name, behind
        self.encoding = "utf-8"

    def write(self, text: str) -> int:
        from nbformat.v4 import new_output

        last = self.shell.outputs[-1] if self.shell.outputs else None
        if last is not None and last.output_type == "stream" and last.name == self.name:
            last.text += text
        elif text:
            self.shell.outputs.append(new_output("stream", name=self.name, text=text))
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return self.behind.fileno()


@contextmanager
def _alarm(seconds: float | None) -> Iterator[None]:
    """Stop what takes longer, where the system can: in the main thread, and not on Windows."""
    if not seconds or not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        raise TimeoutError(f"the cell took longer than {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
