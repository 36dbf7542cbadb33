"""What a client's request is judged as, and what it names."""

import pytest

from keyturn.domain.canonical import JsonObject, Malformed
from keyturn.domain.client_request import KINDS, kind_of, name_in, params_imitate
from keyturn.domain.rule import Kind


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("tools/call", Kind.CALL),
        ("resources/read", Kind.READ),
        ("resources/subscribe", Kind.READ),
        ("prompts/get", Kind.PROMPT),
        ("completion/complete", Kind.COMPLETE),
        ("tasks/get", Kind.TASK),
        ("tasks/made-up", Kind.TASK),
        ("subscriptions/listen", Kind.READ),
        ("resources/unsubscribe", None),
        ("resources/list", None),
        ("tools/list", None),
        ("ping", None),
    ],
)
def test_a_method_is_judged_by_rules_of_one_kind(method: str, kind: Kind | None) -> None:
    assert kind_of(method) is kind


@pytest.mark.parametrize(
    ("method", "params", "name"),
    [
        ("tools/call", {"name": "dispatch"}, "dispatch"),
        ("resources/read", {"uri": "file:///x"}, "file:///x"),
        ("resources/subscribe", {"uri": "file:///x"}, "file:///x"),
        ("resources/subscribe", {}, ""),
        ("prompts/get", {"name": "greet", "arguments": {"who": "Ada"}}, "greet"),
        ("completion/complete", {"ref": {"type": "ref/prompt", "name": "greet"}}, "greet"),
        (
            "completion/complete",
            {"ref": {"type": "ref/resource", "uri": "file:///{x}"}},
            "file:///{x}",
        ),
        ("tasks/cancel", {"taskId": "t-1"}, "tasks/cancel"),
        ("tasks/list", {}, "tasks/list"),
        ("subscriptions/listen", {}, ""),
        ("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, ""),
        ("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["a", "b"]}}, "a b"),
    ],
)
def test_a_request_names_one_thing(method: str, params: JsonObject, name: str) -> None:
    assert name_in(method, params) == name


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("tools/call", {"arguments": {}}),
        ("resources/read", {}),
        ("resources/read", {"uri": ""}),
        ("resources/read", {"uri": ["file:///x"]}),
        ("prompts/get", {"name": 1}),
        ("prompts/get", {"name": "greet", "arguments": ["x"]}),
        ("completion/complete", {}),
        ("subscriptions/listen", {"notifications": []}),
        ("subscriptions/listen", {"notifications": {"resourceSubscriptions": {}}}),
        ("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["a", 1]}}),
        ("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["a", ""]}}),
        ("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["a" * 4097]}}),
        ("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["a"] * 201}}),
        ("completion/complete", {"ref": {"type": "ref/tool", "name": "x"}}),
        ("completion/complete", {"ref": {"type": ["ref/prompt"], "name": "x"}}),
        ("completion/complete", {"ref": {"type": "ref/prompt", "uri": "x"}}),
        ("completion/complete", {"ref": {"type": "ref/prompt", "name": "x", "uri": "y"}}),
        ("completion/complete", {"ref": {"type": "ref/resource", "name": "x", "uri": "y"}}),
    ],
)
def test_what_names_nothing_or_two_things_is_malformed(method: str, params: JsonObject) -> None:
    assert isinstance(name_in(method, params), Malformed)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("resources/read", {"uri": "file:///a", "URI": "file:///b"}),
        ("resources/read", {"uri": "file:///a", "uri\x00x": "file:///b"}),
        ("prompts/get", {"name": "a", "Name": "b"}),
        ("completion/complete", {"ref": {"type": "ref/prompt", "name": "a", "NAME": "b"}}),
        ("tasks/get", {"taskId": "a", "taskid": "b"}),
        ("tools/call", {"name": "a", "Arguments": {}}),
        ("resources/read", {"uri": "file:///a", "RequestState": "x"}),
        ("subscriptions/listen", {"notifications": {}, "Notifications": {}}),
        ("subscriptions/listen", {"notifications": {"resourcesubscriptions": ["a"]}}),
    ],
)
def test_a_key_in_other_letters_is_taken_for_the_known_one(method: str, params: JsonObject) -> None:
    assert params_imitate(method, params)


@pytest.mark.parametrize("method", sorted(KINDS))
def test_known_and_quite_other_keys_imitate_nothing(method: str) -> None:
    params: JsonObject = {"uri": "x", "name": "y", "ref": {"type": "z"}, "_meta": {}, "own": 1}
    assert not params_imitate(method, params)
