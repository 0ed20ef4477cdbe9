"""The graph of a pool of tools: its traits, edges with evidence, and communities."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, strategies

from agentgym.tools.pool.communities import Sizes, find_communities
from agentgym.tools.pool.graph import Thresholds, ToolGraph, build_graph
from agentgym.tools.pool.operation import Operation, Parameter, Place, Shape
from agentgym.tools.pool.signature import Signature, signature, singular, words


def text(name: str, **options) -> Shape:
    return Shape(name=name, type="string", **options)


def takes(name: str, place: Place = "path", *, required: bool = True) -> Parameter:
    return Parameter(name=name, place=place, required=required, shape=text(name))


def pets(api: str, *, extra: tuple[str, ...] = ()) -> list[Operation]:
    """Describe a small API of pets, their owners and visits."""
    pet = Shape(
        type="object",
        fields=(
            text("id"), text("name"), text("ownerId"), text("breed"), text("microchip"),
            *map(text, extra), text("self_href"),
        ),
    )  # fmt: skip
    owner = Shape(type="object", fields=(text("id"), text("name"), text("phone")))
    visit = Shape(
        type="object",
        fields=(
            text("visit_id"),
            text("reason"),
            Shape(name="pet", type="object", fields=(text("id"),)),
        ),
    )
    return [
        Operation(api=api, name="list_pets", path="/pets", resource="pet", many=True, gives=pet),
        Operation(
            api=api, name="get_pet", path="/pets/{petId}", resource="pet",
            takes=(takes("petId"),), gives=pet,
        ),
        Operation(api=api, name="list_owners", path="/owners", resource="owner", many=True,
            gives=owner),
        Operation(
            api=api, name="list_pets_of", path="/owners/{id}/pets", resource="pet", many=True,
            takes=(takes("id"),), gives=pet,
        ),
        Operation(
            api=api, name="add_visit", path="/pets/{pet_id}/visits", resource="visit", writes=True,
            takes=(takes("pet_id"), takes("reason", "body")), gives=visit,
        ),
    ]  # fmt: skip


def graph_of(operations: list[Operation], **thresholds) -> tuple[list[Signature], ToolGraph]:
    signatures = [signature(one) for one in operations]
    return signatures, build_graph(signatures, Thresholds(**thresholds))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("petId", ("pet", "id")), ("pet_ids", ("pet", "id")), ("HTTPServers", ("http", "server")),
        ("order-lines", ("order", "line")), ("v2Boxes", ("v", "2", "box")), ("", ()), ("--", ()),
    ],
)  # fmt: skip
def test_names_are_words(name: str, found: tuple[str, ...]) -> None:
    assert words(name) == found


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("pets", "pet"), ("companies", "company"), ("boxes", "box"), ("addresses", "address"),
        ("status", "status"), ("analysis", "analysis"), ("news", "news"), ("gas", "gas"),
        ("batches", "batch"), ("series", "series"),
    ],
)  # fmt: skip
def test_plurals_meet_their_singular(plural: str, one: str) -> None:
    assert singular(plural) == one


def test_an_identifier_has_the_name_of_what_it_identifies() -> None:
    """`/pets/{petId}`, `/owners/{id}/pets`, `pet_id`, and the `id` of a pet are of two names."""
    found = {one.name: signature(one) for one in pets("a")}

    assert [t.name for t in found["get_pet"].takes] == ["pet id"]
    assert [t.name for t in found["list_pets_of"].takes] == ["owner id"]
    assert [t.name for t in found["add_visit"].takes] == ["pet id", "reason"]
    assert {t.name for t in found["add_visit"].gives if t.mark} == {"visit id", "pet id"}
    assert "self href" not in {t.name for t in found["list_pets"].gives}


def test_what_gives_an_identifier_leads_to_what_needs_it() -> None:
    """Each edge says which name it stands on; lists of the thing itself come first."""
    signatures, graph = graph_of(pets("a"))
    edges = {
        (signatures[e.source].name, signatures[e.target].name): e
        for e in graph.edges
        if e.kind == "supplies"
    }

    assert ("list_pets", "get_pet") in edges
    assert ("list_owners", "list_pets_of") in edges
    assert ("list_pets", "list_pets_of") in edges  # a pet names its owner
    assert edges["list_pets", "add_visit"].evidence == (
        "pet id: given by list_pets, needed by add_visit"
    )
    assert edges["list_pets", "get_pet"].weight == Thresholds().same_api


def test_a_second_version_is_left_out_and_a_like_one_is_linked() -> None:
    """The same resource of one provider counts once; one of another provider is alike."""
    noise = [
        Operation(
            api=f"n{n}.com", name="get", resource=f"thing{n}",
            gives=Shape(type="object", fields=tuple(text(f"field{n}x{k}") for k in range(6))),
        )
        for n in range(20)
    ]  # fmt: skip
    both = pets("vets.com:v1") + pets("vets.com:v2") + pets("other.org", extra=("weight",)) + noise
    _, graph = graph_of(both)

    assert graph.left_out["another version of an operation that is there"] == 5
    assert graph.operations == 10 + len(noise)
    alike = [edge for edge in graph.edges if edge.kind == "alike"]
    assert alike
    assert all("both have" in edge.evidence for edge in alike)
    assert max(edge.weight for edge in alike) <= Thresholds().other_provider


def test_a_name_that_all_use_links_nobody() -> None:
    """`tenant id` of a hundred APIs does not tie them together."""
    pool = []
    for n in range(60):
        thing = Shape(type="object", fields=(text("tenant_id"), text(f"own{n}")))
        pool += [
            Operation(api=f"a{n}", name="list", resource=f"r{n}", many=True, gives=thing),
            Operation(
                api=f"b{n}", name="get", resource=f"s{n}", takes=(takes("tenant_id", "query"),),
                gives=Shape(type="object", fields=(text(f"other{n}"),)),
            ),
        ]  # fmt: skip
    _, graph = graph_of(pool)

    assert not graph.edges
    assert graph.left_out["name too common to link APIs"] == 1
    assert graph.left_out["identifier that nothing supplies"] == 60


@given(
    strategies.lists(strategies.integers(1, 20), min_size=1, max_size=5),
    strategies.integers(0, 10**6),
    strategies.integers(1, 3),
    strategies.integers(3, 9),
)
def test_each_resource_is_in_one_community_of_a_fit_size(
    groups: list[int], seed: int, least: int, most: int
) -> None:
    """Planted groups of resources that supply each other are never too large, and never mixed."""
    pool: list[Operation] = []
    planted: dict[int, int] = {}
    rng = random.Random(seed)
    for group, size in enumerate(groups):
        for n in range(size):
            other = rng.randrange(size)
            gives = Shape(type="object", fields=(text("id"), text(f"mark{group}x{other}_id")))
            planted[len(pool)] = group
            pool.append(
                Operation(
                    api=f"api{group}", name=f"list{n}", path=f"/mark{group}x{n}s",
                    resource=f"mark{group}x{n}", many=True, gives=gives,
                    takes=(takes(f"mark{group}x{rng.randrange(size)}_id", "query"),),
                )
            )  # fmt: skip
    _, graph = graph_of(pool)
    found, modularity = find_communities(graph, Sizes(least=least, most=most), seed=seed)

    assert sorted(o for one in found for o in one.operations) == list(range(len(pool)))
    assert all(1 <= len(one.resources) <= most for one in found)
    assert all(len({planted[o] for o in one.operations}) == 1 for one in found)
    assert -0.5 <= modularity <= 1
    again, _ = find_communities(graph, Sizes(least=least, most=most), seed=seed)
    assert again == found


def test_an_empty_pool_has_no_communities() -> None:
    _, graph = graph_of([])

    assert find_communities(graph, Sizes(), seed=0) == ([], 0.0)


def one_of(api: str, resource: str, gives: str = "", takes_: str = "", **more) -> Operation:
    """Describe an operation that gives one name and takes another."""
    shape = Shape(type="object", fields=(text(gives), text("x"), text("y"))) if gives else None
    return Operation(
        api=api, name=f"{more.pop('verb', 'get')}_{resource}", path=f"/{resource}s",
        resource=resource, gives=shape, takes=(takes(takes_, "query"),) if takes_ else (), **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("giver", "taker", "given_", "needed", "linked"),
    [
        ("a.com", "a.com", "user_id", "user_id", True),
        ("a.com:x", "a.com:y", "user_id", "user_id", True),
        ("a.com:x", "a.com:y", "owner_id", "owner_id", False),
        ("a.com", "b.com", "user_id", "user_id", False),
        ("a.com", "b.com", "user_code", "user_code", True),
    ],
)
def test_identifiers_count_where_they_are_issued(
    giver: str, taker: str, given_: str, needed: str, linked: bool
) -> None:
    """Of another API only what it is about supplies, of another provider only a standard."""
    _, graph = graph_of([
        one_of(giver, "user", given_), one_of(taker, "order", takes_=needed),
    ])  # fmt: skip

    assert bool(graph.edges) == linked


def test_what_is_deleted_supplies_nothing() -> None:
    gone = one_of("a.com", "user", "user_id", verb="delete", writes=True)
    _, graph = graph_of([gone, one_of("a.com", "order", takes_="user_id")])

    assert not graph.edges


def test_what_all_need_links_little() -> None:
    """The account in every path says where, so that its edges are light."""
    many = [one_of("a.com", f"thing{n}", takes_="account_id") for n in range(40)]
    _, graph = graph_of([one_of("a.com", "account", "account_id"), *many], hub=20)

    assert {edge.weight for edge in graph.edges if edge.kind == "supplies"} == {0.5}
