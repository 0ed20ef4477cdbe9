"""Who is served at the desk: the party, what is theirs, and the tool that identifies them.

A `Schema` comes in. The party is the kind of person with whom the desk deals: a customer, a
patient, a student, a user. `owner_paths` says over which references each row leads to its
person, `identify_tool` makes the tool with which the agent finds out who is there.
Next: `tools.derive.rules`, which protects what is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from agentgym.rules.english import a, listing
from agentgym.schema import Entity, Field, Relation, Schema
from agentgym.tools.algebra import Argument, Identify, Tool
from agentgym.tools.derive import filters as choice
from agentgym.tools.derive import texts
from agentgym.tools.derive.desk import Desk
from agentgym.tools.derive.naming import Parameters

__all__ = ["DECLARED", "identify_tool", "owner_paths", "party"]

DECLARED = "principal: declared"
"""Evidence of an entity of which its source says that the desk is there for it."""

_SERVED = frozenset(
    "customer client patient guest passenger student pupil learner subscriber borrower tenant "
    "buyer shopper patron policyholder cardholder accountholder holder beneficiary donor insured "
    "applicant requester requestor candidate attendee participant registrant traveler traveller "
    "visitor citizen "
    "resident taxpayer cliente kunde klant paciente patiente".split()
)
"""Heads of names of those for whom a desk is there."""
_SOMEBODY = frozenset(
    "user member account person people contact player author reader individual parent "
    "usuario utilisateur benutzer persona personne pessoa owner human".split()
)
_STAFF = frozenset(
    "employee staff worker agent doctor physician nurse teacher professor instructor clerk "
    "technician driver officer salesperson manager provider practitioner engineer operator "
    "librarian caregiver carer pilot captain skipper crew coach trainer therapist dentist courier "
    "mechanic cashier salesman saleswoman seller representative auditor inspector supervisor "
    "steward porter chef waiter guard".split()
)
_FIRMS = frozenset(
    "firm line carrier agency shipper consignee consignor charterer dealer reseller distributor "
    "franchisee merchant operator".split()
)
"""Heads of names of businesses that are served where no person is."""
_NOBODY = frozenset(
    "supplier vendor company organization organisation department store shop branch warehouse "
    "address location place site facility airport airline hotel school hospital publisher "
    "manufacturer brand city country region office bank institution tenancy project team group "
    "order invoice payment shipment message notification mail email phone artist actor album "
    "film book product item event session token setting device log history".split()
)
"""Heads of names of what has contact data, or is called by names, and is no person to serve."""

_BIRTH = frozenset("birth born birthday birthdate dob".split())
_POST = frozenset("postcode postal zip zipcode".split())
_MAIL = frozenset("email mail".split())
_PHONE = frozenset("phone telephone mobile cellphone cell tel".split())
_LAST = frozenset("last family sur surname lastname".split())
_LOGIN = frozenset("username login nick nickname handle".split())
_OPAQUE = frozenset("uuid guid hash".split())

_THEIRS = frozenset(
    "owner holder author creator requester requestor reporter buyer purchaser submitter sender "
    "payer player insured beneficiary".split()
) | (_SERVED | {"user", "member"})
_MADE = frozenset(
    "creator created author requester requestor reporter submitter sender uploader writer".split()
)
"""What people are called after what they made: what others put there is not theirs."""
_PARTS = frozenset("line item detail entry position".split())
_NOT_THEIRS = frozenset(
    "updated modified approved approver reviewed reviewer closed closer deleted assigned assignee "
    "changed editor edited verified verifier resolved resolver moderator manager supervisor "
    "handler handled processed referrer recipient receiver invited inviter cancelled locked "
    "archived merged seller operator agent staff employee last_updater updater".split()
)


def party(schema: Schema) -> Entity | None:
    """Return the kind of person who is served; None where the schema knows of nobody.

    A person has a name or contact data, can be identified by what tools show, and other rows
    refer to it. One for whom desks exist (a customer) goes before one who may be anybody (a
    user), who goes before a business and before staff; among equals, the one to whom most kinds
    of rows belong. Staff are served only where the schema knows of nobody else: what they do for
    customers is not theirs. What a source declares (`DECLARED`) goes before all.
    """
    for entity in schema.entities:
        if DECLARED in entity.evidence and _facts(schema, entity):
            return entity if len(owner_paths(schema, entity)) > 1 else None
    others = any(_head(entity) in _SERVED for entity in schema.entities)
    best: tuple[tuple[int, int], Entity] | None = None
    for entity in schema.entities:
        rank = _rank(schema, entity)
        if rank is None or (rank == _STAFF_RANK and others) or not _facts(schema, entity):
            continue
        theirs = len(owner_paths(schema, entity)) - 1
        if theirs and (best is None or (rank, -theirs) < best[0]):
            best = (rank, -theirs), entity
    return None if best is None else best[1]


def owner_paths(schema: Schema, party: Entity) -> dict[str, tuple[str, ...]]:
    """Tell over which relations the rows of each entity lead to the row of their person.

    Args:
        schema: The schema.
        party: Whose rows they are.

    Returns:
        Entity name to the names of relations, each from child to parent; empty for the party
        itself. The shortest way counts, where a reference that may be empty counts double. An
        entity is left out where no way leads, or where several are as good (of two accounts
        that a payment names, neither says whose it is). What hangs on a thing that somebody made
        is not theirs, but for its parts: who registers for an event is not its creator.
    """
    found: dict[str, tuple[str, ...]] = {party.name: ()}
    costs = {party.name: 0}
    unclear: set[str] = set()
    limit = 2 * len(schema.entities)
    for cost in range(1, limit + 1):
        for entity in schema.entities:
            if entity.name in costs:
                continue
            ways = [
                relation
                for relation in schema.parents(entity.name)
                if _may_own(entity, relation)
                and _passes_on(schema, entity, relation, found)
                and costs.get(relation.target) == cost - _weight(entity, relation)
            ]
            if not ways:
                continue
            costs[entity.name] = cost
            best = _clearest(entity, ways)
            if best is None or best.target in unclear:
                unclear.add(entity.name)
            else:
                found[entity.name] = (best.name, *found[best.target])
    return {e.name: found[e.name] for e in schema.entities if e.name in found}


def identify_tool(desk: Desk | Schema, entity: Entity) -> Tool | None:
    """Make the tool that identifies the user as a row of the entity.

    It takes one field that tells people apart (a unique address or number, an e-mail address,
    else the key) and a second fact that the person knows (date of birth, postcode, last name,
    phone). Only fields that tools may show and people can say are taken.

    Returns:
        The tool; None where the entity has no such fields.
    """
    if isinstance(desk, Schema):
        desk = Desk(desk)
    fields = _facts(desk.schema, entity)
    if not fields:
        return None
    taken = Parameters(entity)
    by = tuple(
        Argument(
            param=taken.take(desk.keys[entity.name].get(field.name, field.name)),
            field=field.name,
            description=texts.argument(entity, replace(field, default=None)),
            required=True,
        )
        for field in fields
    )
    said = listing(texts.noun(entity, field) for field in fields)
    who = "the user" if entity.label == "user" else f"the user as {a(entity.label)}"
    return Tool(
        name=desk.names.take(f"identify_{entity.name}"),
        description=texts.cut(
            f"Identify {who} by {said}, as the user tells them. Needed before anything that is "
            f"only for the {entity.label} concerned."
        ),
        term=Identify(entity=entity.name, by=by),
    )


def _head(entity: Entity) -> str:
    """Return the word that says what a row is: `customer` for `sales_customer`."""
    words = entity.name.split("_")
    while len(words) > 1 and (
        words[-1] in ("info", "detail", "details", "data", "master") or words[-1].isdigit()
    ):
        words.pop()
    return words[-1]


_STAFF_RANK = 4


def _rank(schema: Schema, entity: Entity) -> int | None:
    """Rank what may be the party, the best lowest; None for what is no person."""
    if entity.kind != "record" or not entity.spoken:
        return None
    head = _head(entity)
    if head in _NOBODY or entity.name in _NOBODY:
        return None
    if not any(r.entity != entity.name for r in schema.children(entity.name)):
        return None
    named = any(f.role == "person" for f in entity.fields)
    near = any(f.role == "contact" or _BIRTH & _words(f) for f in entity.fields)
    for rank, words in ((0, _SERVED), (1, _SOMEBODY), (_STAFF_RANK, _STAFF)):
        if head in words:
            return rank if named or near else None
    if head in _FIRMS and any(field.role == "label" for field in entity.fields):
        return 3
    return 2 if named and near else None


def _words(field: Field) -> set[str]:
    return set(field.name.split("_"))


def _facts(schema: Schema, entity: Entity) -> tuple[Field, ...]:
    """Choose the fields that identify a person: one that tells apart, one known besides."""
    pointing = {name for r in schema.parents(entity.name) for name in r.fields}
    sayable = [
        field
        for field in entity.fields
        if choice.visible(field)
        and field.spoken
        and field.role != "audit"
        and field.name not in pointing
        and field.type in ("text", "integer", "date", "datetime")
    ]
    apart = sorted(
        (rank, place, field)
        for place, field in enumerate(sayable)
        for rank in _telling_apart(entity, field)
    )[:1]
    if not apart:
        return ()
    first = apart[0][2]
    mail = bool(_words(first) & _MAIL)
    known = sorted(
        (field.nullable, rank, place, field)
        for place, field in enumerate(sayable)
        if field is not first and field.name not in entity.key
        for rank in _known_besides(field)
        if not (mail and _words(field) & _MAIL)
    )[:1]
    if known:
        return first, known[0][3]
    return (first,) if first.unique and first.name not in entity.key else ()


def _telling_apart(entity: Entity, field: Field) -> Iterator[int]:
    """Yield how well the field tells people apart, the best lowest; nothing if it does not."""
    words = _words(field)
    mail, login = bool(words & _MAIL), bool(words & _LOGIN)
    reach = field.role in ("contact", "code") and (mail or bool(words & _PHONE))
    if words & _OPAQUE or field.type in ("date", "datetime"):
        return
    if entity.key == (field.name,):
        yield 4 if entity.key_source == "text" else 2
    elif field.name in entity.key:
        return
    elif field.unique and (reach or login or field.role == "code"):
        yield (0 if mail else 1) + 4 * field.nullable
    elif mail and field.type == "text" and field.role in ("contact", "other", "text"):
        yield 1 + 4 * field.nullable


def _known_besides(field: Field) -> Iterator[int]:
    """Yield how well the field proves who one is, the best lowest; nothing if it does not."""
    words = _words(field)
    if words & _BIRTH and not words & {"place", "city", "country"}:
        yield 0
    elif field.type in ("date", "datetime"):
        return
    elif words & _POST:
        yield 1
    elif field.role == "person":
        yield 2 if words & _LAST else 4
    elif field.role == "contact" and words & _PHONE:
        yield 3
    elif field.role == "label" and field.type == "text":
        yield 5
    elif words & _LOGIN or (field.role == "contact" and words & _MAIL):
        yield 6


def _may_own(entity: Entity, relation: Relation) -> bool:
    words = set(relation.label.replace("-", " ").split()) | {
        word for name in relation.fields for word in name.split("_")
    }
    words -= set(relation.target.split("_"))
    audit = any(entity.field(name).role == "audit" for name in relation.fields)
    return not audit and relation.target != entity.name and not words & _NOT_THEIRS


def _passes_on(
    schema: Schema, entity: Entity, relation: Relation, found: dict[str, tuple[str, ...]]
) -> bool:
    """Tell whether what belongs to the parent's person makes the child theirs, too."""
    further = found.get(relation.target)
    if not further:
        return True
    last = schema.relation(further[-1])
    made = set(last.label.replace("-", " ").split()) & _MADE
    part = entity.name.startswith(f"{relation.target}_") or _head(entity) in _PARTS
    return part or not made


def _weight(entity: Entity, relation: Relation) -> int:
    return 2 if any(entity.field(name).nullable for name in relation.fields) else 1


def _clearest(entity: Entity, ways: list[Relation]) -> Relation | None:
    """Return the way that says whose a row is; None where several say so alike.

    Of several, the one that cannot be empty, that is called like an owner or like its target,
    that is of the key.
    """

    def rank(relation: Relation) -> tuple[bool, bool, bool]:
        words = set(relation.label.split()) | set(relation.target.split("_"))
        plain = relation.fields[0].startswith(relation.target)
        return (
            _weight(entity, relation) > 1,
            not (plain or words & _THEIRS if relation.label else plain),
            not set(relation.fields) <= set(entity.key) or entity.kind == "link",
        )

    distinct = {(r.fields, r.target): r for r in reversed(ways)}
    ranked = sorted(distinct.values(), key=rank)
    if len(ranked) > 1 and rank(ranked[0]) == rank(ranked[1]):
        return None
    return ranked[0]
