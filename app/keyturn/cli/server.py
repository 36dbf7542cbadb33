"""`keyturn server`: list and show servers; adding and removing are proposals to the window."""

import argparse
import sys

from keyturn import bootstrap
from keyturn.cli.profile import chosen_profile
from keyturn.cli.replies import plain, require_ok, write_json
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import RemoteTransport
from keyturn.domain.errors import ConfigurationError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="names and commands")
    listing.add_argument("--json", action="store_true")
    show = verbs.add_parser("show", help="one server and its pinned tools")
    show.add_argument("name")
    add = verbs.add_parser("add", help="propose a server; the window confirms")
    _add_options(add)
    add.add_argument("name")
    # All that follows, the command's own options too.
    add.add_argument("rest", nargs=argparse.REMAINDER, metavar="[OPTIONS] COMMAND...")
    remove = verbs.add_parser("remove", help="propose the removal; the window confirms")
    remove.add_argument("name")


def run(arguments: argparse.Namespace) -> int:
    """Carry out one verb."""
    choice = chosen_profile(arguments)
    match arguments.verb:
        case "list":
            return _list(bootstrap.stored_servers(choice), as_json=arguments.json)
        case "show":
            rows = [s for s in bootstrap.stored_servers(choice) if s["name"] == arguments.name]
            if not rows:
                raise ConfigurationError(f"No server is configured as {arguments.name!r}.")
            write_json(rows[0])
            return 0
        case "add":
            arguments, command = _cut(arguments)
            request: JsonObject = {
                "control": "propose_server",
                "name": arguments.name,
                "command": [*command],
                "env": _pairs(arguments.env),
                "url": arguments.url,
                "transport": arguments.transport,
                "headers": _pairs(arguments.header),
                "environment": arguments.environment,
            }
            require_ok(bootstrap.ask_broker(choice, request))
            sys.stdout.write("Proposed. Confirm it under Servers in Keyturn's window.\n")
        case _:
            request = {"control": "remove_server", "name": arguments.name}
            require_ok(bootstrap.ask_broker(choice, request))
            sys.stdout.write("Proposed. Confirm the removal in Keyturn's window.\n")
    return 0


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--environment", default="", metavar="NAME")
    parser.add_argument("--url", default="", help="of a remote server, in place of a command")
    parser.add_argument("--transport", default="http", choices=[t.value for t in RemoteTransport])
    parser.add_argument("--header", action="append", default=[], metavar="NAME=VALUE")


def _cut(arguments: argparse.Namespace) -> tuple[argparse.Namespace, list[str]]:
    """Take the options that follow the name; the command begins where none does, or after `--`."""
    rest: list[str] = arguments.rest
    end = 0
    while end < len(rest) and rest[end].startswith("--") and rest[end] != "--":
        end += 1 if "=" in rest[end] else 2
    parser = argparse.ArgumentParser(prog="keyturn server add NAME", allow_abbrev=False)
    _add_options(parser)
    read = parser.parse_args(rest[:end], argparse.Namespace(**vars(arguments)))
    return read, rest[end + 1 :] if rest[end : end + 1] == ["--"] else rest[end:]


def _pairs(typed: list[str]) -> JsonObject:
    pairs: JsonObject = {}
    for pair in typed:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ConfigurationError(
                f"{pair!r} is not NAME=VALUE.",
                mend="For a secret write NAME=keychain:ENTRY and store ENTRY.",
            )
        pairs[name] = value
    return pairs


def _list(rows: list[JsonObject], *, as_json: bool) -> int:
    if as_json:
        write_json([*rows])
        return 0
    for row in rows:
        command = row.get("command")
        words = " ".join(plain(w) for w in command) if isinstance(command, list) else ""
        words = words or plain(row.get("url", ""))
        state = "" if row.get("confirmed") else "  (proposed)"
        sys.stdout.write(f"{plain(row['name'])}  {words}{state}\n")
    return 0
