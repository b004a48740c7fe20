-- Products over time (SCD2): curated.dim_product of the lake; times are UTC, money is in minor units.
-- Grain: one row per product and validity (product_id, valid_from), and the unknown member -1.
-- distribution: all; small, joined by every fact, so each node keeps a copy and no join crosses the network.
-- sort: a product's history is read in the order it happened.
create table if not exists dim_product (
    product_key      bigint        not null encode az64,
    product_id       varchar(512)  not null encode raw,
    name             varchar(1024) not null encode zstd,
    category         varchar(1024) not null encode zstd,
    brand            varchar(1024)          encode zstd,
    list_price_cents bigint                 encode az64,
    currency         varchar(3)             encode bytedict,
    is_active        boolean                encode zstd,
    valid_from       timestamp     not null encode az64,
    valid_to         timestamp     not null encode az64,
    is_current       boolean       not null encode zstd,
    primary key (product_key)
)
diststyle all
compound sortkey (product_id, valid_from);
