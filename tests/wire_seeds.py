"""Where fuzzer and properties begin: frames, streams and headers, sound ones and attacks."""

CLIENT = (
    b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n',
    b'{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"x","arguments":{"a":1}}}\n',
    b'{"jsonrpc":"2.0","id":2,"method":"tools\\/call","params":{"name":"x","arguments":{}}}\n',
    b'{"jsonrpc":"2.0","id":3,"method":"\\u0074ools/call","params":{"name":"x"}}\n',
    b'{"jsonrpc":"2.0","method":"ping","method":"tools/call","id":4,"params":{}}\n',
    b'{"jsonrpc":"2.0","Method":"tools/call","method":"ping","id":4,"params":{}}\n',
    b'{"jsonrpc":"2.0","method\\u0000x":"tools/call","method":"ping","id":4,"params":{}}\n',
    b'{"jsonrpc":"2.0","m\\u0065thod":"tools/call","method":"ping","id":4}\n',
    b'{"jsonrpc":"2.0","id":5.0,"method":"TOOLS/CALL "}\n',
    b'{"jsonrpc":"2.0","id":6,"method":"x/y","params":{"a":NaN,"b":-Infinity,"c":"\\ud800"}}\n',
    b'{"jsonrpc":"2.0","id":6,"method":"x/y"}\r{"method":"tools/call","id":7}\n',
    b'\xef\xbb\xbf{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{"_meta":{}}}\n',
    b'[{"jsonrpc":"2.0","id":8,"method":"tools/call"}]\n',
    b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}\n',
    b'{"jsonrpc":"2.0","id":44,"method":"ping","id":4}\n',
    b'{"jsonrpc":"2.0","id":45,"method":"subscriptions/listen","params":{"notifications":'
    b'{"resourceSubscriptions":["file:///x"]}}}\n',
    b'{"jsonrpc":"2.0","id":45,"method":"subscriptions/listen","params":{"notifications":{}}}\n',
    b'{"jsonrpc":"2.0","id":9,"result":{"roots":[]}}\n',
    b'{"jsonrpc":"2.0","id":"keyturn:1","method":"ping"}\n',
    b'{"jsonrpc":"2.0","id":12345678901234567890,"method":"x","params":[1e400,1e17,{"a":{}}]}\n',
    b'{"jsonrpc":"2.0","id":10,"method":"x","params":{"_meta":{"progressToken":"t"},"k":"\xc3\xa9"}}\n',
    b'{ "jsonrpc" : "2.0" ,\t"id" : 11 , "method" : "x" , "params" : { "y" : "\\"\\\\" } }\r\n',
)
SERVER = (
    b'{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"x"}]}}\n',
    b'{"jsonrpc":"2.0","id":1,"result":{"a":1},"result":{"a":2}}\n',
    b'{"jsonrpc":"2.0","id":44,"result":{"a":1},"id":4}\n',
    b'{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"m"}}\n',
    b'{"jsonrpc":"2.0","id":1,"Result":{},"result":{}}\n',
    b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m"}}\n',
    b'{"jsonrpc":"2.0","id":2,"method":"sampling/createMessage","params":{"messages":[]}}\n',
    b'{"jsonrpc":"2.0","id":2,"method":"sampling/createMessage","method":"ping"}\n',
    b'{"jsonrpc":"2.0","id":2,"method":"elicitation/create","params":{},"params":{"a":1}}\n',
    b'{"jsonrpc":"2.0","id":2,"method":"Roots/List"}\n',
    b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"p":NaN}}\n',
    b'{"jsonrpc":"2.0","method":"notifications/x","params":'
    b'{"_meta":{"io.modelcontextprotocol/subscriptionId":"s"},"u":"\\udfff"}}\n',
    b'{"method":"notifications/progress","params":{"progressToken":1,"u":1,"u":"\\udfff"}}\n',
    b'\xef\xbb\xbf{"jsonrpc":"2.0","id":"a","result":{"x":Infinity}}\n',
    b'{"jsonrpc":"2.0","id":"a",\r"result":{"x":"\xff"}}\n',
    b'{"jsonrpc":"2.0","id":"\\ud800","result":{}}\n',
    b'{"jsonrpc":"2.0","id":"a","\\ud800":1,"result":{"x":NaN}}\n',
)
STREAM = (
    b"\x03ab\ncd\r\n\n  \n" + b"x" * 70 + b"\nz\n",
    b"\x10" + b"y" * 63 + b"\n" + b"y" * 64 + b"\n",
    b"\x00\n\n\n",
)
STRICT = (
    *(line.strip() for line in CLIENT),
    b'[1,-0,0.1,1e21,1e-7,123456789012345680000,"\\u0000\\u001f\\u007f\xf0\x9f\x94\x91"]',
    b'{"\xef\xac\xb3":1,"\\ud83d\\ude00":2,"a":{"b":[null,true,false]}}',
    b"[" * 64 + b"]" * 64,
    b'{"a":9007199254740991,"b":9007199254740992,"c":9007199254740993.0}',
)
EVENTS = (
    b'\x02event: message\ndata: {"a":1}\n\n',
    b"\x05id: 7\nretry: 100\ndata: a\ndata: b\n\n: ping\n\nevent: endpoint\ndata:/x\n\n",
    b"\x01data\ndata:\n\ndata: x\r\n\r\n:\ndata : y\n\n",
    b"\x09data: " + b"x" * 60 + b"\n\nretry: 9999999999\n\n",
)
HEADERS = (
    b"text",
    b"=?base64?w6k=?=",
    b"=?base64?w6l=?=",
    b" lead\tand trail ",
    b'mcp-method:tools/call\nmcp-name:x\nmcp-protocol-version:v\n{"name":"x"}',
    b'mcp-param-a:1\n{"properties":{"a":{"x-mcp-header":"A"}},"arguments":{"a":1.5}}',
)
SEEDS = {
    "client": CLIENT,
    "server": SERVER,
    "stream": STREAM,
    "strict": STRICT,
    "events": EVENTS,
    "headers": HEADERS,
    "splicing": (*CLIENT, *SERVER),
}
"""By the names of the oracles."""
WORDS = (
    *(b'"%b"' % word for word in (
        b"jsonrpc", b"id", b"method", b"params", b"result", b"error", b"name", b"arguments",
        b"_meta", b"progressToken", b"tools/call", b"tools\\/call", b"\\u0074ools/call", b"ping",
        b"tools/list", b"sampling/createMessage", b"roots/list", b"elicitation/create", b"Method",
        b"ID", b"m\\u0065thod", b"method\\u0000", b"\\ud800", b"\\ud83d\\ude00", b"\xc5\xbf",
        b"notifications/progress", b"x-mcp-header", b"properties",
    )),
    b"{", b"}", b"[", b"]", b":", b",", b"null", b"true", b"1", b"1.0", b"1e400", b"-0", b"NaN",
    b"-Infinity", b"9007199254740993", b" ", b"\t", b"\r", b"\n", b"\r\n", b"\x00", b"\xff", b'"',
    b"\\", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc0\xa2", b"data: ", b"event: ", b"id: ", b"\n\n",
    b"=?base64?", b"?=", b"mcp-name: ",
)  # fmt: skip
"""What is put in, taken out and exchanged; a text stands for one token."""
