-- What people asked the helpdesk: curated.fact_support_ticket of the lake; times are UTC.
-- Grain: one row per ticket (ticket_id), as last stated.
-- distribution: customer_id, as in the other facts; what belongs to one customer joins in place.
-- sort: reports ask for a period, so blocks outside of it are never read.
create table if not exists fact_support_ticket (
    ticket_key         bigint       not null encode az64,
    ticket_id          varchar(512) not null encode zstd,
    date_key           integer      not null encode az64,
    customer_key       bigint       not null encode az64,
    channel_key        bigint       not null encode az64,
    customer_id        varchar(64)           encode zstd,
    topic              varchar(1024) not null encode zstd,
    priority           varchar(16)  not null encode bytedict,
    status             varchar(16)  not null encode bytedict,
    opened_at          timestamp    not null encode raw,
    first_response_at  timestamp             encode az64,
    resolved_at        timestamp             encode az64,
    first_response_ms  bigint                encode az64,
    resolution_ms      bigint                encode az64,
    satisfaction_score integer               encode az64,
    primary key (ticket_key),
    foreign key (date_key) references dim_date (date_key),
    foreign key (customer_key) references dim_customer (customer_key),
    foreign key (channel_key) references dim_channel (channel_key)
)
diststyle key distkey (customer_id)
compound sortkey (opened_at);
