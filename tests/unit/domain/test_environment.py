"""Which environment a name or an address speaks of, and what crosses."""

import pytest

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.environment import (
    MOST_KEYS_READ,
    MOST_READ,
    MOST_VALUES,
    Named,
    Places,
    Reach,
    Surroundings,
    Through,
    crossing_of,
    differing,
    is_label,
    places_in,
    touches_production,
)
from tests.factories import ENVIRONMENT_WORDS as WORDS


def named(arguments: JsonObject) -> set[tuple[str, str]]:
    return {(one.path, one.environment) for one in places_in(arguments, WORDS).named}


@pytest.mark.parametrize(
    ("name", "environments"),
    [
        ("prod-db-1", ("production",)),
        ("PROD_EU", ("production",)),
        ("prodDb", ("production",)),
        ("ordersProd", ("production",)),
        ("proddb", ("production",)),
        ("dbprod", ("production",)),
        ("\uff50\uff52\uff4f\uff44.example.com", ("production",)),
        ("live2.example.com", ("production",)),
        ("orders-qa-3", ("qa",)),
        ("stage.prod.example.com", ("staging", "production")),
        ("product-list", ()),
        ("reproduce", ()),
        ("latest", ()),
        ("delivery", ()),
        ("", ()),
    ],
)
def test_a_name_speaks_by_its_whole_parts(name: str, environments: tuple[str, ...]) -> None:
    assert WORDS.in_name(name) == environments


def test_two_spellings_of_a_label_are_one_environment() -> None:
    assert {WORDS.of("Prod"), WORDS.of("PRODUCTION"), WORDS.of(" live ")} == {"production"}
    assert WORDS.of("Canary-EU") == "canary-eu"


def test_a_label_that_is_in_use_is_looked_for() -> None:
    words = WORDS.with_labels(["Canary-EU", "blue", ""])
    assert words.in_name("db.canary.eu.example.com") == ("canary-eu",)
    assert words.in_name("blue-1") == ("blue",)
    assert words.in_name("canary.example.com") == ()


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"env": "prod"}, {("/env", "production")}),
        ({"target_env": "PRD"}, {("/target_env", "production")}),
        ({"databaseName": "orders_live"}, {("/databaseName", "production")}),
        ({"hosts": ["qa-1", "prod-1"]}, {("/hosts/0", "qa"), ("/hosts/1", "production")}),
        ({"target": {"name": "prod"}}, {("/target/name", "production")}),
        ({"environments": {"prod": 1}}, {("/environments", "production")}),
        ({"q": "postgres://u:prod@db-1/orders_qa"}, {("/q", "qa")}),
        ({"q": "see https://prod.example.com/live"}, {("/q", "production")}),
        ({"q": "http://x.example.com/prod"}, set[tuple[str, str]]()),
        ({"url": "https://%70rod.example.com/"}, {("/url", "production")}),
        ({"note": "deploy it to prod"}, set[tuple[str, str]]()),
        ({"a/b~c": {"env": "prod"}}, {("/a~1b~0c/env", "production")}),
        ({"env": 7, "host": None, "url": True}, set[tuple[str, str]]()),
    ],
)
def test_arguments_are_read_where_they_say_where(
    arguments: JsonObject, found: set[tuple[str, str]]
) -> None:
    assert named(arguments) == found


def test_content_is_not_where_a_call_goes() -> None:
    page: JsonObject = {"content": "x" * 1_000 + " https://prod.example.com"}
    assert places_in(page, WORDS) == Places()


@pytest.mark.parametrize(
    "value",
    [
        [0] * (MOST_VALUES + 1),
        {"host": "x" * (MOST_READ + 1)},
        {"hosts": ["y" * 100] * (MOST_READ // 100 + 1)},
    ],
)
def test_what_is_too_much_to_look_at_is_unclear(value: JsonValue) -> None:
    assert places_in({"env": value}, WORDS).unclear


@pytest.mark.parametrize("long", [6, 199])
def test_more_names_than_are_read_are_unclear(long: int) -> None:
    names = [f"{number:0{long}}" for number in range(MOST_KEYS_READ // long + 1)]
    assert places_in(dict.fromkeys(names), WORDS).unclear
    assert not places_in(dict.fromkeys(names[:-1]), WORDS).unclear


def test_the_names_of_a_tables_columns_are_read_once() -> None:
    rows: JsonValue = [{"customerName": "a", "targetId": 3} for _ in range(600)]
    assert not places_in({"rows": rows}, WORDS).unclear


def place(environment: str) -> Places:
    return Places((Named(path="/host", text="there", environment=environment),))


@pytest.mark.parametrize(
    ("around", "places", "through"),
    [
        (Surroundings(agent="qa", server="production"), Places(), Through.SERVER),
        (
            Surroundings(agent="qa", server="qa", credentials=(("db", "production"),)),
            Places(),
            Through.CREDENTIAL,
        ),
        (Surroundings(agent="qa", server="qa"), place("production"), Through.ARGUMENT),
        (Surroundings(agent="qa", server="qa", credentials=(("db", "qa"),)), place("qa"), None),
        (Surroundings(agent="qa"), Places(), None),
        (Surroundings(server="production"), place("qa"), None),
    ],
)
def test_an_agent_reaches_its_own_environment_only(
    around: Surroundings, places: Places, through: Through | None
) -> None:
    crossing = crossing_of(around, places, ())
    assert (crossing.through if crossing is not None else None) is through
    if crossing is not None:
        assert (crossing.agent, crossing.other) == ("qa", "production")
        allowed = [Reach(agent="qa", other="production")]
        assert crossing_of(around, places, allowed) is None
        assert crossing_of(around, places, [Reach(agent="production", other="qa")]) == crossing


def test_what_differs_from_the_server_is_told_only_where_it_has_a_label() -> None:
    places = place("staging")
    assert differing(Surroundings(server="qa"), places) == places.named
    assert differing(Surroundings(server="staging"), places) == ()
    assert differing(Surroundings(agent="qa"), places) == ()


@pytest.mark.parametrize(
    ("around", "places"),
    [
        (Surroundings(server="production"), Places()),
        (Surroundings(credentials=(("db", "production"),)), Places()),
        (Surroundings(server="qa"), place("production")),
    ],
)
def test_production_is_reached_by_each_way(around: Surroundings, places: Places) -> None:
    assert touches_production(around, places)
    assert not touches_production(Surroundings(agent="production", server="qa"), Places())


@pytest.mark.parametrize("label", ["", "production", "eu-1.canary", "a" * 64])
def test_labels(label: str) -> None:
    assert is_label(label)


@pytest.mark.parametrize("label", [" ", "a b", "-a", "a" * 65, "pröd", "a\n"])
def test_what_is_no_label(label: str) -> None:
    assert not is_label(label)


@pytest.mark.parametrize(
    "address",
    [
        "https://pRod-db-1.example.com/",
        "https://proD-db.example.com/",
        "https://prod-db.example.com?@qa.example.com/",
        "https://prod-db.example.com#@qa.example.com/",
        "https://qa.example.com\\@prod-db.example.com/",
        "https://prod-db.example.com\\@qa.example.com/",
        "https://qa.example.com%2F@prod-db.example.com/",
        "postgresql://qa-db/orders?host=prod-db-1",
        "postgresql:///orders?host=prod-db-1",
        "https://pro\td-db.example.com/",
        "https://pro\u00add-db.example.com/",
        "https://pr\u200bod-db.example.com/",
        "jdbc:postgresql://prod-db-1/orders",
    ],
    ids=ascii,
)
@pytest.mark.parametrize("argument", ["url", "note"])
def test_a_host_is_seen_in_every_way_that_clients_read_an_address(
    address: str, argument: str
) -> None:
    assert "production" in {environment for _, environment in named({argument: address})}


def test_names_of_arguments_say_where_in_any_case() -> None:
    for name in ("endPoint", "dataBase", "EndPoint"):
        assert named({name: "prod-1"}), name


@pytest.mark.timeout(5)
@pytest.mark.parametrize("text", ["a" * 15_900, "a:" * 7_900, "://" * 5_000, "a://" * 3_900])
def test_no_text_is_read_in_more_than_one_pass(text: str) -> None:
    # Read again from each of its characters it would take some ten seconds.
    places_in({"url": text}, WORDS)
