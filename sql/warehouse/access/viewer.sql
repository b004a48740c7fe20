-- viewer: reads reports. Sees every figure and no person: personal columns are hidden or pseudonyms, and tables whose
-- key is personal are not granted.
create role viewer;
grant usage on schema public to role viewer;
