"""Plays ten thousand random orders of arrivals, ends, edits and presses in the real window (C1).

`xvfb-run -a python -m tests.bench.interleavings [RUNS]` prints how many calls were allowed and how
many of those were not the call painted for the whole arming time; it exits 1 if any was not.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

VARIABLE = "KEYTURN_INTERLEAVINGS"


def main() -> int:
    """Play as many as the command line says."""
    runs = sys.argv[1] if len(sys.argv) > 1 else "10000"
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        test = "tests/gui/test_interleavings.py"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-ojunit_family=xunit1",
            # Ten thousand take minutes, and each test as long as it takes.
            "-otimeout=0",
            "-ofaulthandler_timeout=0",
            f"--junitxml={report}",
            test,
        ]
        done = subprocess.run(command, env={**os.environ, VARIABLE: runs}, check=False)
        counted = [one.get("value", "") for one in ET.parse(report).iter("property")]
    sys.stdout.write("\n".join([*counted, ""]))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
