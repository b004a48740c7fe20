-- What raw → curated would be if somebody wrote it once, for DuckDB alone: the rows our jobs make, as Parquet files.
-- It trusts its input: no JSON Schema, no quarantine, no Unicode forms, nothing that was there before. Phones get a
-- dial code instead of a numbering plan; postal codes stay as written, so that a few customers differ from ours.
create table line as
select record_id, source, contract, payload
from read_json('{raw}/*.jsonl.gz', format = 'newline_delimited', maximum_object_size = 2000000,
  columns = {record_id: 'varchar', source: 'varchar', contract: 'varchar', payload: 'varchar'});

create macro said(x) as nullif(trim(x), '');
create macro url_part(x) as nullif(regexp_extract(x, '^[^?#]*', 0), '');
create macro tidy(x) as trim(regexp_replace(x, '\s+', ' ', 'g'));
create macro key_of(x) as cast('0x' || substring(md5(x), 1, 15) as bigint);
create macro e164(phone, country) as case
  when phone is null or regexp_replace(phone, '[^0-9]', '', 'g') in ('', '0000000', '1') then null
  when starts_with(phone, '+') then '+' || regexp_replace(replace(phone, '(0)', ''), '[^0-9]', '', 'g')
  when starts_with(phone, '00') then '+' || regexp_replace(substring(phone, 3), '[^0-9]', '', 'g')
  else '+' || map {'DE': '49', 'FR': '33', 'GB': '44', 'US': '1', 'AT': '43', 'CH': '41', 'NL': '31', 'IT': '39',
    'ES': '34', 'PL': '48', 'SE': '46', 'BE': '32', 'PT': '351', 'DK': '45', 'IE': '353', 'JP': '81'}[country]
    || regexp_replace(regexp_replace(phone, '[^0-9]', '', 'g'), '^0', '') end;

create table customer as
select source, said(v[1]) as source_customer_id, cast(v[12] as timestamptz) as updated_at,
  record_id, lower(said(v[2])) as email,
  e164(said(v[3]), upper(said(v[4]))) as phone,
  tidy(said(v[5])) as first_name, tidy(said(v[6])) as last_name,
  cast(said(v[7]) as date) as birth_on, tidy(said(v[8])) as street,
  upper(said(v[9])) as postal_code, tidy(said(v[10])) as city,
  upper(said(v[4])) as country,
  cast(said(v[11]) as boolean) as has_marketing_consent,
  cast(v[13] as timestamptz) as created_at
from (
    select record_id, source, payload ->> ['$.customer_id', '$.email', '$.phone', '$.country', '$.first_name',
    '$.last_name', '$.birth_on', '$.street', '$.postal_code', '$.city', '$.has_marketing_consent', '$.updated_at',
    '$.created_at'] as v
  from line where contract = 'customer.v1'
)
qualify row_number() over (partition by source, source_customer_id, updated_at order by record_id) = 1;

create table product as
select said(v[1]) as product_id, cast(v[8] as timestamptz) as updated_at, record_id, source,
  tidy(said(v[2])) as name, lower(tidy(said(v[3]))) as category,
  tidy(said(v[4])) as brand, cast(said(v[5]) as bigint) as price_cents,
  said(v[6]) as currency, cast(said(v[7]) as boolean) as is_active,
  cast(v[9] as timestamptz) as created_at
from (
    select record_id, source, payload ->> ['$.product_id', '$.name', '$.category', '$.brand', '$.price_cents',
    '$.currency', '$.is_active', '$.updated_at', '$.created_at'] as v
  from line where contract = 'product.v1'
)
qualify row_number() over (partition by product_id, updated_at order by record_id) = 1;

create table transaction_line as
select said(v[1]) as transaction_id, cast(said(v[2]) as int) as line_number,
  cast(v[13] as timestamptz) as updated_at, record_id, source,
  said(v[3]) as transaction_type, cast(v[14] as timestamptz) as transaction_at,
  said(v[4]) as customer_source, said(v[5]) as source_customer_id,
  said(v[6]) as product_id, cast(said(v[7]) as int) as quantity,
  cast(said(v[8]) as bigint) as unit_price_cents,
  cast(said(v[9]) as bigint) as discount_cents,
  cast(said(v[10]) as bigint) as tax_cents, said(v[11]) as currency,
  said(v[12]) as channel,
  cast(date_trunc('month', cast(v[14] as timestamptz)) as date) as transaction_month
from (
    select record_id, source, payload ->> ['$.transaction_id', '$.line_number', '$.transaction_type',
    '$.customer_source', '$.customer_id', '$.product_id', '$.quantity', '$.unit_price_cents', '$.discount_cents',
    '$.tax_cents', '$.currency', '$.channel', '$.updated_at', '$.transaction_at'] as v
  from line where contract = 'transaction.v1'
)
qualify row_number() over (partition by transaction_id, line_number, updated_at order by record_id) = 1;

create table event as
with stated as (
  select record_id, source, payload ->> ['$.messageId', '$.type', '$.event', '$.anonymousId', '$.userId',
    '$.timestamp', '$.sentAt', '$.traits.email', '$.context.traits.email', '$.traits.phone', '$.context.page.path',
    '$.properties.path', '$.context.page.url', '$.context.page.referrer', '$.context.device.type',
    '$.context.app.name', '$.context.location.country', '$.context.campaign.name', '$.context.campaign.source',
    '$.context.campaign.medium', '$.properties.product_id', '$.properties.query', '$.properties.order_id',
    '$.properties.quantity', '$.properties.revenue_cents', '$.properties.currency'] as v
  from line where contract = 'clickstream_event.v1'
)
select lower(v[1]) as message_id, record_id, source, v[2] as event_type, trim(v[3]) as event_name,
  lower(v[4]) as anonymous_id, trim(v[5]) as user_id, cast(v[6] as timestamptz) as event_at,
  cast(v[7] as timestamptz) as sent_at, lower(trim(coalesce(v[8], v[9]))) as email, e164(v[10], v[17]) as phone,
  coalesce(url_part(coalesce(v[11], v[12])),
    nullif(regexp_extract(v[13], '^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*(/[^?#]*)', 1), '')) as url_path,
  url_part(v[14]) as referrer, v[15] as device_type, trim(v[16]) as app_name, upper(v[17]) as country,
  trim(v[18]) as campaign_name, trim(v[19]) as campaign_source, trim(v[20]) as campaign_medium,
  trim(v[21]) as product_id, trim(v[22]) as search_query, trim(v[23]) as transaction_id,
  cast(v[24] as int) as quantity, cast(v[25] as bigint) as revenue_cents, v[26] as currency,
  cast(cast(v[6] as timestamptz) as date) as event_on
from stated
qualify row_number() over (partition by message_id order by record_id) = 1;
drop table line;

-- Person records that share an address or a phone, directly or over others, are one customer.
create table record as
select source || ':' || source_customer_id as person_id, source, source_customer_id, email, phone from customer
qualify row_number() over (partition by source, source_customer_id order by updated_at desc, record_id) = 1;
create table contact as
select person_id, kind, identifier, min(person_id) over shared as first_person_id, count(*) over shared as n
from (
  select person_id, 'email' as kind, email as identifier from record
  where not regexp_matches(email, '^(test|info|no-?reply|admin|support|sales|contact|office|service)[0-9]*@')
  union all
  select person_id, 'phone', phone from record where phone is not null
)
window shared as (partition by kind, identifier)
qualify n <= 10;
create table person as
with recursive link as (
  select distinct person_id as a, first_person_id as b from contact where person_id <> first_person_id
), pair as (select a, b from link union all select b, a from link),
label (person_id, first_id) using key (person_id) as (
  select distinct a, a from pair
  union
  select p.a, min(l.first_id) from pair p join label l on l.person_id = p.b
  join recurring.label own on own.person_id = p.a
  group by p.a, own.first_id having min(l.first_id) < own.first_id
)
select r.source, r.source_customer_id, r.person_id,
  'c_' || substring(md5(coalesce(first_id, r.person_id)), 1, 24) as customer_id,
  nullif(concat_ws(',', by_email, by_phone), '') as matched_by
from record r left join label l using (person_id)
left join (
  select person_id, max(kind) filter (kind = 'email') as by_email, max(kind) filter (kind = 'phone') as by_phone
  from contact where n > 1 group by 1
) m using (person_id);

create table login as
select anonymous_id, user_id, count(*) as n, max(event_at) as last_at from event group by all;
create table account as
select person_id, coalesce(customer_id, 'c_' || substring(md5(person_id), 1, 24)) as customer_id,
  customer_id is not null as is_known
from (
  select person_id from person
  union select 'shop:' || user_id from login where user_id is not null
  union select customer_source || ':' || source_customer_id from transaction_line
  where customer_source is not null and source_customer_id is not null
) left join (select person_id, customer_id from person) using (person_id);
create table identifier as
select kind as identifier_type, identifier, customer_id, true as is_known
from contact join person using (person_id) where person_id = first_person_id
union all select 'source_customer_id', person_id, customer_id, is_known from account
union all
select 'anonymous_id', anonymous_id, coalesce(customer_id, 'a_' || substring(md5(anonymous_id), 1, 24)),
  coalesce(is_known, false)
from (
  select anonymous_id, 'shop:' || user_id as person_id from login where anonymous_id is not null
  qualify row_number() over (
    partition by anonymous_id order by case when user_id is null then 0 else n end desc, last_at desc, user_id) = 1
) left join account using (person_id);

create table version as
select p.customer_id, c.*,
  row_number() over (partition by p.customer_id
    order by c.updated_at, c.source desc, c.record_id desc, c.source_customer_id desc) as place,
  row_number() over (partition by c.source, c.source_customer_id order by c.updated_at) as version_number
from customer c join person p using (source, source_customer_id);
create table golden_record as
with best as (
  select customer_id, place, updated_at as changed_at, last_value(email ignore nulls) over so_far as email,
    last_value(phone ignore nulls) over so_far as phone, last_value(first_name ignore nulls) over so_far as first_name,
    last_value(last_name ignore nulls) over so_far as last_name,
    last_value(birth_on ignore nulls) over so_far as birth_on, last_value(street ignore nulls) over so_far as street,
    last_value(postal_code ignore nulls) over so_far as postal_code, last_value(city ignore nulls) over so_far as city,
    last_value(country ignore nulls) over so_far as country,
    last_value(has_marketing_consent ignore nulls) over so_far as has_marketing_consent,
    min(created_at) over so_far as created_at,
    count(*) filter (version_number = 1) over so_far as count_person_records
  from version
  window so_far as (partition by customer_id order by place rows unbounded preceding)
  qualify row_number() over (partition by customer_id, updated_at order by place desc) = 1
), compared as (
  select *, row(email, phone, first_name, last_name, birth_on, street, postal_code, city, country,
    has_marketing_consent, created_at, count_person_records) as v from best
), kept as (
  select * from compared
  window w as (partition by customer_id order by changed_at)
  qualify row_number() over w = 1 or v is distinct from lag(v) over w
)
select * exclude (place, changed_at, v),
  case when row_number() over w = 1 then timestamptz '1900-01-01 00:00:00+00' else changed_at end as valid_from,
  coalesce(lead(changed_at) over w, timestamptz '9999-12-31 00:00:00+00') as valid_to,
  lead(changed_at) over w is null as is_current
from kept window w as (partition by customer_id order by changed_at);
create table golden_record_provenance as
select customer_id, attribute, source, source_customer_id, record_id, updated_at as stated_at
from (
  select customer_id, place, source, source_customer_id, record_id, updated_at,
    unnest(['email', 'phone', 'first_name', 'last_name', 'birth_on', 'street', 'postal_code', 'city', 'country',
      'has_marketing_consent']) as attribute,
    unnest([email, phone, first_name, last_name, cast(birth_on as varchar), street, postal_code, city, country,
      cast(has_marketing_consent as varchar)]) as value
  from version
) where value is not null
qualify row_number() over (partition by customer_id, attribute order by place desc) = 1;

create table dim_customer as
select key_of(customer_id || '|' || epoch_us(valid_from)) as customer_key, * exclude (count_person_records)
from golden_record
union all by name
select -1 as customer_key, 'unknown' as customer_id, timestamptz '1900-01-01 00:00:00+00' as valid_from,
  timestamptz '9999-12-31 00:00:00+00' as valid_to, true as is_current;
create table dim_product as
with kept as (
  select *, row_number() over w = 1 as is_first
  from product
  window w as (partition by product_id order by updated_at)
  qualify is_first or row(name, category, brand, price_cents, currency, is_active)
    is distinct from lag(row(name, category, brand, price_cents, currency, is_active)) over w
), dated as (
  select * exclude (is_first),
    case when is_first then timestamptz '1900-01-01 00:00:00+00' else updated_at end as valid_from
  from kept
)
select key_of(product_id || '|' || epoch_us(valid_from)) as product_key, product_id, name, category, brand,
  price_cents as list_price_cents, currency, is_active, valid_from,
  coalesce(lead(valid_from) over w, timestamptz '9999-12-31 00:00:00+00') as valid_to,
  lead(valid_from) over w is null as is_current
from dated window w as (partition by product_id order by valid_from)
union all by name
select -1 as product_key, 'unknown' as product_id, 'unknown' as name, 'unknown' as category,
  timestamptz '1900-01-01 00:00:00+00' as valid_from, timestamptz '9999-12-31 00:00:00+00' as valid_to,
  true as is_current;
create table dim_date as
select cast(strftime(day, '%Y%m%d') as int) as date_key, cast(day as date) as date_on, year(day) as year,
  quarter(day) as quarter, month(day) as month, cast(date_trunc('month', day) as date) as month_on,
  day(day) as day_of_month, isoyear(day) as iso_year, week(day) as iso_week, isodow(day) as iso_weekday,
  isodow(day) >= 6 as is_weekend
from generate_series(date '2015-01-01', date '2028-12-31', interval 1 day) t (day)
union all by name select -1 as date_key;
create table dim_channel as
select key_of(channel) as channel_key, channel, kind as channel_group, kind = 'online' as is_online
from (values ('web', 'online'), ('mobile_app', 'online'), ('marketplace', 'online'), ('store', 'offline'),
  ('phone', 'offline')) t (channel, kind)
union all select -1, 'unknown', 'unknown', false;

create table fact_sales as
with line as (
  select *, case when transaction_type = 'refund' then -1 else 1 end as sign from transaction_line
  qualify row_number() over (partition by transaction_id, line_number order by updated_at desc, record_id) = 1
)
select key_of(l.transaction_id || '|' || l.line_number) as sales_key, l.transaction_id, l.line_number,
  coalesce(d.date_key, -1) as date_key, coalesce(c.customer_key, -1) as customer_key,
  coalesce(p.product_key, -1) as product_key, coalesce(h.channel_key, -1) as channel_key, b.customer_id,
  l.customer_source, l.source_customer_id, l.product_id, l.transaction_at, sign < 0 as is_refund,
  sign * l.quantity as quantity, sign * l.quantity * unit_price_cents as gross_cents,
  sign * l.discount_cents as discount_cents, sign * l.tax_cents as tax_cents,
  sign * l.quantity * unit_price_cents - sign * l.discount_cents as net_cents, l.currency, l.transaction_month
from line l
left join account b on b.person_id = l.customer_source || ':' || l.source_customer_id
left join dim_customer c on c.customer_id = b.customer_id
  and l.transaction_at >= c.valid_from and l.transaction_at < c.valid_to
left join dim_product p on p.product_id = l.product_id
  and l.transaction_at >= p.valid_from and l.transaction_at < p.valid_to
left join dim_date d on d.date_on = cast(l.transaction_at as date)
left join dim_channel h on h.channel = l.channel;

create table fact_clickstream as
with visit as (
  select *, coalesce(anonymous_id, 'user:' || user_id) as visitor,
    event_at - lag(event_at) over (partition by visitor order by event_at, message_id) as pause
  from event
), numbered as (
  select *, sum(case when pause <= interval 30 minutes then 0 else 1 end) over (
    partition by visitor order by event_at, message_id rows unbounded preceding) as session_number
  from visit
), session as (
  select *, md5(visitor || '|' || epoch_us(min(event_at) over (partition by visitor, session_number))) as session_id,
    row_number() over (partition by visitor, session_number order by event_at, message_id) as session_event_number
  from numbered
)
select key_of(e.message_id) as event_key, e.message_id, coalesce(d.date_key, -1) as date_key,
  coalesce(c.customer_key, -1) as customer_key, coalesce(p.product_key, -1) as product_key,
  coalesce(h.channel_key, -1) as channel_key, coalesce(a.customer_id, v.customer_id) as customer_id,
  e.anonymous_id, e.user_id, e.session_id, e.session_event_number, e.event_at, e.event_type, e.event_name, e.url_path,
  e.referrer, e.device_type, e.country, e.campaign_name, e.campaign_source, e.campaign_medium, e.product_id,
  e.transaction_id, e.quantity, e.revenue_cents, e.currency, e.event_on
from session e
left join account a on a.person_id = 'shop:' || e.user_id
left join identifier v on v.identifier_type = 'anonymous_id' and v.identifier = e.anonymous_id
left join dim_customer c on c.customer_id = coalesce(a.customer_id, v.customer_id)
  and e.event_at >= c.valid_from and e.event_at < c.valid_to
left join dim_product p on p.product_id = e.product_id and e.event_at >= p.valid_from and e.event_at < p.valid_to
left join dim_date d on d.date_on = e.event_on
left join dim_channel h on h.channel = case when e.app_name is null then 'web' else 'mobile_app' end;
