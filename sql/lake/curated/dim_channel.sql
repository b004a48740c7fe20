-- The channels on which people buy, are served and are addressed: those that the contracts allow.
-- Grain: one row per channel, and -1 for unknown
-- Reads: nothing
with
listed as (
  select * from (
    values ('web', 'online'), ('mobile_app', 'online'), ('marketplace', 'online'), ('store', 'offline'),
      ('phone', 'offline'), ('email', 'online'), ('chat', 'online'), ('web_form', 'online'), ('social', 'online'),
      ('sms', 'online'), ('push', 'online'), ('post', 'offline')
  ) as channel (channel, channel_group)
),
known as (
  select cast(conv(substring(md5(channel), 1, 15), 16, 10) as bigint) as channel_key, channel, channel_group,
    channel_group = 'online' as is_online
  from listed
),
unknown as (
  select -1 as channel_key, 'unknown' as channel, 'unknown' as channel_group, false as is_online
)
select * from known
union all
select * from unknown
