"""Changes the judge's code in every small way and counts the changes that its tests notice.

Run: python -m tests.bench.mutants FOLDER [MODULE...], with mutmut 3.8 in the environment (`pip
install mutmut`; it is no part of the lock). FOLDER is made anew; all modules take about a quarter
of an hour of one core. With --answers not the judge's code is changed but what takes a person's
answers and PINs. Only the tests named here are run: what a survivor would do to the gate is tested
elsewhere, so that the figure is a lower bound. What stands outside functions is not changed, as
the table of `approval` is not, which a test spells out.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = (
    *("policy", "rule", "rule_filter", "rule_index", "rule_life", "name_filter", "spelling"),
    *("condition", "approval", "call", "canonical", "sealed", "definition"),
)
"""The digest is in `call`, `canonical` and `sealed`."""
ANSWERS = (
    *("application/former_labels", "application/review_guard", "application/held_results"),
    *("approvers/asked_pins", "approvers/console_answers"),
)
TESTS = (
    *(
        f"unit/domain/test_{name}.py"
        for name in (
            *("policy", "rule", "rule_index", "rule_life", "condition", "approval", "call"),
            *("canonical", "sealed", "definition", "decision", "back_test", "spelling"),
            *("touch_limits", "attack_alike_keys", "attack_call_params"),
            *("untrusted_values", "unproven_names"),
        )
    ),
    *(
        f"property/test_{name}.py"
        for name in (
            *("policy", "rule_filter", "rule_life", "approval", "digest", "canonical"),
            *("large_calls", "name_filter"),
        )
    ),
)
TESTS_OF_ANSWERS = (
    *(
        f"unit/application/test_{name}.py"
        for name in (
            *("former_labels", "environments", "review_guard", "pin_guard", "second_person"),
            *("two_persons", "held_results", "held_records", "step_ups"),
        )
    ),
    *(
        f"unit/approvers/test_{name}.py"
        for name in ("asked_pins", "asked_pins_alone", "pin_sentences", "console")
    ),
    "unit/presentation/test_owed_pins.py",
)
COPIED = ("resources", "packaging", "README.md", "CHANGELOG.md", "LICENSE")
"""Folders first; what tests read beside the package and each other."""
_QUICK = """\
from hypothesis import Phase, settings

settings.register_profile(
    "quick", phases=[Phase.explicit, Phase.generate], derandomize=True, database=None
)
settings.load_profile("quick")
"""
"""A plug-in of pytest: a change is noticed, whatever the smallest example is that shows it."""
_RESULT = re.compile(r"keyturn\.\w+\.(\w+)\.(\S+): ([\w ]+)")


def main() -> int:
    """Make the folder, run mutmut in it, and print what was noticed by module."""
    options = argparse.ArgumentParser(prog="mutants")
    options.add_argument("folder", type=Path)
    options.add_argument("module", nargs="*")
    options.add_argument("--answers", action="store_true")
    asked = options.parse_intermixed_args()
    folder: Path = asked.folder
    folder.mkdir(parents=True)
    known = ANSWERS if asked.answers else tuple(f"domain/{name}" for name in MODULES)
    wanted = set(asked.module)
    chosen = [path for path in known if not wanted or Path(path).name in wanted]
    _prepare(folder, chosen, TESTS_OF_ANSWERS if asked.answers else TESTS)
    # Python remembers of a folder on its path that it was not there, and would take the installed
    # package, which nobody changes.
    (folder / "mutants").mkdir()
    # The package stands at the top of the folder: mutmut knows no source folder named `app`.
    environment = {**os.environ, "PYTHONPATH": str(folder / "mutants")}
    mutmut = (sys.executable, "-m", "mutmut")
    subprocess.run([*mutmut, "run", "--max-children", "1"], cwd=folder, env=environment, check=True)
    listed = subprocess.run(
        [*mutmut, "results", "--all", "true"],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    _say(listed)
    return 0


def _prepare(folder: Path, modules: Sequence[str], tests: Sequence[str]) -> None:
    ignore = shutil.ignore_patterns("__pycache__", ".hypothesis")
    shutil.copytree(ROOT / "app" / "keyturn", folder / "keyturn", ignore=ignore)
    for name in ("tests", *COPIED[:2]):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    for name in COPIED[2:]:
        shutil.copy(ROOT / name, folder)
    (folder / "quick_examples.py").write_text(_QUICK, encoding="utf-8")
    settings = [
        "[tool.mutmut]",
        'source_paths = ["keyturn"]',
        f"only_mutate = {[f'keyturn/{name}.py' for name in modules]!r}",
        f"also_copy = {[*COPIED, 'quick_examples.py']!r}",
        'pytest_add_cli_args = ["-q", "-x", "-p", "no:cacheprovider", "-p", "quick_examples"]',
        f"pytest_add_cli_args_test_selection = {[f'tests/{name}' for name in tests]!r}",
    ]
    own = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    text = own + "\n" + "\n".join(settings) + "\n"
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")


def _say(listed: str) -> None:
    noticed: Counter[str] = Counter()
    made: Counter[str] = Counter()
    survived: list[str] = []
    for module, mutant, outcome in _RESULT.findall(listed):
        made[module] += 1
        if outcome.strip() in ("killed", "timeout"):
            noticed[module] += 1
        else:
            survived.append(f"{module}.{mutant}: {outcome.strip()}")
    for module in sorted(made):
        share = 100 * noticed[module] / made[module]
        sys.stdout.write(f"{module:12} {noticed[module]:4} of {made[module]:4} {share:5.1f} %\n")
    share = 100 * noticed.total() / max(1, made.total())
    sys.stdout.write(f"all          {noticed.total():4} of {made.total():4} {share:5.1f} %\n")
    sys.stdout.write("".join(f"{line}\n" for line in survived))


if __name__ == "__main__":
    sys.exit(main())
