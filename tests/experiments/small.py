"""A small scenario as text files, to be broken one piece at a time."""
# ruff: noqa: E501 (tables are as wide as they are)

from pathlib import Path

SETTINGS = """
name = "small"
start = 2026-03-02
days = 3
time_zone = "Europe/Amsterdam"
"""

TABLES = {
    "sites": """site,kind,name,lat,lon,zone,gln,opens,closes,open_days
F1,factory,"Works, north",51.5,5.4,Z1,9520000000011,06:00,18:00,Mon-Fri
F2,factory,Works south,51.4,5.5,Z1,,,,
H1,hub,Hub,51.45,5.45,Z1,,05:00,20:00,
B1,base,Yard,51.47,5.41,Z1,,,,
K1,client,Client one,51.6,5.6,Z2,,07:00,17:00,Mon-Fri
K2,client,Client two,51.7,5.2,Z3,,,,
""",
    "carriers": """carrier,name,certificates
C1,Carrier one,ADR:2027-05-31;ATP:2028-01-01
""",
    "vehicles": """vehicle,carrier,body,base,count,capacity_pallets,capacity_kg,capacity_m3,fixed_eur,per_km_eur,per_hour_eur
C1-rigid,C1,rigid,B1,2,18,9500,48,118,0.38,28.4
""",
    "hubs": """hub,site,handling_eur_per_pallet,slot_eur,dock_slots_per_hour,cutoff
H1,H1,3.5,10,2,11:00
""",
    "orders": """shipment,owner,origins,destination,pallets,weight_kg,released_at,ready_at,window_open,window_close,due_at,adr_labels
S1,F1,F1,K1,3,900,2026-03-02T04:00,2026-03-02T06:00,2026-03-02T07:00,2026-03-03T17:00,2026-03-02T17:00,
S2,F1,F1;F2,K2,1.5,450,2026-03-02T04:00,2026-03-02T06:00,2026-03-02T07:00,2026-03-04T17:00,,3
S3,F2,F2,K2,2,600,2026-03-03T04:00+01:00,2026-03-03T06:00+01:00,2026-03-03T06:00Z,2026-03-04T17:00+01:00,,
""",
    "demand": """owner,zone,product,day,pallets,promotion
F1,Z2,,2026-02-27,2.5,0
F1,Z2,,2026-03-01,1,1
F1,Z2,,2026-03-03,4,0
F2,Z3,,2026-03-02,2,0
""",
    "tariffs": """tariff,kind,carrier,owner,from_zone,to_zone,up_to_pallets,up_to_kg,price_eur,minimum_eur,vehicle,fixed_eur,per_km_eur,committed_vehicles
G,groupage,C1,,,Z2,2,800,60,50,,,,
G,groupage,C1,,,Z2,33,,400,50,,,,
D,dedicated,,,,,,,,,C1-rigid,130,0.42,
F1-contract,contract,,F1,,,,,,,C1-rigid,125,0.4,1
""",
}


def write_small(folder: Path, settings: str = SETTINGS, **tables: str | None) -> Path:
    """Write the small scenario with some tables replaced, or left out (``None``)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scenario.toml").write_text(settings, encoding="utf-8")
    for name, text in (TABLES | tables).items():
        if text is not None:
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def changed(table: str, old: str, new: str) -> str:
    """Return a table's text with one piece changed."""
    assert old in TABLES[table]
    return TABLES[table].replace(old, new)
