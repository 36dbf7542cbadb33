"""Counts the branches of the judge's code that its own tests reach.

Run: python -m tests.bench.judge_branches; exit code 1 when a line or a branch is not reached. Only
the tests named here are run, which are those of the domain: half a minute of one core.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
JUDGED = {
    "policy": ("policy",),
    "rule": (
        *("rule", "rule_data", "rule_filter", "rule_index", "rule_life", "rule_lint"),
        *("name_filter", "spelling", "condition"),
    ),
    "prover": ("rule_proof", "call_sets", "text_sets", "value_sets"),
    "approval": ("approval",),
    "digest": ("call", "canonical", "sealed"),
    "definition": ("definition",),
}
"""The modules of the domain, by what they are of."""
TESTS = (
    "unit/domain",
    *(
        f"property/test_{name}.py"
        for name in (
            *("approval", "canonical", "digest", "large_calls", "policy"),
            *("name_filter", "rule_filter", "rule_life", "rule_proof"),
        )
    ),
)


def main() -> int:
    """Run the tests, and print what each module lacks."""
    with tempfile.TemporaryDirectory(prefix="kt-branches-") as folder:
        found = _measured(Path(folder))
    lacking = False
    for group, modules in JUDGED.items():
        for module in modules:
            told = found[f"app/keyturn/domain/{module}.py"]
            lacking = _say(group, module, told) or lacking
    return 1 if lacking else 0


def _measured(folder: Path) -> dict[str, Any]:
    environment = {**os.environ, "COVERAGE_FILE": str(folder / "data")}
    coverage = (sys.executable, "-m", "coverage")
    tests = [f"tests/{name}" for name in TESTS]
    asked = ("--branch", "--source", "keyturn.domain", "-m", "pytest", "-q", "-p")
    run = (*coverage, "run", *asked, "no:cacheprovider", *tests)
    subprocess.run(run, cwd=ROOT, env=environment, check=True)
    report = folder / "report.json"
    written = (*coverage, "json", "-q", "-o", str(report))
    subprocess.run(written, cwd=ROOT, env=environment, check=True)
    return json.loads(report.read_bytes())["files"]


def _say(group: str, module: str, told: dict[str, Any]) -> bool:
    """Print one line; tell whether the module lacks anything."""
    sums = told["summary"]
    sys.stdout.write(
        f"{group:10} {module:11} lines {sums['covered_lines']:3} of {sums['num_statements']:3}, "
        f"branches {sums['covered_branches']:3} of {sums['num_branches']:3}\n"
    )
    lines, branches = told["missing_lines"], told["missing_branches"]
    if lines or branches:
        sys.stdout.write(f"{'':10} lines {lines}, branches {branches} are not reached\n")
    return bool(lines or branches)


if __name__ == "__main__":
    sys.exit(main())
