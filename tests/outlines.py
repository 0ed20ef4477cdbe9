"""Outlines as a strong model writes them, for the tests of words."""

from __future__ import annotations

from typing import Any


def field(name: str, type: str = "text", **more: Any) -> dict[str, Any]:
    """Return one field with everything that is not said."""
    usual: dict[str, Any] = {
        "unit": None,
        "nullable": False,
        "unique": False,
        "values": [],
        "least": None,
    }
    return {"name": name, "type": type, **usual, "most": None, **more}


def entity(name: str, plural: str, about: str, *fields: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "plural": plural, "about": about, "fields": list(fields)}


def refer(entity: str, to: str, name: str, **more: Any) -> dict[str, Any]:
    usual = {"optional": False, "one_to_one": False}
    return {"entity": entity, "to": to, "name": name, **usual, **more}


def moves(**states: list[str]) -> list[dict[str, Any]]:
    return [{"state": state, "next": after} for state, after in states.items()]


TOOL_LIBRARY: dict[str, Any] = {
    "title": "Elm Street Tool Library",
    "description": "A tool library lends drills, saws and ladders to neighbours for a few days.",
    "entities": [
        entity(
            "neighbour",
            "neighbours",
            "Somebody who borrows tools.",
            field("full_name"),
            field("email", unique=True),
            field("phone", nullable=True),
            field("street", values=["Elm Street", "Mill Lane", "Park Road", "Station Road"]),
            field("membership", "enum", values=["basic", "supporter", "volunteer"]),
            field("joined_on", "date"),
        ),
        entity(
            "tool",
            "tools",
            "A tool that can be borrowed.",
            field(
                "name",
                values=["Cordless drill", "Circular saw", "Ladder", "Sander", "Hedge trimmer"],
            ),
            field("category", "enum", values=["power", "hand", "garden", "ladder"]),
            field("daily_fee", "decimal", unit="EUR", least=0.5, most=15),
            field("deposit", "decimal", unit="EUR", least=5, most=100),
            field("status", "enum", values=["available", "lent", "in_repair", "retired"]),
        ),
        entity(
            "loan",
            "loans",
            "A tool lent to a neighbour.",
            field("start_date", "date"),
            field("due_date", "date"),
            field("returned_on", "date", nullable=True),
            field("status", "enum", values=["reserved", "out", "returned", "cancelled"]),
            field("days", "integer", unit="days", least=1, most=14),
            field("fee", "decimal", unit="EUR", least=0.5, most=80),
        ),
        entity(
            "repair",
            "repairs",
            "Work on a tool that is broken.",
            field("reported_on", "date"),
            field("fault", values=["Blunt blade", "Broken cable", "Loose handle", "Weak battery"]),
            field("cost", "decimal", unit="EUR", nullable=True, least=5, most=120),
            field("status", "enum", values=["reported", "in_progress", "done"]),
        ),
    ],
    "references": [
        refer("loan", "neighbour", "borrower"),
        refer("loan", "tool", "tool"),
        refer("repair", "tool", "tool"),
        refer("repair", "neighbour", "reporter", optional=True),
    ],
    "lifecycles": [
        {
            "entity": "loan",
            "field": "status",
            "initial": "reserved",
            "moves": moves(reserved=["out", "cancelled"], out=["returned"]),
        },
        {
            "entity": "repair",
            "field": "status",
            "initial": "reported",
            "moves": moves(reported=["in_progress"], in_progress=["done"]),
        },
    ],
    "rules": [
        {"form": "compare", "entity": "loan", "field": "due_date", "op": "ge", "value": None,
         "other": "start_date"},
        {"form": "compare", "entity": "loan", "field": "days", "op": "le", "value": 14,
         "other": None},
        {"form": "at_most", "entity": "loan", "of": "neighbour", "number": 3, "field": "status",
         "values": ["reserved", "out"]},
        {"form": "only_while", "entity": "loan", "actions": ["create"], "to": "tool",
         "field": "status", "values": ["available"]},
        {"form": "no_overlap", "entity": "loan", "same": ["tool"], "start": None, "end": None,
         "field": "status", "values": ["out"]},
    ],
    "derived": [],
    "effects": [
        {"form": "set", "entity": "loan", "when_field": "status", "when_values": ["returned"],
         "to": "tool", "field": "status", "value": "available"},
    ],
}  # fmt: skip

BIKE_WORKSHOP: dict[str, Any] = {
    "title": "Chainring Bike Workshop",
    "description": "A workshop repairs bicycles and sells the parts that it fits.",
    "entities": [
        entity(
            "customer", "customers", "Somebody with a bicycle.",
            field("full_name"), field("email", unique=True), field("city"),
        ),
        entity(
            "bicycle", "bicycles", "A bicycle that was brought in.",
            field("brand", values=["Gazelle", "Trek", "Giant", "Cube", "Koga"]),
            field("frame_number", unique=True),
            field("kind", "enum", values=["city", "road", "mountain", "cargo", "electric"]),
        ),
        entity(
            "mechanic", "mechanics", "Who repairs.",
            field("full_name"), field("hourly_rate", "decimal", unit="EUR", least=30, most=70),
        ),
        entity(
            "part", "parts", "A part in stock.",
            field("name", values=["Chain", "Brake pads", "Inner tube", "Saddle", "Pedals"]),
            field("price", "decimal", unit="EUR", least=4, most=120),
            field("stock", "integer", unit="pieces", least=0, most=60),
        ),
        entity(
            "job", "jobs", "A repair of one bicycle.",
            field("received_on", "date"),
            field("promised_on", "date"),
            field("status", "enum", values=["waiting", "in_work", "ready", "collected"]),
            field("total", "decimal", unit="EUR"),
        ),
        entity(
            "job_part", "job parts", "A part that was fitted.",
            field("quantity", "integer", unit="pieces", least=1, most=4),
            field("unit_price", "decimal", unit="EUR", least=4, most=120),
            field("amount", "decimal", unit="EUR"),
        ),
    ],
    "references": [
        refer("bicycle", "customer", "owner"),
        refer("job", "bicycle", "bicycle"),
        refer("job", "mechanic", "mechanic", optional=True),
        refer("job_part", "job", "job"),
        refer("job_part", "part", "part"),
    ],
    "lifecycles": [
        {
            "entity": "job", "field": "status", "initial": "waiting",
            "moves": moves(waiting=["in_work"], in_work=["ready", "waiting"], ready=["collected"]),
        }
    ],
    "rules": [
        {"form": "compare", "entity": "part", "field": "stock", "op": "ge", "value": 0,
         "other": None},
        {"form": "compare", "entity": "job", "field": "promised_on", "op": "ge", "value": None,
         "other": "received_on"},
        {"form": "only_while", "entity": "job_part", "actions": ["create", "update", "delete"],
         "to": "job", "field": "status", "values": ["waiting", "in_work"]},
        {"form": "unique_together", "entity": "job_part", "fields": ["job", "part"]},
    ],
    "derived": [
        {"form": "product", "entity": "job_part", "field": "amount",
         "factors": ["quantity", "unit_price"]},
        {"form": "sum", "entity": "job", "field": "total", "of": "job_part", "amount": "amount"},
    ],
    "effects": [
        {"form": "adjust", "entity": "job_part", "amount": "quantity", "to": "part",
         "field": "stock", "direction": "down"},
    ],
}  # fmt: skip

FOOD_BANK: dict[str, Any] = {
    "title": "Harbour Food Bank",
    "description": "A food bank hands parcels of donated food to households in need.",
    "entities": [
        entity(
            "household", "households", "A household that is helped.",
            field("contact_name"), field("city"),
            field("people", "integer", least=1, most=8),
            field("status", "enum", values=["applied", "approved", "paused", "closed"]),
        ),
        entity(
            "donor", "donors", "Who gives food.",
            field("name", values=["Corner Bakery", "Green Market", "Fresh Foods", "St Anne's"]),
            field("kind", "enum", values=["shop", "farm", "church", "private"]),
        ),
        entity(
            "food_item", "food items", "A kind of food.",
            field("name", values=["Rice", "Pasta", "Tinned beans", "Milk", "Apples", "Flour"]),
            field("stock", "integer", unit="packs", least=0, most=200),
            field("perishable", "boolean"),
        ),
        entity(
            "donation", "donations", "Food that was given.",
            field("received_on", "date"),
            field("quantity", "integer", unit="packs", least=1, most=40),
        ),
        entity(
            "parcel", "parcels", "Food for one household.",
            field("pickup_date", "date"),
            field("status", "enum", values=["planned", "packed", "handed_out", "missed"]),
            field("line_count", "integer"),
        ),
        entity(
            "parcel_line", "parcel lines", "One food in a parcel.",
            field("quantity", "integer", unit="packs", least=1, most=6),
        ),
    ],
    "references": [
        refer("donation", "donor", "donor"),
        refer("donation", "food_item", "food_item"),
        refer("parcel", "household", "household"),
        refer("parcel_line", "parcel", "parcel"),
        refer("parcel_line", "food_item", "food_item"),
    ],
    "lifecycles": [
        {
            "entity": "household", "field": "status", "initial": "applied",
            "moves": moves(applied=["approved", "closed"], approved=["paused", "closed"],
                           paused=["approved"]),
        },
        {
            "entity": "parcel", "field": "status", "initial": "planned",
            "moves": moves(planned=["packed"], packed=["handed_out", "missed"]),
        },
    ],
    "rules": [
        {"form": "compare", "entity": "food_item", "field": "stock", "op": "ge", "value": 0,
         "other": None},
        {"form": "only_while", "entity": "parcel", "actions": ["create"], "to": "household",
         "field": "status", "values": ["approved"]},
        {"form": "at_most", "entity": "parcel", "of": "household", "number": 2,
         "field": "status", "values": ["planned", "packed"]},
        {"form": "unique_together", "entity": "parcel_line", "fields": ["parcel", "food_item"]},
    ],
    "derived": [
        {"form": "count", "entity": "parcel", "field": "line_count", "of": "parcel_line"},
    ],
    "effects": [
        {"form": "adjust", "entity": "donation", "amount": "quantity", "to": "food_item",
         "field": "stock", "direction": "up"},
        {"form": "adjust", "entity": "parcel_line", "amount": "quantity", "to": "food_item",
         "field": "stock", "direction": "down"},
    ],
}  # fmt: skip

GOOD = {
    "a tool library lends tools to neighbours": TOOL_LIBRARY,
    "a workshop repairs bicycles and sells parts": BIKE_WORKSHOP,
    "a food bank hands out parcels": FOOD_BANK,
}
