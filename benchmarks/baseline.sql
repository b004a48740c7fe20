-- What raw → curated would be if somebody wrote it once, for DuckDB alone, in one process: the same rows of the same
-- tables as our jobs make on a platform's first day, as Parquet files; scale.py compares every row of every table.
-- It leaves out what one may leave out for one day of good data: no JSON Schema, no quarantine, nothing late, nothing
-- that was there before (no merge, no branches, no steward's decisions), no rules in files, no accounts. Phones get a
-- dial code instead of a numbering plan, postal codes the spellings that occur.
create table line as
select record_id, source, contract, payload
from read_json('{raw}/*.jsonl.gz', format = 'newline_delimited', maximum_object_size = 2000000,
  columns = {record_id: 'varchar', source: 'varchar', contract: 'varchar', payload: 'varchar'});

create macro said(x) as nullif(trim(x), '');
create macro url_part(x) as nullif(regexp_extract(x, '^[^?#]*', 0), '');
create macro tidy(x) as trim(regexp_replace(x, '\s+', ' ', 'g'));
create macro key_of(x) as cast('0x' || substring(md5(x), 1, 15) as bigint);
create macro named(kind, x) as kind || '_' || substring(md5(x), 1, 24);
create macro e164(phone, country) as case
  when phone is null or regexp_replace(phone, '[^0-9]', '', 'g') in ('', '0000000', '1') then null
  when starts_with(phone, '+') then '+' || regexp_replace(replace(phone, '(0)', ''), '[^0-9]', '', 'g')
  when starts_with(phone, '00') then '+' || regexp_replace(substring(phone, 3), '[^0-9]', '', 'g')
  else '+' || map {'DE': '49', 'FR': '33', 'GB': '44', 'US': '1', 'AT': '43', 'CH': '41', 'NL': '31', 'IT': '39',
    'ES': '34', 'PL': '48', 'SE': '46', 'BE': '32', 'PT': '351', 'DK': '45', 'IE': '353', 'JP': '81'}[country]
    || regexp_replace(regexp_replace(phone, '[^0-9]', '', 'g'), '^0', '') end;
create macro spelled(postal_code, country) as case
  when country in ('NL', 'SE') then regexp_replace(replace(postal_code, ' ', ''), '(..)$', ' \1')
  when country = 'GB' then regexp_replace(replace(postal_code, ' ', ''), '(...)$', ' \1') else postal_code end;

create table customer as
select source, said(v[1]) as source_customer_id, cast(v[12] as timestamptz) as updated_at, record_id,
  lower(said(v[2])) as email, e164(said(v[3]), upper(said(v[4]))) as phone, tidy(said(v[5])) as first_name,
  tidy(said(v[6])) as last_name, cast(said(v[7]) as date) as birth_on, tidy(said(v[8])) as street,
  spelled(upper(said(v[9])), upper(said(v[4]))) as postal_code, tidy(said(v[10])) as city,
  upper(said(v[4])) as country, cast(said(v[11]) as boolean) as has_marketing_consent,
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
  tidy(said(v[2])) as name, lower(tidy(said(v[3]))) as category, tidy(said(v[4])) as brand,
  cast(said(v[5]) as bigint) as price_cents, said(v[6]) as currency, cast(said(v[7]) as boolean) as is_active,
  cast(v[9] as timestamptz) as created_at
from (
  select record_id, source, payload ->> ['$.product_id', '$.name', '$.category', '$.brand', '$.price_cents',
    '$.currency', '$.is_active', '$.updated_at', '$.created_at'] as v
  from line where contract = 'product.v1'
)
qualify row_number() over (partition by product_id, updated_at order by record_id) = 1;

create table transaction_line as
select said(v[1]) as transaction_id, cast(said(v[2]) as int) as line_number, cast(v[13] as timestamptz) as updated_at,
  record_id, source, said(v[3]) as transaction_type, cast(v[14] as timestamptz) as transaction_at,
  said(v[4]) as customer_source, said(v[5]) as source_customer_id, said(v[6]) as product_id,
  cast(said(v[7]) as int) as quantity, cast(said(v[8]) as bigint) as unit_price_cents,
  cast(said(v[9]) as bigint) as discount_cents, cast(said(v[10]) as bigint) as tax_cents, said(v[11]) as currency,
  said(v[12]) as channel, cast(date_trunc('month', cast(v[14] as timestamptz)) as date) as transaction_month,
  said(v[15]) as coupon_code
from (
  select record_id, source, payload ->> ['$.transaction_id', '$.line_number', '$.transaction_type',
    '$.customer_source', '$.customer_id', '$.product_id', '$.quantity', '$.unit_price_cents', '$.discount_cents',
    '$.tax_cents', '$.currency', '$.channel', '$.updated_at', '$.transaction_at', '$.coupon_code'] as v
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

create table support_ticket as
select v[1] as ticket_id, cast(v[2] as timestamptz) as updated_at, record_id, source, v[3] as customer_source,
  v[4] as source_customer_id, lower(v[5]) as email, v[6] as channel, v[7] as topic, v[8] as priority, v[9] as status,
  cast(v[10] as timestamptz) as opened_at, cast(v[11] as timestamptz) as first_response_at,
  cast(v[12] as timestamptz) as resolved_at, cast(v[13] as int) as satisfaction_score
from (
  select record_id, source, payload ->> ['$.ticket_id', '$.updated_at', '$.customer_source', '$.customer_id', '$.email',
    '$.channel', '$.topic', '$.priority', '$.status', '$.opened_at', '$.first_response_at', '$.resolved_at',
    '$.satisfaction_score'] as v
  from line where contract = 'support_ticket.v1'
)
qualify row_number() over (partition by ticket_id, updated_at order by record_id) = 1;

create table campaign as
select said(v[1]) as campaign_id, cast(v[2] as timestamptz) as updated_at, record_id, source, tidy(said(v[3])) as name,
  said(v[4]) as channel, cast(said(v[5]) as date) as starts_on, cast(said(v[6]) as date) as ends_on,
  cast(said(v[7]) as bigint) as budget_cents, said(v[8]) as currency
from (
  select record_id, source, payload ->> ['$.campaign_id', '$.updated_at', '$.name', '$.channel', '$.starts_on',
    '$.ends_on', '$.budget_cents', '$.currency'] as v
  from line where contract = 'campaign.v1'
)
qualify row_number() over (partition by campaign_id, updated_at order by record_id) = 1;

create table campaign_contact as
select v[1] as contact_id, record_id, source, v[2] as campaign_id, v[3] as customer_source,
  v[4] as source_customer_id, lower(v[5]) as email, v[6] as channel, v[7] as event_type,
  cast(v[8] as timestamptz) as contacted_at, cast(v[9] as bigint) as cost_cents,
  cast(date_trunc('month', cast(v[8] as timestamptz)) as date) as contact_month
from (
  select record_id, source, payload ->> ['$.contact_id', '$.campaign_id', '$.customer_source', '$.customer_id',
    '$.email', '$.channel', '$.event_type', '$.contacted_at', '$.cost_cents'] as v
  from line where contract = 'campaign_contact.v1'
)
qualify row_number() over (partition by contact_id order by record_id) = 1;

create table consent as
select said(v[1]) as consent_id, record_id, source, said(v[2]) as customer_source, said(v[3]) as source_customer_id,
  lower(said(v[4])) as email, said(v[5]) as purpose, cast(said(v[6]) as boolean) as is_granted,
  cast(v[7] as timestamptz) as occurred_at, tidy(said(v[8])) as proof
from (
  select record_id, source, payload ->> ['$.consent_id', '$.customer_source', '$.customer_id', '$.email', '$.purpose',
    '$.is_granted', '$.occurred_at', '$.proof'] as v
  from line where contract = 'consent.v1'
)
qualify row_number() over (partition by consent_id order by record_id) = 1;
drop table line;

-- Person records that share an address or a phone, directly or over others, are one customer.
create table record as
select source || ':' || source_customer_id as person_id, source, source_customer_id, email, phone,
  min(created_at) over (partition by source, source_customer_id) as known_at
from customer
qualify row_number() over (partition by source, source_customer_id order by updated_at desc, record_id) = 1;
create table contact as
select person_id, kind, identifier, min(person_id) over shared as first_person_id, count(*) over shared as n
from (
  select person_id, 'email' as kind, email as identifier from record
  where not regexp_matches(email, '^((test|tester|testing|example|nobody|noone|none|null|anonymous|asdf|xxx)[0-9]*'
    '|info|no-?reply|do-?not-?reply|postmaster|webmaster|hostmaster|mailer-daemon|abuse|admin|administrator|root'
    '|support|help|helpdesk|sales|contact|office|billing|service|marketing|newsletter)@')
    and email not in ('a@a.com', 'no@email.com')
  union all
  select person_id, 'phone', phone from record
  where not regexp_matches(phone, '^[+]?[0-9]{0,3}(0{6,}|1{6,}|2{6,}|3{6,}|4{6,}|5{6,}|6{6,}|7{6,}|8{6,}|9{6,})$')
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
select r.source, r.source_customer_id,
  named('c', first_value(r.person_id) over (
    partition by coalesce(first_id, r.person_id) order by known_at, r.person_id)) as customer_id,
  nullif(concat_ws(',', by_email, by_phone), '') as matched_by, 'v1' as rule_version, r.person_id
from record r left join label l using (person_id)
left join (
  select person_id, max(kind) filter (kind = 'email') as by_email, max(kind) filter (kind = 'phone') as by_phone
  from contact where n > 1 group by 1
) m using (person_id);

-- A device belongs to who was seen on it most, in its last year; to a customer by an address where nobody logged in.
create table login as
with last_seen as (select anonymous_id, max(event_at) as last_event_at from event group by all)
select e.anonymous_id, e.user_id, count(*) filter (is_counted) as n, max(event_at) filter (is_counted) as last_at
from (
  select e.anonymous_id, e.user_id, e.event_at,
    coalesce(l.last_event_at - e.event_at <= interval 365 days, true) as is_counted
  from event e left join last_seen l using (anonymous_id)
) e
group by all;
create table anchor as
with candidate as (
  select anonymous_id, case when n > 0 then user_id end as user_id, last_at,
    case when user_id is null then 0 else n end as logins
  from login where anonymous_id is not null
)
select anonymous_id, count(user_id) over (partition by anonymous_id) as users,
  case when users <= 5 then 'shop:' || user_id end as person_id
from candidate
qualify row_number() over (partition by anonymous_id order by logins desc, last_at desc, user_id nulls first) = 1;
create table mailbox as
select anonymous_id, email
from event semi join (from anchor where users = 0) using (anonymous_id)
where email is not null
group by anonymous_id, email
qualify count(*) over (partition by anonymous_id) <= 5
  and row_number() over (partition by anonymous_id order by count(*) desc, max(event_at) desc, email) = 1;
create table account as
select person_id, coalesce(customer_id, named('c', person_id)) as customer_id, customer_id is not null as is_known
from (
  select person_id from person
  union select 'shop:' || user_id from login where user_id is not null
  union select customer_source || ':' || source_customer_id from transaction_line
  where customer_source is not null and source_customer_id is not null
) left join (select person_id, customer_id from person) using (person_id);
create table identifier as
with reached as (
  select kind as identifier_type, identifier, customer_id, true as is_known
  from contact join person using (person_id) where person_id = first_person_id
)
select *, 'v1' as rule_version from (
  from reached
  union all select 'source_customer_id', person_id, customer_id, is_known from account
  union all
  select 'anonymous_id', anonymous_id, coalesce(a.customer_id, m.customer_id, named('a', anonymous_id)),
    coalesce(a.is_known, m.is_known, false)
  from anchor
  left join account a using (person_id)
  left join (
    select anonymous_id, customer_id, is_known from mailbox join reached on identifier = email
    where identifier_type = 'email'
  ) m using (anonymous_id)
);
create table identity_log as
select identifier_type, identifier, timestamptz '{run_at}' as changed_at, 'create' as event,
  cast(null as varchar) as previous_customer_id, customer_id, rule_version, '{run_id}' as run_id,
  cast(changed_at as date) as changed_on
from identifier where identifier_type in ('source_customer_id', 'anonymous_id');

-- Of values that contradict each other most person records win, then the CRM, then the last; of others the last.
create table version as
select p.customer_id, c.*,
  row_number() over (partition by p.customer_id
    order by c.updated_at, c.source desc, c.record_id desc, c.source_customer_id desc) as place,
  row_number() over (partition by c.source, c.source_customer_id order by c.updated_at) as version_number
from customer c join person p using (source, source_customer_id);
create table statement as
select * from (
  select customer_id, place, source, source_customer_id, record_id, updated_at,
    unnest(['email', 'phone', 'first_name', 'last_name', 'birth_on', 'street', 'postal_code', 'city', 'country',
      'has_marketing_consent']) as attribute,
    unnest([email, phone, first_name, last_name, cast(birth_on as varchar), street, postal_code, city, country,
      cast(has_marketing_consent as varchar)]) as value
  from version
) where value is not null;
create table contest as
with candidate as (
  select s.*, case source when 'crm' then 2 when 'shop' then 1 else 0 end as trust,
    lead(place) over (partition by customer_id, attribute, source, source_customer_id order by place) as next_place
  from statement s
  semi join (
    select customer_id, attribute from statement group by all having min(value) <> max(value)
  ) using (customer_id, attribute)
), scored as (
  select n.customer_id, n.attribute, n.place, s.value, max(s.place) as winner_place,
    case when n.attribute in ('email', 'first_name', 'last_name', 'birth_on') then count(*) else 0 end as frequent,
    case when n.attribute in ('email', 'first_name', 'last_name', 'birth_on') then max(s.trust) else 0 end as trusted
  from candidate n
  join candidate s on s.customer_id = n.customer_id and s.attribute = n.attribute
    and s.place <= n.place and coalesce(s.next_place, n.place + 1) > n.place
  group by n.customer_id, n.attribute, n.place, s.value
)
select *, lead(winner_place) over best_first as runner_up_place,
  count(*) over (partition by customer_id, attribute, place) as count_values,
  case when count_values = 1 then 'only' when frequent > lead(frequent) over best_first then 'frequent'
    when trusted > lead(trusted) over best_first then 'trusted' else 'recent' end as rule
from scored
window best_first as (partition by customer_id, attribute, place
  order by frequent desc, trusted desc, winner_place desc)
qualify row_number() over best_first = 1;
create table golden_record as
with won as (pivot contest on attribute in ('email', 'phone', 'first_name', 'last_name', 'birth_on', 'street',
  'postal_code', 'city', 'country', 'has_marketing_consent') using max(value) group by customer_id, place
), won_or_stated as (
  select v.customer_id, place, v.updated_at as changed_at, v.created_at, v.version_number,
    coalesce(w.email, v.email) as email, coalesce(w.phone, v.phone) as phone,
    coalesce(w.first_name, v.first_name) as first_name, coalesce(w.last_name, v.last_name) as last_name,
    coalesce(cast(w.birth_on as date), v.birth_on) as birth_on, coalesce(w.street, v.street) as street,
    coalesce(w.postal_code, v.postal_code) as postal_code, coalesce(w.city, v.city) as city,
    coalesce(w.country, v.country) as country,
    coalesce(cast(w.has_marketing_consent as boolean), v.has_marketing_consent) as has_marketing_consent
  from version v left join won w using (customer_id, place)
), best as (
  select customer_id, place, changed_at, last_value(email ignore nulls) over so_far as email,
    last_value(phone ignore nulls) over so_far as phone, last_value(first_name ignore nulls) over so_far as first_name,
    last_value(last_name ignore nulls) over so_far as last_name,
    last_value(birth_on ignore nulls) over so_far as birth_on, last_value(street ignore nulls) over so_far as street,
    last_value(postal_code ignore nulls) over so_far as postal_code, last_value(city ignore nulls) over so_far as city,
    last_value(country ignore nulls) over so_far as country,
    last_value(has_marketing_consent ignore nulls) over so_far as has_marketing_consent,
    min(created_at) over so_far as created_at,
    count(*) filter (version_number = 1) over so_far as count_person_records
  from won_or_stated
  window so_far as (partition by customer_id order by place rows unbounded preceding)
  qualify row_number() over (partition by customer_id, changed_at order by place desc) = 1
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
with last_stated as (
  select customer_id, attribute, max(place) as place from statement group by all
), chosen as (
  select l.customer_id, l.attribute, coalesce(c.winner_place, l.place) as place, coalesce(c.rule, 'only') as rule,
    coalesce(c.count_values, 1) as count_values, c.runner_up_place
  from last_stated l left join contest c using (customer_id, attribute, place)
)
select c.customer_id, c.attribute, w.source, w.source_customer_id, w.record_id, w.updated_at as stated_at, c.rule,
  c.count_values, r.source as runner_up_source, r.source_customer_id as runner_up_source_customer_id,
  r.record_id as runner_up_record_id, 'v1' as survivorship_version
from chosen c
join version w on w.customer_id = c.customer_id and w.place = c.place
left join version r on r.customer_id = c.customer_id and r.place = c.runner_up_place;

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
  ('phone', 'offline'), ('email', 'online'), ('chat', 'online'), ('web_form', 'online'), ('social', 'online'),
  ('sms', 'online'), ('push', 'online'), ('post', 'offline')) t (channel, kind)
union all select -1, 'unknown', 'unknown', false;
create table dim_geography as
select key_of(country || '|' || city) as geography_key, country, city, city <> 'unknown' as is_city
from (
  select country, coalesce(city, 'unknown') as city from golden_record where country is not null
  union select country, 'unknown' from golden_record where country is not null
  union select country, 'unknown' from event where country is not null
)
union all select -1, null, 'unknown', false;
create table dim_campaign as
select key_of(campaign_id) as campaign_key, campaign_id, name, channel, starts_on, ends_on, budget_cents, currency
from campaign
qualify row_number() over (partition by campaign_id order by updated_at desc, record_id) = 1
union all by name
select -1 as campaign_key, 'unknown' as campaign_id, 'unknown' as name, 'unknown' as channel;

create table fact_sales as
with line as (
  select *, case when transaction_type = 'refund' then -1 else 1 end as sign from transaction_line
  qualify row_number() over (partition by transaction_id, line_number order by updated_at desc, record_id) = 1
)
select key_of(l.transaction_id || '|' || l.line_number) as sales_key, l.transaction_id, l.line_number,
  coalesce(d.date_key, -1) as date_key, coalesce(c.customer_key, -1) as customer_key,
  coalesce(p.product_key, -1) as product_key, coalesce(h.channel_key, -1) as channel_key,
  coalesce(g.geography_key, -1) as geography_key, b.customer_id, l.customer_source, l.source_customer_id,
  l.product_id, l.transaction_at, sign < 0 as is_refund, sign * l.quantity as quantity,
  sign * l.quantity * unit_price_cents as gross_cents, sign * l.discount_cents as discount_cents,
  sign * l.tax_cents as tax_cents, sign * l.quantity * unit_price_cents - sign * l.discount_cents as net_cents,
  l.currency, l.transaction_month, l.coupon_code
from line l
left join account b on b.person_id = l.customer_source || ':' || l.source_customer_id
left join dim_customer c on c.customer_id = b.customer_id
  and l.transaction_at >= c.valid_from and l.transaction_at < c.valid_to
left join dim_product p on p.product_id = l.product_id
  and l.transaction_at >= p.valid_from and l.transaction_at < p.valid_to
left join dim_date d on d.date_on = cast(l.transaction_at as date)
left join dim_channel h on h.channel = l.channel
left join dim_geography g on g.country = c.country and g.city = coalesce(c.city, 'unknown');

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
  coalesce(h.channel_key, -1) as channel_key, coalesce(g.geography_key, -1) as geography_key,
  coalesce(a.customer_id, v.customer_id) as customer_id, e.anonymous_id, e.user_id, e.session_id,
  e.session_event_number, e.event_at, e.event_type, e.event_name, e.url_path, e.referrer, e.device_type, e.country,
  e.campaign_name, e.campaign_source, e.campaign_medium, e.product_id, e.transaction_id, e.quantity, e.revenue_cents,
  e.currency, e.event_on
from session e
left join account a on a.person_id = 'shop:' || e.user_id
left join identifier v on v.identifier_type = 'anonymous_id' and v.identifier = e.anonymous_id
left join dim_customer c on c.customer_id = coalesce(a.customer_id, v.customer_id)
  and e.event_at >= c.valid_from and e.event_at < c.valid_to
left join dim_product p on p.product_id = e.product_id and e.event_at >= p.valid_from and e.event_at < p.valid_to
left join dim_date d on d.date_on = e.event_on
left join dim_channel h on h.channel = case when e.app_name is null then 'web' else 'mobile_app' end
left join dim_geography g on g.country = e.country and not g.is_city;
create table fact_session as
with visit as (
  select session_id,
    arg_max(customer_id, session_event_number) filter (customer_id is not null) as customer_id,
    max(anonymous_id) as anonymous_id, max(event_at) as ended_at, count(*) as count_events,
    count(*) filter (event_type in ('page', 'screen')) as count_pages,
    count(*) filter (event_name = 'Product Viewed') as count_products_viewed,
    count(*) filter (event_name = 'Product Added') as count_products_added,
    count(*) filter (event_name = 'Checkout Started') as count_checkouts,
    count(*) filter (event_name = 'Order Completed') as count_orders,
    min(currency) filter (event_name = 'Order Completed') as first_currency,
    max(currency) filter (event_name = 'Order Completed') as last_currency,
    sum(revenue_cents) filter (event_name = 'Order Completed') as order_cents
  from fact_clickstream group by session_id
)
select cast('0x' || substring(s.session_id, 1, 15) as bigint) as session_key, s.session_id, f.date_key,
  coalesce(c.customer_key, -1) as customer_key, f.channel_key, f.geography_key, s.customer_id, s.anonymous_id,
  f.event_at as started_at, s.ended_at, epoch_ms(s.ended_at) - epoch_ms(f.event_at) as duration_ms, s.count_events,
  s.count_pages, s.count_products_viewed, s.count_products_added, s.count_checkouts, s.count_orders,
  case when first_currency = last_currency then order_cents end as revenue_cents,
  case when first_currency = last_currency then last_currency end as currency, f.url_path as landing_path, f.referrer,
  f.device_type, f.campaign_name, f.campaign_source, f.campaign_medium, f.event_on as started_on
from visit s
join fact_clickstream f on f.session_id = s.session_id and f.session_event_number = 1
left join dim_customer c on c.customer_id = s.customer_id and f.event_at >= c.valid_from and f.event_at < c.valid_to;

-- Whom a message, ticket or consent is about: the account it names, else whose address it has.
create table address as select identifier as email, customer_id from identifier where identifier_type = 'email';
create table fact_campaign_contact as
select key_of(e.contact_id) as contact_key, e.contact_id, coalesce(d.date_key, -1) as date_key,
  coalesce(c.customer_key, -1) as customer_key, coalesce(k.campaign_key, -1) as campaign_key,
  coalesce(h.channel_key, -1) as channel_key, coalesce(a.customer_id, m.customer_id) as customer_id, e.event_type,
  e.contacted_at, e.cost_cents, k.currency, e.contact_month
from campaign_contact e
left join account a on a.person_id = e.customer_source || ':' || e.source_customer_id
left join address m on m.email = e.email
left join dim_customer c on c.customer_id = coalesce(a.customer_id, m.customer_id)
  and e.contacted_at >= c.valid_from and e.contacted_at < c.valid_to
left join dim_campaign k on k.campaign_id = e.campaign_id
left join dim_date d on d.date_on = cast(e.contacted_at as date)
left join dim_channel h on h.channel = e.channel;
create table fact_support_ticket as
with ticket as (
  from support_ticket qualify row_number() over (partition by ticket_id order by updated_at desc, record_id) = 1
)
select key_of(t.ticket_id) as ticket_key, t.ticket_id, coalesce(d.date_key, -1) as date_key,
  coalesce(c.customer_key, -1) as customer_key, coalesce(h.channel_key, -1) as channel_key,
  coalesce(a.customer_id, m.customer_id) as customer_id, t.topic, t.priority, t.status, t.opened_at,
  t.first_response_at, t.resolved_at, epoch_ms(t.first_response_at) - epoch_ms(t.opened_at) as first_response_ms,
  epoch_ms(t.resolved_at) - epoch_ms(t.opened_at) as resolution_ms, t.satisfaction_score
from ticket t
left join account a on a.person_id = t.customer_source || ':' || t.source_customer_id
left join address m on m.email = t.email
left join dim_customer c on c.customer_id = coalesce(a.customer_id, m.customer_id)
  and t.opened_at >= c.valid_from and t.opened_at < c.valid_to
left join dim_date d on d.date_on = cast(t.opened_at as date)
left join dim_channel h on h.channel = t.channel;
create table fact_consent as
select key_of(e.consent_id) as consent_key, e.consent_id, coalesce(d.date_key, -1) as date_key,
  coalesce(c.customer_key, -1) as customer_key, coalesce(a.customer_id, m.customer_id) as customer_id, e.purpose,
  e.is_granted, e.occurred_at
from consent e
left join account a on a.person_id = e.customer_source || ':' || e.source_customer_id
left join address m on m.email = e.email
left join dim_customer c on c.customer_id = coalesce(a.customer_id, m.customer_id)
  and e.occurred_at >= c.valid_from and e.occurred_at < c.valid_to
left join dim_date d on d.date_on = cast(e.occurred_at as date);

-- What only led there.
drop table record;
drop table contact;
drop table login;
drop table anchor;
drop table mailbox;
drop table account;
drop table address;
drop table version;
drop table statement;
drop table contest;
