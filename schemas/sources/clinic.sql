-- A small outpatient clinic. Written for this project; SQLite dialect.
-- `agentgym build` fills the tables with fictional rows.

CREATE TABLE practitioners (
  practitioner_id INTEGER PRIMARY KEY,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  email VARCHAR(120) NOT NULL UNIQUE,
  specialty TEXT NOT NULL CHECK (specialty IN ('general practice', 'dermatology', 'cardiology', 'paediatrics', 'physiotherapy')),
  hourly_rate_eur DECIMAL(8,2) NOT NULL CHECK (hourly_rate_eur >= 60),
  employed_since DATE NOT NULL
);

CREATE TABLE patients (
  patient_id INTEGER PRIMARY KEY,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  date_of_birth DATE NOT NULL,
  email VARCHAR(120) UNIQUE,
  phone VARCHAR(30) NOT NULL,
  street_address VARCHAR(120) NOT NULL,
  city TEXT NOT NULL,
  postal_code VARCHAR(12) NOT NULL,
  insurance_number VARCHAR(20) NOT NULL UNIQUE,
  family_doctor_id INTEGER REFERENCES practitioners (practitioner_id),
  registered_on DATE NOT NULL
);

CREATE TABLE rooms (
  room_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  floor INTEGER NOT NULL CHECK (floor >= 0),
  has_ultrasound BOOLEAN NOT NULL DEFAULT 0
);

CREATE TABLE treatments (
  treatment_id INTEGER PRIMARY KEY,
  code VARCHAR(10) NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  duration_minutes INTEGER NOT NULL CHECK (duration_minutes > 0),
  price_eur DECIMAL(8,2) NOT NULL CHECK (price_eur >= 0)
);

CREATE TABLE appointments (
  appointment_id INTEGER PRIMARY KEY,
  patient_id INTEGER NOT NULL REFERENCES patients (patient_id),
  practitioner_id INTEGER NOT NULL REFERENCES practitioners (practitioner_id),
  room_id INTEGER REFERENCES rooms (room_id),
  starts_at DATETIME NOT NULL,
  ends_at DATETIME NOT NULL,
  status TEXT NOT NULL DEFAULT 'requested' CHECK (status IN ('requested', 'confirmed', 'completed', 'cancelled', 'no_show')),
  reason VARCHAR(200) NOT NULL,
  CHECK (starts_at < ends_at)
);

CREATE TABLE appointment_status_history (
  history_id INTEGER PRIMARY KEY,
  appointment_id INTEGER NOT NULL REFERENCES appointments (appointment_id),
  old_status TEXT CHECK (old_status IN ('requested', 'confirmed', 'completed', 'cancelled', 'no_show')),
  new_status TEXT NOT NULL CHECK (new_status IN ('requested', 'confirmed', 'completed', 'cancelled', 'no_show')),
  changed_at DATETIME NOT NULL
);

CREATE TABLE supplies (
  supply_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  units_in_stock INTEGER NOT NULL CHECK (units_in_stock >= 0)
);

CREATE TABLE supply_movements (
  movement_id INTEGER PRIMARY KEY,
  supply_id INTEGER NOT NULL REFERENCES supplies (supply_id),
  type TEXT NOT NULL CHECK (type IN ('received', 'used', 'wasted')),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  moved_at DATETIME NOT NULL
);

CREATE TABLE appointment_treatments (
  appointment_id INTEGER NOT NULL REFERENCES appointments (appointment_id),
  treatment_id INTEGER NOT NULL REFERENCES treatments (treatment_id),
  quantity INTEGER NOT NULL DEFAULT 1 CHECK (quantity BETWEEN 1 AND 10),
  PRIMARY KEY (appointment_id, treatment_id)
);

CREATE TABLE prescriptions (
  prescription_id INTEGER PRIMARY KEY,
  patient_id INTEGER NOT NULL REFERENCES patients (patient_id),
  practitioner_id INTEGER NOT NULL REFERENCES practitioners (practitioner_id),
  medicine TEXT NOT NULL,
  dose_mg INTEGER NOT NULL CHECK (dose_mg > 0),
  prescribed_on DATE NOT NULL,
  valid_until DATE NOT NULL,
  refills_left INTEGER NOT NULL DEFAULT 0 CHECK (refills_left >= 0),
  CHECK (prescribed_on <= valid_until)
);

CREATE TABLE invoices (
  invoice_id INTEGER PRIMARY KEY,
  invoice_number VARCHAR(16) NOT NULL UNIQUE,
  patient_id INTEGER NOT NULL REFERENCES patients (patient_id),
  issued_on DATE NOT NULL,
  due_on DATE NOT NULL,
  total_eur DECIMAL(10,2) NOT NULL CHECK (total_eur >= 0),
  status TEXT NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'sent', 'paid', 'overdue', 'cancelled')),
  paid_on DATE,
  CHECK (issued_on <= due_on)
);

-- A patient's next invoice is drafted only once the last one has been sent.
CREATE UNIQUE INDEX one_draft_invoice ON invoices (patient_id) WHERE status = 'draft';

CREATE TABLE invoice_lines (
  line_id INTEGER PRIMARY KEY,
  invoice_id INTEGER NOT NULL REFERENCES invoices (invoice_id),
  treatment_id INTEGER NOT NULL REFERENCES treatments (treatment_id),
  quantity INTEGER NOT NULL DEFAULT 1 CHECK (quantity BETWEEN 1 AND 10),
  unit_price_eur DECIMAL(8,2) NOT NULL CHECK (unit_price_eur >= 0)
);

CREATE TABLE payments (
  payment_id INTEGER PRIMARY KEY,
  invoice_id INTEGER NOT NULL REFERENCES invoices (invoice_id),
  paid_on DATE NOT NULL,
  amount_eur DECIMAL(10,2) NOT NULL CHECK (amount_eur > 0),
  method TEXT NOT NULL CHECK (method IN ('card', 'cash', 'bank transfer'))
);
