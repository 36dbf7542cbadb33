"""`keyturn rules`: a profile's rules as text, tests of those of a headless FILE, and proposals."""

import argparse
import sys
from pathlib import Path

from keyturn import bootstrap
from keyturn.cli.profile import chosen_profile
from keyturn.cli.replies import plain, require_ok
from keyturn.domain.canonical import JsonObject, JsonValue, Parsed, parse_strict
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.rule_data import conditions_from_data
from keyturn.domain.rule_proof import Question


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("export", help="write the profile's rules as a headless FILE has them")
    proposing = verbs.add_parser("import", help="propose the rules of FILE; the window saves them")
    proposing.add_argument("file", metavar="FILE", type=Path)
    test = verbs.add_parser("test", help="say what is odd about the rules; 0 when nothing is")
    test.add_argument("file", metavar="FILE", type=Path)
    ever = verbs.add_parser("ever", help="can a rule ever allow this? 0 when it is proved not to")
    ever.add_argument("file", metavar="FILE", type=Path)
    for name in ("agent", "server", "tool"):
        ever.add_argument(f"--{name}", default="*", metavar="PATTERN", help="any, unless given")
    ever.add_argument(
        "--when", default="[]", metavar="JSON", help="conditions, as `when` in FILE takes them"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the rules, or what was found, a line each."""
    if arguments.verb == "export":
        sys.stdout.write(bootstrap.export_rules(chosen_profile(arguments)))
        return 0
    file = arguments.file.absolute()
    if arguments.verb == "import":
        request: JsonObject = {"control": "propose_rules", "rules": bootstrap.read_rules(file)}
        reply = require_ok(bootstrap.ask_broker(chosen_profile(arguments), request))
        sys.stdout.write(_proposed(reply.get("proposed")))
        return 0
    if arguments.verb == "test":
        lines, well = bootstrap.lint_rules(chosen_profile(arguments), file)
    else:
        lines, well = bootstrap.ask_rules(file, _question(arguments))
    for line in lines:
        sys.stdout.write(plain(line) + "\n")
    return 0 if well else 1


def _proposed(new: JsonValue) -> str:
    if not new:
        return "Nothing to propose: these rules stand, or wait in Keyturn's window, already.\n"
    rules = "rule" if new == 1 else "rules"
    return f"Proposed {new} {rules}. Look at each under Rules in Keyturn's window, and save it.\n"


def _question(arguments: argparse.Namespace) -> Question:
    parsed = parse_strict(arguments.when)
    if not isinstance(parsed, Parsed):
        raise ConfigurationError("The conditions are no JSON.", mend="Write a list of tables.")
    return Question(
        agent=arguments.agent,
        server=arguments.server,
        tool=arguments.tool,
        when=conditions_from_data(parsed.value),
    )
