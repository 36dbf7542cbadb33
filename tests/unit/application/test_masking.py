"""What is written down of a command: no secret, whichever way it is given to the program."""

import pytest

from keyturn.application.masking import masked_command
from keyturn.inspection.secrets import DetectSecretsMask


@pytest.mark.requirement("LAW-8")
@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (("ship", "--fast", "--port", "8080"), ["ship", "--fast", "--port", "8080"]),
        (("ship", "--token", "hunter2-of-ship"), ["ship", "--token", "[token]"]),
        (("ship", "--token=hunter2-of-ship", "x"), ["ship", "--token=[token]", "x"]),
        # A password may begin with a dash; a flag that is masked is the lesser harm.
        (("ship", "--password", "--fast"), ["ship", "--password", "[password]"]),
        (("ship", "--token-file", "/run/ship"), ["ship", "--token-file", "/run/ship"]),
        (
            ("ship", "-u", "https://me:hunter2@ship.example"),
            ["ship", "-u", "https://me:[password in a URL]@ship.example"],
        ),
        ((), []),
    ],
)
def test_a_command_is_masked_as_its_program_reads_it(
    argv: tuple[str, ...], shown: list[str]
) -> None:
    assert masked_command(argv, DetectSecretsMask()) == shown
