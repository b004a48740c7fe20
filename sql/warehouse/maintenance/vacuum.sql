-- Sort again what loads have appended and free what they have deleted, where Redshift has not done so by itself.
-- schedule: cron(0 8 ? * SUN *)
vacuum full;
