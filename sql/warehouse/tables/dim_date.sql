-- The calendar: curated.dim_date of the lake.
-- Grain: one row per day, and the unknown member -1.
-- distribution: all; small, joined by every fact, so each node keeps a copy and no join crosses the network.
-- sort: facts join and reports filter by day.
create table if not exists dim_date (
    date_key     integer not null encode raw,
    date_on      date             encode az64,
    year         integer          encode az64,
    quarter      integer          encode az64,
    month        integer          encode az64,
    month_on     date             encode az64,
    day_of_month integer          encode az64,
    iso_year     integer          encode az64,
    iso_week     integer          encode az64,
    iso_weekday  integer          encode az64,
    is_weekend   boolean          encode zstd,
    primary key (date_key)
)
diststyle all
sortkey (date_key);
