"""Everything that shapes a generated region, in one place, for easy calibration."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field, model_validator


class GeneratorParams(BaseModel):
    """Size, seed and character of a generated region.

    Attributes
    ----------
    orders_per_day
        Mean number of orders released on a planning day, over the year; ``None``: 0.85 per client. The fleet grows
        with it.
    start
        First planning day.
    history_days
        Days of demand history before the first planning day.
    ahead_days
        Days of demand after the last planning day (for promotions known ahead, and for the oracle).
    width_km, height_km
        Size of the region.
    centre_lat, centre_lon
        Its middle, in degrees.
    towns, zones
        Clusters of clients, and tariff zones.
    town_share
        Share of the clients in towns; the others lie scattered.
    town_spread_km
        Standard deviation of a town's clients around its centre.
    suppliers_per_client
        Mean number of factories that a client buys from.
    intermittent_share
        Share of the supplier-client relations that order only now and then.
    pallets_median, pallets_sigma
        Of the lognormal order size.
    full_load_share
        Share of orders that fill a vehicle or nearly so.
    weekday_weights
        Ordering intensity Monday to Sunday, relative to the mean weekday.
    yearly_amplitude
        Of the yearly wave of ordering intensity.
    promotions_per_year, promotion_lift
        Per factory and product; factor on ordering intensity.
    common_shock, factory_shock
        Standard deviations of the daily log-intensity shared by all and own to each factory (autoregressive).
    special_goods_share
        Share of the factories with a second product that is dangerous or chilled.
    urgent_share, patient_share
        Shares of orders due on the day of release, and two working days later; the others are due one day later.
    fleet_slack
        Fleet capacity over the pallets of a mean day.
    contract_share
        Share of the factories, the largest ones, that have a running carrier contract if they fill its vehicles.
    dedicated_margin_percent, contract_margin_percent, groupage_margin_percent
        What prices hold on top of cost.
    groupage_level
        Factor on the groupage price list.
    spot_premium_percent
        What a vehicle's or dock slot's fixed cost is higher when it is asked for on the day and not reserved ahead; the
        prices of hired vehicles with it.
    release_percent
        Part of the fixed cost that an unused reserved vehicle or dock slot is still worth.
    holding_eur_per_pallet_day
        What keeping a pallet a planning day longer costs its owner.
    circuity, speed_kmh
        Of the road network.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    factories: int = Field(default=6, ge=1, le=200)
    hubs: int = Field(default=2, ge=0, le=50)
    carriers: int = Field(default=4, ge=0, le=200)
    clients: int = Field(default=60, ge=1, le=5000)
    days: int = Field(default=20, ge=1, le=366)
    seed: int = Field(default=1, ge=0)
    orders_per_day: float | None = Field(default=None, gt=0, le=5000)
    start: date = Field(default=date(2026, 3, 2), ge=date(1990, 1, 1), le=date(2190, 1, 1))
    history_days: int = Field(default=730, ge=0, le=3650)
    ahead_days: int = Field(default=14, ge=0, le=366)
    width_km: float = Field(default=150.0, gt=0, le=1000)
    height_km: float = Field(default=120.0, gt=0, le=1000)
    centre_lat: float = Field(default=51.55, ge=-60, le=60)
    centre_lon: float = Field(default=5.45, ge=-170, le=170)
    towns: int = Field(default=4, ge=1, le=50)
    zones: int = Field(default=8, ge=1, le=99)
    town_share: float = Field(default=0.75, ge=0, le=1)
    town_spread_km: float = Field(default=6.0, gt=0)
    suppliers_per_client: float = Field(default=2.2, ge=1, le=100)
    intermittent_share: float = Field(default=0.35, ge=0, le=1)
    pallets_median: float = Field(default=2.2, gt=0, le=33)
    pallets_sigma: float = Field(default=0.75, ge=0, le=3)
    full_load_share: float = Field(default=0.02, ge=0, le=1)
    weekday_weights: tuple[float, float, float, float, float, float, float] = (1.15, 1.05, 1.0, 1.0, 0.8, 0.0, 0.0)
    yearly_amplitude: float = Field(default=0.12, ge=0, lt=1)
    promotions_per_year: float = Field(default=5.0, ge=0, le=365)
    promotion_lift: float = Field(default=1.5, ge=1, le=10)
    common_shock: float = Field(default=0.12, ge=0, le=2)
    factory_shock: float = Field(default=0.15, ge=0, le=2)
    special_goods_share: float = Field(default=0.5, ge=0, le=1)
    urgent_share: float = Field(default=0.35, ge=0, le=1)
    patient_share: float = Field(default=0.25, ge=0, le=1)
    fleet_slack: float = Field(default=1.6, gt=0, le=100)
    contract_share: float = Field(default=0.34, ge=0, le=1)
    dedicated_margin_percent: float = Field(default=12.0, ge=0, le=100)
    contract_margin_percent: float = Field(default=8.0, ge=0, le=100)
    groupage_margin_percent: float = Field(default=10.0, ge=0, le=100)
    groupage_level: float = Field(default=1.0, gt=0)
    spot_premium_percent: float = Field(default=0.0, ge=0, le=1000)
    release_percent: float = Field(default=0.0, ge=0, lt=100)
    holding_eur_per_pallet_day: float = Field(default=0.0, ge=0, le=1000)
    circuity: float = Field(default=1.3, ge=1)
    speed_kmh: float = Field(default=50.0, gt=0)

    @model_validator(mode="after")
    def _fits_together(self) -> GeneratorParams:
        if min(self.weekday_weights) < 0 or not sum(self.weekday_weights) > 0:
            raise ValueError(f"weekday_weights are {self.weekday_weights}, expected figures >= 0, not all 0")
        if self.urgent_share + self.patient_share > 1:
            given = f"{self.urgent_share:g} and {self.patient_share:g}"
            raise ValueError(f"urgent_share and patient_share are {given}, expected at most 1 together")
        return self

    @property
    def mean_orders(self) -> float:
        """Mean number of orders on a planning day."""
        return 0.85 * self.clients if self.orders_per_day is None else self.orders_per_day
