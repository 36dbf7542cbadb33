"""What of a log is masked, and what it is read for."""

import pytest

from keyturn.domain.result_controls import Profile
from keyturn.inspection.profiles.dispatch import mask_as
from keyturn.inspection.profiles.profiled import Mask


@pytest.mark.requirement("SECRET-PROFILES")
@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("GET /x?page=2&token=ab12cd&n=1", "GET /x?page=2&token=[token]&n=1"),
        ("GET /cb?code=x1y2z3&state=abc9", "GET /cb?code=[secret]&state=[secret]"),
        ("> Cookie: theme=dark; sid=ab12", "> Cookie: theme=[cookie]; sid=[cookie]"),
        ("< Set-Cookie: a=b1c2d3; Path=/; HttpOnly", "< Set-Cookie: a=[cookie]; Path=/; HttpOnly"),
        ("dsn bob:hunter2@tcp(db:3306)/x", "dsn bob:[password]@tcp(db:3306)/x"),
        ("mongodb://bob:hunter2@db/x", "mongodb://bob:[password in a URL]@db/x"),
        ("Server=db;Password=hunter22;Encrypt=true", "Server=db;Password=[password];Encrypt=true"),
        ("GET /x?token=${TOKEN}&key_id=7", "GET /x?token=${TOKEN}&key_id=7"),
        ("cookie jar: empty; cookies=3", "cookie jar: empty; cookies=3"),
    ],
)
def test_a_line_of_a_log(line: str, shown: str) -> None:
    assert mask_as(f"10:00 {line}\n", Profile.LOG).text == f"10:00 {shown}\n"


def test_a_mask_says_where_it_is_and_what_it_was_called() -> None:
    shown = mask_as("é 10:00 GET /x?token=ab12cd HTTP/1.1", Profile.LOG)
    assert shown.masks == (Mask("token", 21, 28, "token"),)
    assert shown.text[21:28] == "[token]"
