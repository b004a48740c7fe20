-- What models say of customers: curated.fact_customer_score of the lake; empty until a model writes it.
-- Grain: one row per customer, score and day (customer_id, score_name, scored_at).
-- distribution: customer_id, as in the other facts; what belongs to one customer joins in place.
-- sort: the latest score of a customer is what is asked for.
create table if not exists fact_customer_score (
    score_key          bigint       not null encode az64,
    date_key           integer      not null encode az64,
    customer_key       bigint       not null encode az64,
    customer_id        varchar(64)  not null encode raw,
    score_name         varchar(64)  not null encode bytedict,
    value_millionths   bigint                encode az64,
    segment            varchar(256)          encode bytedict,
    confidence_percent integer               encode az64,
    model_version      varchar(64)  not null encode bytedict,
    scored_at          timestamp    not null encode az64,
    primary key (score_key),
    foreign key (date_key) references dim_date (date_key),
    foreign key (customer_key) references dim_customer (customer_key)
)
diststyle key distkey (customer_id)
compound sortkey (customer_id, score_name);
