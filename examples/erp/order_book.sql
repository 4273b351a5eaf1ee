-- The order book of a firm, as its own people named things. It knows nothing of groupage but four columns at the end.
CREATE TABLE place (
    code       TEXT PRIMARY KEY,             -- W1, K10442
    kind       TEXT NOT NULL,                -- works or customer
    descr      TEXT NOT NULL,
    postcode   TEXT NOT NULL,
    lat        REAL NOT NULL,
    lon        REAL NOT NULL,
    open_from  TEXT,                         -- local wall clock; empty: always open
    open_to    TEXT
);
CREATE TABLE sales_order (
    so_no      INTEGER PRIMARY KEY,
    works      TEXT NOT NULL REFERENCES place(code),
    ship_to    TEXT NOT NULL REFERENCES place(code),
    pal        REAL NOT NULL,                -- pallets
    kg         REAL NOT NULL,
    adr        TEXT,                         -- danger labels, apart by commas
    wanted_on  TEXT NOT NULL,                -- day of delivery, YYYY-MM-DD
    from_hh    TEXT NOT NULL,                -- local wall clock
    to_hh      TEXT NOT NULL,
    gp_order   TEXT,                         -- name at the service, once it is submitted
    gp_state   TEXT,                         -- where it stands there
    gp_changed TEXT,                         -- when that was last changed there, UTC
    gp_refused TEXT                          -- why it was not taken
);
CREATE TABLE delivery (                      -- what the service tells of a shipment
    so_no      INTEGER PRIMARY KEY REFERENCES sales_order(so_no),
    state      TEXT NOT NULL,
    expected   TEXT,                         -- median, UTC
    delivered  TEXT,
    alerts     TEXT NOT NULL
);
