"""Sources that ask for trouble, each a schema of its own."""

from __future__ import annotations

__all__ = ["SOURCES"]

SOURCES = {
    # Tables and columns called like keywords, generated columns of generated columns, a trigger.
    "words": """
CREATE TABLE "order" (id INTEGER PRIMARY KEY, "select" TEXT NOT NULL, "group" TEXT CHECK
    ("group" IN ('a','b')), net INTEGER NOT NULL DEFAULT 0, tax INTEGER GENERATED ALWAYS
    AS (net * 2) VIRTUAL, gross INTEGER GENERATED ALWAYS AS (net + tax) STORED, parent_id
    INTEGER REFERENCES "order"(id));
CREATE TABLE "table" (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES
    "order"(id) ON DELETE CASCADE, quantity INTEGER NOT NULL CHECK (quantity>0), price
    DECIMAL(10,6) NOT NULL, total DECIMAL(12,6), "index" TEXT);
CREATE TRIGGER t AFTER INSERT ON "table" BEGIN UPDATE "order" SET net = net + NEW.quantity
    WHERE id = NEW.order_id; END;
CREATE TABLE "user" (id INTEGER PRIMARY KEY, email TEXT UNIQUE NOT NULL, full_name TEXT,
    birth_date DATE, phone TEXT, password TEXT);
CREATE TABLE "from" (user_id INTEGER NOT NULL REFERENCES "user"(id), order_id INTEGER NOT
    NULL REFERENCES "order"(id), role TEXT, PRIMARY KEY(user_id, order_id));
""",
    # Fields called as a page of rows is, and a table without one word that can be said.
    "pages": """
CREATE TABLE shelf (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, items TEXT NOT NULL,
    total INTEGER NOT NULL, pages INTEGER);
CREATE TABLE folder (id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE, items INTEGER NOT
    NULL, shelf_id INTEGER NOT NULL REFERENCES shelf(id));
CREATE TABLE xqzt (folder_id INTEGER NOT NULL REFERENCES folder(id), shelf_id INTEGER NOT
    NULL REFERENCES shelf(id), PRIMARY KEY (folder_id, shelf_id));
""",
    # A partial unique index, decimals of scale 0 and 6, statuses in two languages.
    "tongues": """
CREATE TABLE account (account_no TEXT PRIMARY KEY, owner_id INTEGER NOT NULL REFERENCES
    customer(id), balance DECIMAL(12,0) NOT NULL, reserve DECIMAL(14,6) NOT NULL DEFAULT
    0, currency CHAR(3) NOT NULL, status TEXT NOT NULL DEFAULT 'offen' CHECK (status IN
    ('offen','gesperrt','geschlossen')), CHECK (balance >= 0));
CREATE TABLE customer (id INTEGER PRIMARY KEY, first_name TEXT NOT NULL, last_name TEXT
    NOT NULL, email TEXT NOT NULL UNIQUE, date_of_birth DATE NOT NULL, statut TEXT CHECK
    (statut IN ('actif','suspendu','clos')), tier TEXT CHECK (tier IN
    ('gold','silver','basic')));
CREATE TABLE entry (account_no TEXT NOT NULL REFERENCES account(account_no), seq INTEGER
    NOT NULL, amount DECIMAL(14,6) NOT NULL, booked_at TIMESTAMP NOT NULL, PRIMARY KEY
    (account_no, seq));
CREATE TABLE entry_note (id INTEGER PRIMARY KEY, account_no TEXT NOT NULL, seq INTEGER NOT
    NULL, note TEXT, FOREIGN KEY (account_no, seq) REFERENCES entry(account_no, seq));
CREATE UNIQUE INDEX one_open ON account(owner_id, currency) WHERE status = 'offen';
""",
    # A table that refers to itself and keeps totals of its children.
    "tree": """
CREATE TABLE node (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES node(id), name
    TEXT NOT NULL, weight INTEGER NOT NULL, total_weight INTEGER NOT NULL DEFAULT 0,
    child_count INTEGER NOT NULL DEFAULT 0);
INSERT INTO node VALUES
    (1,NULL,'root',5,7,2),(2,1,'left',3,4,1),(3,1,'right',4,0,0),(4,2,'leaf',4,0,0),(5,NULL,'other',9,0,0);
""",
    # A link with three ends, and spans of time.
    "ends": """
CREATE TABLE doctor (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE);
CREATE TABLE nurse (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE ward (code CHAR(4) PRIMARY KEY, name TEXT NOT NULL, beds INTEGER NOT NULL
    CHECK (beds BETWEEN 1 AND 40));
CREATE TABLE duty (doctor_id INTEGER NOT NULL REFERENCES doctor(id), nurse_id INTEGER NOT
    NULL REFERENCES nurse(id), ward_code CHAR(4) NOT NULL REFERENCES ward(code), hours
    DECIMAL(4,1) NOT NULL DEFAULT 8, PRIMARY KEY (doctor_id, nurse_id, ward_code));
CREATE TABLE shift (id INTEGER PRIMARY KEY, ward_code CHAR(4) NOT NULL REFERENCES
    ward(code), starts_at TIMESTAMP NOT NULL, ends_at TIMESTAMP NOT NULL, status TEXT NOT
    NULL DEFAULT 'geplant' CHECK (status IN ('geplant','begonnen','beendet','cancelled')),
    CHECK (ends_at > starts_at));
""",
    # Two amounts, a generated line total, a status history, stock.
    "amounts": """
CREATE TABLE warehouse (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
CREATE TABLE product (sku TEXT PRIMARY KEY, name TEXT NOT NULL, price DECIMAL(10,2) NOT
    NULL CHECK (price>0), cost DECIMAL(10,6));
CREATE TABLE stock (warehouse_id INTEGER NOT NULL REFERENCES warehouse(id), sku TEXT NOT
    NULL REFERENCES product(sku), quantity INTEGER NOT NULL DEFAULT 0 CHECK (quantity >=
    0), reserved INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(warehouse_id, sku));
CREATE TABLE client (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE NOT
    NULL, phone TEXT, credit_limit DECIMAL(10,2));
CREATE TABLE sales_order (id INTEGER PRIMARY KEY, client_id INTEGER NOT NULL REFERENCES
    client(id), placed_at TIMESTAMP NOT NULL, status TEXT NOT NULL DEFAULT 'new'
    CHECK(status IN ('new','paid','shipped','delivered','cancelled')), net_amount
    DECIMAL(12,2) NOT NULL DEFAULT 0, gross_amount DECIMAL(12,2) NOT NULL DEFAULT 0,
    shipped_at TIMESTAMP);
CREATE TABLE sales_order_line (order_id INTEGER NOT NULL REFERENCES sales_order(id),
    line_no INTEGER NOT NULL, sku TEXT NOT NULL REFERENCES product(sku), quantity INTEGER
    NOT NULL CHECK(quantity>0), unit_price DECIMAL(10,2) NOT NULL, line_total
    DECIMAL(12,2) GENERATED ALWAYS AS (quantity*unit_price) STORED, PRIMARY
    KEY(order_id,line_no));
CREATE TABLE sales_order_history (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL
    REFERENCES sales_order(id), old_status TEXT, new_status TEXT NOT NULL, changed_at
    TIMESTAMP NOT NULL);
""",
    # Names in other scripts, and columns called like parameters of searches.
    "letters": """
CREATE TABLE "Größe" ("Schlüssel" INTEGER PRIMARY KEY, "Name" TEXT NOT NULL UNIQUE, "Wert"
    DECIMAL(8,3));
CREATE TABLE "注文" ("番号" INTEGER PRIMARY KEY, "状態" TEXT NOT NULL CHECK ("状態" IN
    ('新規','発送済','取消')), "金額" INTEGER NOT NULL, "サイズ" INTEGER REFERENCES
    "Größe"("Schlüssel"));
CREATE TABLE class (id INTEGER PRIMARY KEY, def TEXT NOT NULL, import TEXT, "return"
    INTEGER CHECK ("return" <> 0), lambda BOOLEAN NOT NULL DEFAULT 0);
CREATE TABLE "all" (id INTEGER PRIMARY KEY, class_id INTEGER NOT NULL REFERENCES
    class(id), "limit" INTEGER NOT NULL, "offset" INTEGER NOT NULL, page INTEGER, sort_by
    TEXT, "descending" BOOLEAN, UNIQUE(class_id, "limit"), CHECK ("limit" >= "offset"));
""",
    # References before their tables, an exclusion, fees, a count.
    "club": """
CREATE TABLE member (member_no CHAR(6) PRIMARY KEY, first_name TEXT NOT NULL, last_name
    TEXT NOT NULL, birth_date DATE NOT NULL, email TEXT UNIQUE, phone TEXT, referred_by
    CHAR(6) REFERENCES member(member_no), points INTEGER NOT NULL DEFAULT 0, level TEXT
    NOT NULL DEFAULT 'basic' CHECK(level IN ('basic','silver','gold')));
CREATE TABLE booking (id INTEGER PRIMARY KEY, member_no CHAR(6) NOT NULL REFERENCES
    member(member_no), court_id INTEGER NOT NULL REFERENCES court(id), starts_at TIMESTAMP
    NOT NULL, ends_at TIMESTAMP NOT NULL, status TEXT NOT NULL DEFAULT 'requested'
    CHECK(status IN ('requested','confirmed','cancelled','done')), fee DECIMAL(8,2) NOT
    NULL DEFAULT 10 CHECK(fee>=0), cancelled_at TIMESTAMP, EXCLUDE USING gist (court_id
    WITH =, tsrange(starts_at, ends_at) WITH &&));
CREATE TABLE court (id INTEGER PRIMARY KEY, name TEXT NOT NULL, open BOOLEAN NOT NULL
    DEFAULT 1, booking_count INTEGER NOT NULL DEFAULT 0);
CREATE TABLE payment (id INTEGER PRIMARY KEY, booking_id INTEGER NOT NULL REFERENCES
    booking(id), amount DECIMAL(8,2) NOT NULL CHECK(amount>0), kind TEXT NOT NULL CHECK
    (kind IN ('card','cash','refund')), paid_at TIMESTAMP NOT NULL);
""",
    # Keys that are references, references to keys of three columns, names of one letter.
    "keys": """
CREATE TABLE a (x INTEGER, y INTEGER, v INTEGER CHECK (v > 5), PRIMARY KEY(x,y));
CREATE TABLE b (x INTEGER, y INTEGER, z TEXT, c_id INTEGER, PRIMARY KEY(x,y,z), FOREIGN
    KEY(x,y) REFERENCES a(x,y));
CREATE TABLE c (id INTEGER PRIMARY KEY, bx INTEGER, by INTEGER, bz TEXT, FOREIGN
    KEY(bx,by,bz) REFERENCES b(x,y,z));
CREATE TABLE d (only_ref INTEGER PRIMARY KEY REFERENCES c(id));
CREATE TABLE e (k TEXT);
""",
    # Transfers between two rows of one table, a secret.
    "wallets": """
CREATE TABLE wallet (id INTEGER PRIMARY KEY, holder_name TEXT NOT NULL, iban TEXT UNIQUE
    NOT NULL, pin TEXT NOT NULL, balance DECIMAL(18,0) NOT NULL CHECK(balance>=0), bonus
    DECIMAL(18,6) NOT NULL DEFAULT 0);
CREATE TABLE transfer (id INTEGER PRIMARY KEY, from_wallet INTEGER NOT NULL REFERENCES
    wallet(id), to_wallet INTEGER NOT NULL REFERENCES wallet(id), amount DECIMAL(18,0) NOT
    NULL CHECK(amount>0), created_at TIMESTAMP NOT NULL, estado TEXT NOT NULL DEFAULT
    'pendiente' CHECK(estado IN ('pendiente','approved','rechazado')),
    CHECK(from_wallet<>to_wallet));
""",
    # Tenants, two references to one table, a link of three ends.
    "tickets": """
CREATE TABLE tenant (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, plan TEXT NOT NULL
    CHECK(plan IN ('free','pro')), seats INTEGER NOT NULL, seats_used INTEGER NOT NULL
    DEFAULT 0);
CREATE TABLE person (id INTEGER PRIMARY KEY, tenant_id INTEGER NOT NULL REFERENCES
    tenant(id), email TEXT NOT NULL, name TEXT NOT NULL, UNIQUE(tenant_id,email));
CREATE TABLE ticket (id INTEGER PRIMARY KEY, reporter_id INTEGER NOT NULL REFERENCES
    person(id), assignee_id INTEGER REFERENCES person(id), state TEXT NOT NULL DEFAULT
    'open' CHECK(state IN ('open','pending','solved','closed')), priority INTEGER
    CHECK(priority BETWEEN 1 AND 5), opened_at TIMESTAMP NOT NULL, closed_at TIMESTAMP,
    due_on DATE, updated_at TIMESTAMP);
CREATE TABLE watch (ticket_id INTEGER NOT NULL REFERENCES ticket(id), person_id INTEGER
    NOT NULL REFERENCES person(id), tag_id INTEGER NOT NULL REFERENCES tag(id), PRIMARY
    KEY (ticket_id,person_id,tag_id));
CREATE TABLE tag (id INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE);
CREATE TABLE comment (ticket_id INTEGER NOT NULL REFERENCES ticket(id), n INTEGER NOT
    NULL, body TEXT NOT NULL, hours DECIMAL(6,2), PRIMARY KEY(ticket_id,n));
""",
}
