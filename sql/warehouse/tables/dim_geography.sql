-- Countries and towns: curated.dim_geography of the lake.
-- Grain: one row per country and city (country, city), and the unknown member -1.
-- distribution: all; small, joined by every fact, so each node keeps a copy and no join crosses the network.
-- sort: reports go from the country to its towns.
create table if not exists dim_geography (
    geography_key bigint        not null encode az64,
    country       varchar(2)             encode raw,
    city          varchar(1024) not null encode zstd,
    is_city       boolean       not null encode zstd,
    primary key (geography_key)
)
diststyle all
compound sortkey (country, city);
