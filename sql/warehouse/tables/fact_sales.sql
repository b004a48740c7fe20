-- What was bought and refunded: curated.fact_sales of the lake; times are UTC, money is in minor units.
-- Grain: one row per transaction line (transaction_id, line_number), at its latest version.
-- distribution: customer_id, as in dim_customer and fact_clickstream; a customer's sales and clicks join in place.
-- sort: reports ask for a period, so blocks outside of it are never read.
create table if not exists fact_sales (
    sales_key          bigint        not null encode az64,
    transaction_id     varchar(512)  not null encode zstd,
    line_number        integer       not null encode az64,
    date_key           integer       not null encode az64,
    customer_key       bigint        not null encode az64,
    product_key        bigint        not null encode az64,
    channel_key        bigint        not null encode az64,
    geography_key      bigint        not null encode az64,
    customer_id        varchar(64)            encode zstd,
    customer_source    varchar(1024)          encode zstd,
    source_customer_id varchar(512)           encode zstd,
    product_id         varchar(512)  not null encode zstd,
    transaction_at     timestamp     not null encode raw,
    is_refund          boolean       not null encode zstd,
    quantity           integer       not null encode az64,
    gross_cents        bigint        not null encode az64,
    discount_cents     bigint        not null encode az64,
    tax_cents          bigint        not null encode az64,
    net_cents          bigint        not null encode az64,
    currency           varchar(3)    not null encode bytedict,
    transaction_month  date          not null encode az64,
    coupon_code        varchar(32)            encode zstd,
    primary key (sales_key),
    foreign key (customer_key) references dim_customer (customer_key),
    foreign key (product_key) references dim_product (product_key),
    foreign key (date_key) references dim_date (date_key),
    foreign key (channel_key) references dim_channel (channel_key),
    foreign key (geography_key) references dim_geography (geography_key)
)
diststyle key distkey (customer_id)
compound sortkey (transaction_at);
