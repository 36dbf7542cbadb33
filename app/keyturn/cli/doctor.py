"""`keyturn doctor`: what works on this machine, and what to install."""

import argparse
import sys

from keyturn import bootstrap
from keyturn.cli.profile import chosen_profile


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Declare no arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Print one line a check; 1 when something that Keyturn needs is missing."""
    findings = bootstrap.doctor(chosen_profile(arguments))
    for finding in findings:
        mark = "ok     " if finding.ok else "missing" if finding.needed else "without"
        sys.stdout.write(f"{mark}  {finding.what}{': ' + finding.mend if finding.mend else ''}\n")
    return 0 if all(finding.ok or not finding.needed for finding in findings) else 1
