-- Statistics of the columns that queries filter and join by, for tables of which a part has changed.
-- schedule: cron(0 6 * * ? *)
analyze predicate columns;
