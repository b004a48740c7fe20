-- Which person records an identifier ties, both ways round: each to the first one of the identifier, which connects
-- the same records as every pair would. Labels start as persons.
-- Grain: one row per ordered pair (label, neighbour)
-- Reads: person_identifier
with
tied as (
  select distinct person_id, first_person_id from person_identifier where person_id <> first_person_id
),
link as (
  select person_id as label, first_person_id as neighbour from tied
  union all
  select first_person_id as label, person_id as neighbour from tied
)
select * from link
