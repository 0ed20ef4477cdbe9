"""A shop, written for tests, as an SQL script, as a SQLite database and as a Turtle graph."""

from __future__ import annotations

import sqlite3
from pathlib import Path

__all__ = ["SCRIPT", "graph", "script", "sqlite"]

SCRIPT = """
CREATE TABLE region (region_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE customer (
  customer_id INTEGER PRIMARY KEY,
  full_name TEXT NOT NULL,
  email TEXT NOT NULL UNIQUE,
  credit DECIMAL(10,2) NOT NULL CHECK (credit >= 0),
  joined DATE NOT NULL,
  region_id INTEGER NOT NULL REFERENCES region (region_id)
);
CREATE TABLE product (
  product_id INTEGER PRIMARY KEY,
  title TEXT NOT NULL UNIQUE,
  price DECIMAL(8,2) NOT NULL CHECK (price > 0),
  stock INTEGER NOT NULL CHECK (stock >= 0)
);
CREATE TABLE orders (
  order_id INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customer (customer_id),
  ordered_at DATETIME NOT NULL,
  status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'shipped', 'cancelled'))
);
CREATE TABLE order_line (
  order_id INTEGER NOT NULL REFERENCES orders (order_id),
  product_id INTEGER NOT NULL REFERENCES product (product_id),
  quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 99),
  PRIMARY KEY (order_id, product_id)
);
"""

_FIRST = "Ada Ben Cleo Dev Eli Fay Gus Hal Ida Jan Kay Leo".split()
_LAST = "Adler Bauer Cohen Dietz Ebner Frank Gross Huber".split()
_GOODS = "Lamp Chair Kettle Mirror Basket Ladder Candle Pillow Bucket Clock".split()
_REGIONS = "North East South West Coast".split()


def script(path: Path) -> Path:
    """Write the tables as an SQL script; it holds no rows."""
    path.write_text(SCRIPT)
    return path


def sqlite(path: Path) -> Path:
    """Write tables and rows as a SQLite database."""
    base = sqlite3.connect(path)
    base.executescript(SCRIPT)
    base.executemany("INSERT INTO region VALUES (?, ?)", list(enumerate(_REGIONS, 1)))
    for n in range(40):
        first, last = _FIRST[n % len(_FIRST)], _LAST[(n * 5 + n // 12) % len(_LAST)]
        mail = f"{first}.{last}{n}@mail.test".lower()
        base.execute(
            "INSERT INTO customer VALUES (?, ?, ?, ?, ?, ?)",
            (n + 1, f"{first} {last}", mail, n * 7.5, f"2023-{n % 12 + 1:02d}-11", n % 5 + 1),
        )
    for n in range(20):
        title = f"{['Red', 'Blue'][n % 2]} {_GOODS[n // 2]}"
        base.execute("INSERT INTO product VALUES (?, ?, ?, ?)", (n + 1, title, 3.25 + n, n * 3))
    for n in range(70):
        base.execute(
            "INSERT INTO orders VALUES (?, ?, ?, ?)",
            (
                n + 1,
                n * 11 % 40 + 1,
                f"2024-0{n % 6 + 1}-{n % 27 + 1:02d} 1{n % 10}:15:00",
                ("open", "shipped", "cancelled")[n % 3],
            ),
        )
        for product in sorted({n % 20 + 1, n * 3 % 20 + 1}):
            base.execute("INSERT INTO order_line VALUES (?, ?, ?)", (n + 1, product, n % 7 + 1))
    base.commit()
    base.close()
    return path


def graph(path: Path) -> Path:
    """Write customers and regions as a Turtle graph."""
    lines = [
        "@prefix id: <http://example.org/id/> .",
        "@prefix v: <http://example.org/vocab#> .",
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .",
    ]
    lines += [f'id:r{n} a v:Region ; rdfs:label "{name}" .' for n, name in enumerate(_REGIONS)]
    for n in range(30):
        name = f"{_GOODS[n % 10]} House {n // 10 + 1}"
        lines.append(
            f'id:s{n} a v:Shop ; rdfs:label "{name}" ; v:floor_area {n * 17 % 23 * 10 + 40} ; '
            f'v:in_region id:r{n * 7 % 5} ; v:phone "0{n}55-{n * 31}" .'
        )
    for n in range(60):
        lines.append(
            f'id:c{n} a v:Clerk ; rdfs:label "{_FIRST[n % 12]} {_LAST[n % 7]} {n}" ; '
            f"v:works_in id:s{n * 13 % 30} ; v:wage {n * 37 % 41 + 20} ."
        )
    path.write_text("\n".join(lines) + "\n")
    return path
