"""A result comes out of its frame as it was, whatever blanks a worker left behind it."""

import pytest

from keyturn.application.controlling import framed, unframed


@pytest.mark.parametrize("result", [b"{}", b'{"content":[]}', b'{"a":" }\\n"}', b'"}"'])
@pytest.mark.parametrize("blank", [b"", b"\n", b"\r\n", b" \t\r\n \n"])
def test_a_result_comes_out_of_its_frame(result: bytes, blank: bytes) -> None:
    assert unframed(framed(result) + blank) == result
