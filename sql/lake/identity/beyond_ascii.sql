-- Texts with letters that the engines do not bring into the same plain form; Python does.
-- Grain: one row per text
-- Reads: described_record
with
stated as (
  select first_name as stated from described_record
  union
  select last_name as stated from described_record
  union
  select street as stated from described_record
  union
  select postal_code as stated from described_record
  union
  select city as stated from described_record
),
beyond_ascii as (
  select stated from stated where regexp_extract(stated, '[^ -~]', 0) <> ''
)
select * from beyond_ascii
