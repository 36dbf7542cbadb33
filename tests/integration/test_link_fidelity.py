"""What is neither judged nor changed passes byte for byte, both ways (architecture.md law 7)."""

from pathlib import Path

import pytest

from tests.integration.link_rig import Wire, World, request
from tests.integration.stories import tell

LONG = b"x" * (2 << 20)
ASK = b'{"jsonrpc":"2.0","id":1,"method":"x/y","params":'
RESULT = b'{"jsonrpc":"2.0","id":7,"result":'

FROM_CLIENT = {
    "unknown method": b'{"jsonrpc":"2.0","id":1,"method":"x/new","params":{"a":[1,{}]}}\n',
    "unknown member beside params": b'{"jsonrpc":"2.0","id":1,"method":"x/y","x_trace":"t"}\n',
    "unknown meta": ASK + b'{"_meta":{"q":[]}}}\n',
    "30 digits": ASK + b'{"n":123456789012345678901234567890}}\n',
    "25 decimals": ASK + b'{"n":0.1234567890123456789012345}}\n',
    "spelling of numbers": ASK + b"[1e2,-0,1E400,1.0]}\n",
    "not a number": ASK + b'{"a":NaN,"b":-Infinity}}\n',
    "half a surrogate pair": ASK + b'{"a":"\\ud800"}}\n',
    "escaped backslashes": ASK + b'{"a":"\\\\ud800\\\\\\ud800"}}\n',
    "null character": ASK + b'{"a":"\\u0000"}}\n',
    "line separator": ASK + '{"a":"\u2028"}}\n'.encode(),
    "escaped letters": b'{"jsonrpc":"2.0","id":1,"method":"x/\\u00e9","params":["\\/"]}\n',
    "order of members": b'{"params":{"b":1,"a":2},"method":"x/y","id":1,"jsonrpc":"2.0"}\n',
    "white space": b'  { "jsonrpc" : "2.0" , "id" : 1 ,\t"method" : "x/y" , "params" : { } }  \r\n',
    "params in a list": ASK + b'[1,"two",null]}\n',
    "300 levels": ASK + b"[" * 300 + b"]" * 300 + b"}\n",
    "the same key twice in params": ASK + b'{"a":1,"a":2}}\n',
    "empty id": b'{"jsonrpc":"2.0","id":"","method":"x/y"}\n',
    "long id": b'{"jsonrpc":"2.0","id":-123456789012345678901234567890,"method":"x/y"}\n',
    "id of letters": '{"jsonrpc":"2.0","id":"é-1","method":"x/y"}\n'.encode(),
    "no version": b'{"id":1,"method":"x/y"}\n',
    "notification": b'{"jsonrpc":"2.0","method":"notifications/x","params":{"a":1.50}}\n',
    "answer to an odd id": b'{"jsonrpc":"2.0","id":1.5,"result":null,"x":1}\n',
    "error with more": b'{"jsonrpc":"2.0","id":null,"error":{"code":-1.0,"message":"m","x":{}}}\n',
    "long text": ASK + b'{"a":"' + LONG + b'"}}\n',
}

FROM_SERVER = {
    "notification": b'{"jsonrpc":"2.0","method":"notifications/x","params":{"n":1e2},"x":1}\n',
    "request with an odd id": b'{"jsonrpc":"2.0","id":1.5,"method":"x/ask","params":{"a":-0}}\n',
    "request with no id to speak of": b'{"jsonrpc":"2.0","id":null,"method":"x/ask"}\n',
    "answer with more": RESULT + b'{"b":1,"a":2},"x_trace":[]}\n',
    "answer in another order": b'{"result":{"a":1.0},"id":7,"jsonrpc":"2.0"}\n',
    "answer that is no object": RESULT + b"12345678901234567890123}\n",
    "answer of null": RESULT + b"null}\n",
    "not a number": RESULT + b"[NaN,Infinity]}\n",
    "half a surrogate pair": RESULT + b'{"a":"\\udfff"}}\n',
    "the same key twice in the result": RESULT + b'{"a":1,"a":2}}\n',
    "error with more": b'{"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"m","x":1}}\n',
    "error without an id": b'{"jsonrpc":"2.0","error":{"code":-32700,"message":"m"}}\n',
    "white space": b' { "jsonrpc": "2.0", "id": 7, "result": {"a": [1, 2]} }\r\n',
    "escapes": b'{"jsonrpc":"2.0","\\u0069d":7,"result":"\\u00e9\\/"}\n',
    "byte order mark": b"\xef\xbb\xbf" + RESULT + b"{}}\n",
    "not UTF-8": RESULT + b'"\xff"}\n',
    "long text": RESULT + b'"' + LONG + b'"}\n',
}


async def _connected(world: World) -> Wire:
    wire = world.link(world.raw_server())
    await wire.shake()
    await wire.ask("before", "ping")
    return wire


@pytest.mark.requirement("LAW-7")
@pytest.mark.parametrize("line", FROM_CLIENT.values(), ids=FROM_CLIENT.keys())
def test_a_frame_reaches_the_server_as_it_was(tmp_path: Path, line: bytes) -> None:
    async def story(world: World) -> None:
        wire = await _connected(world)
        wire.say(line)
        await wire.ask("after", "ping")
        assert line in world.seen

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-7")
@pytest.mark.parametrize("line", FROM_SERVER.values(), ids=FROM_SERVER.keys())
def test_a_frame_reaches_the_client_as_it_was(tmp_path: Path, line: bytes) -> None:
    async def story(world: World) -> None:
        wire = await _connected(world)
        text = line.removesuffix(b"\n").decode("utf-8", "surrogateescape")
        wire.say(request(7, "x/say", {"lines": [text]}))
        await wire.client.wait_for(lambda seen: seen == line)

    tell(tmp_path, story)


def test_passed_frames_keep_their_order(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await _connected(world)
        sent = [
            b'{"jsonrpc":"2.0","method":"notifications/x","params":{"n":%d}}\n' % number
            for number in range(200)
        ]
        for line in sent:
            wire.say(line)
        await wire.ask("after", "ping")
        assert [line for line in world.seen if b"notifications/x" in line] == sent

    tell(tmp_path, story)


def test_frames_that_came_before_the_start_keep_their_order(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = world.link(world.raw_server())
        sent = [b'{"jsonrpc":"2.0","method":"notifications/%d"}\n' % n for n in range(20)]
        for line in sent:
            wire.say(line)
        await wire.ask("after", "ping")
        assert world.seen[:20] == sent

    tell(tmp_path, story)
