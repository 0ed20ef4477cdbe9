-- A container port: vessels call, containers move, charges follow.
-- Written for this project; PostgreSQL dialect. Rows are fictional and made by `agentgym build`.

CREATE TYPE vessel_type AS ENUM ('container ship', 'bulk carrier', 'tanker', 'car carrier', 'ferry');
CREATE TYPE call_status AS ENUM ('announced', 'arrived', 'departed', 'cancelled');
CREATE TYPE charge_status AS ENUM ('open', 'paid', 'disputed');

CREATE TABLE shipping_lines (
    line_id     serial PRIMARY KEY,
    name        varchar(80) NOT NULL UNIQUE,
    scac_code   char(4) NOT NULL UNIQUE,
    country     varchar(60) NOT NULL,
    credit_limit_usd numeric(12, 2) NOT NULL CHECK (credit_limit_usd >= 0)
);

CREATE TABLE vessels (
    vessel_id    serial PRIMARY KEY,
    imo_number   char(7) NOT NULL UNIQUE,
    name         varchar(60) NOT NULL,
    type         vessel_type NOT NULL,
    line_id      integer NOT NULL,
    length_m     numeric(6, 2) NOT NULL CHECK (length_m > 0),
    draught_m    numeric(4, 2) NOT NULL CHECK (draught_m > 0),
    built_year   integer NOT NULL CHECK (built_year BETWEEN 1970 AND 2024)
);
COMMENT ON COLUMN vessels.imo_number IS 'Number that identifies the hull for life';

CREATE TABLE berths (
    berth_id    serial PRIMARY KEY,
    name        varchar(40) NOT NULL UNIQUE,
    depth_m     numeric(4, 2) NOT NULL CHECK (depth_m > 0),
    crane_count integer NOT NULL DEFAULT 0 CHECK (crane_count >= 0)
);

CREATE TABLE pilots (
    pilot_id       serial PRIMARY KEY,
    first_name     varchar(40) NOT NULL,
    last_name      varchar(40) NOT NULL,
    licence_number varchar(12) NOT NULL UNIQUE,
    phone          varchar(24) NOT NULL
);

CREATE TABLE port_calls (
    call_id      serial PRIMARY KEY,
    voyage_number varchar(12) NOT NULL UNIQUE,
    vessel_id    integer NOT NULL,
    berth_id     integer,
    pilot_id     integer,
    arrival_at   timestamp NOT NULL,
    departure_at timestamp,
    status       call_status NOT NULL DEFAULT 'announced',
    movement_count integer NOT NULL DEFAULT 0,
    created_at   timestamp NOT NULL DEFAULT now(),
    CHECK (arrival_at < departure_at),
    -- One vessel at a berth at a time.
    EXCLUDE USING gist (berth_id WITH =, tsrange(arrival_at, departure_at) WITH &&) WHERE (status <> 'cancelled')
);

CREATE TABLE containers (
    container_number char(11) PRIMARY KEY,
    line_id     integer NOT NULL,
    size_feet   integer NOT NULL CHECK (size_feet IN (20, 40, 45)),
    tare_weight_kg integer NOT NULL CHECK (tare_weight_kg > 0),
    is_refrigerated boolean NOT NULL DEFAULT false
);

CREATE TABLE cargo_movements (
    movement_id      serial PRIMARY KEY,
    call_id          integer NOT NULL,
    container_number char(11) NOT NULL,
    direction        varchar(12) NOT NULL CHECK (direction IN ('load', 'discharge', 'restow')),
    gross_weight_kg  integer NOT NULL CHECK (gross_weight_kg > 0),
    seal_number      varchar(16),
    moved_at         timestamp NOT NULL
);

CREATE TABLE charges (
    charge_id   serial PRIMARY KEY,
    call_id     integer NOT NULL,
    description varchar(120) NOT NULL,
    amount_usd  numeric(10, 2) NOT NULL CHECK (amount_usd >= 0),
    billed_on   date NOT NULL,
    status      charge_status NOT NULL DEFAULT 'open'
);

ALTER TABLE ONLY vessels ADD CONSTRAINT vessels_line_fk FOREIGN KEY (line_id) REFERENCES shipping_lines (line_id);
ALTER TABLE ONLY port_calls ADD CONSTRAINT calls_vessel_fk FOREIGN KEY (vessel_id) REFERENCES vessels (vessel_id);
ALTER TABLE ONLY port_calls ADD CONSTRAINT calls_berth_fk FOREIGN KEY (berth_id) REFERENCES berths (berth_id);
ALTER TABLE ONLY port_calls ADD CONSTRAINT calls_pilot_fk FOREIGN KEY (pilot_id) REFERENCES pilots (pilot_id);
ALTER TABLE ONLY containers ADD CONSTRAINT containers_line_fk FOREIGN KEY (line_id) REFERENCES shipping_lines (line_id);
ALTER TABLE ONLY cargo_movements ADD CONSTRAINT movements_call_fk FOREIGN KEY (call_id) REFERENCES port_calls (call_id);
ALTER TABLE ONLY cargo_movements ADD CONSTRAINT movements_container_fk FOREIGN KEY (container_number) REFERENCES containers (container_number);
ALTER TABLE ONLY charges ADD CONSTRAINT charges_call_fk FOREIGN KEY (call_id) REFERENCES port_calls (call_id);
