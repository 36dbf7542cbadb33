"""Reads from the resources what definitions and environments are judged by: words and letters."""

from functools import cache

from keyturn.application.environments import Environments
from keyturn.application.events import Observers
from keyturn.application.labelling import Labelling
from keyturn.application.registry import Registry
from keyturn.bootstrap.reading_signs import frame_signs
from keyturn.desktop.resources import find_resources
from keyturn.desktop.runners import load_runners
from keyturn.inspection.environment_words import read_environment_words
from keyturn.inspection.known_servers import read_known_servers
from keyturn.inspection.look_alikes import read_alphabet
from keyturn.inspection.scrutiny import DefinitionScrutiny
from keyturn.inspection.wording import read_suspicious_words
from keyturn.presentation.verbs import read_verbs


@cache
def definition_scrutiny() -> DefinitionScrutiny:
    """Return what looks at definitions before a person does.

    It remembers nothing, so that one does for all; and it shares what is read for results, for
    whoever waits for a start would wait for the same long list twice.
    """
    resources = find_resources()
    verbs = read_verbs(resources / "verbs.toml").vocabulary.verbs
    alphabet = read_alphabet(resources / "alike_letters.toml", verbs)
    return DefinitionScrutiny(
        read_suspicious_words(
            resources / "suspicious_words.toml", alphabet.drawn, frame_signs().reader
        ),
        alphabet,
        read_known_servers(resources / "known_servers.toml"),
        load_runners(resources / "runners.toml"),
    )


def labelling_of(registry: Registry, observers: Observers) -> Labelling:
    """Keep what is labelled in step with the registry, before anybody judges by it."""
    environments = Environments(
        words=read_environment_words(find_resources() / "environment_words.toml"),
        observers=observers,
    )

    labelling = Labelling(registry=registry, environments=environments)
    labelling.follow(observers)
    return labelling
