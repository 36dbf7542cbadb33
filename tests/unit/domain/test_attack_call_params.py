"""What an agent puts beside the arguments is bound, shown and never allowed by a rule."""

from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import JsonObject


def call(**params: object) -> ToolCall:
    whole: JsonObject = {"name": "pay", "arguments": {}, **params}  # pyright: ignore[reportAssignmentType] - JSON by hand
    return ToolCall(
        agent="a",
        session="s",
        server="v",
        launch_hash="l",
        tool="pay",
        def_hash="d",
        params=whole,
    )


def test_everything_beside_the_arguments_can_be_shown() -> None:
    assert call().beside_arguments() == {}
    assert call(_meta={"x": 1, "progressToken": 5}).beside_arguments() == {"x": 1}
    assert call(task={"ttl": 1}).beside_arguments() == {"task": {"ttl": 1}}
    assert call(task={}, _meta={"x": 1}).beside_arguments() == {"task": {}, "_meta": {"x": 1}}
    assert call(_meta=5).beside_arguments() == {"_meta": 5}
    answers = {"inputResponses": {"a": 1}, "requestState": "s"}
    assert call(**answers).beside_arguments() == answers


def test_what_is_shown_beside_is_bound() -> None:
    plain = call().digest()
    besides: tuple[JsonObject, ...] = (
        {"task": {}},
        {"_meta": 5},
        {"inputResponses": {}},
        {"x": None},
    )
    for beside in besides:
        assert call(**beside).digest() != plain
